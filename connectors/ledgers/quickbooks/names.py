"""QuickBooks' customers and items as a list of names to match ours with (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from connectors.ledgers.quickbooks import echo
from connectors.protocols import HeldName


def held_name(
    kind: Literal["customer", "item"], entity: Mapping[str, Any], *, home_currency: str
) -> HeldName:
    """A customer or item; the name without the suffix of an inactive one."""
    name = echo.text_of(entity, echo.NUMBER_MEMBER[kind]).removesuffix(echo.DELETED_SUFFIX)
    is_customer = kind == "customer"
    return HeldName(
        kind=kind,
        ledger_id=echo.text_of(entity, "Id"),
        name=name,
        is_active=entity.get("Active") is not False,
        marker=echo.marker_in(kind, entity),
        currency=echo.currency_of(entity, home_currency) if is_customer else "",
        emails=_emails(entity) if is_customer else (),
        tax_id=_readable_tax_id(entity) if is_customer else "",
        sku="" if is_customer else echo.text_of(entity, "Sku"),
    )


def _emails(entity: Mapping[str, Any]) -> tuple[str, ...]:
    """QuickBooks keeps several addresses in one field, parted by commas."""
    held = entity.get("PrimaryEmailAddr")
    told = echo.text_of(held, "Address") if isinstance(held, Mapping) else ""
    return tuple(one.strip() for one in told.split(",") if one.strip())


def _readable_tax_id(entity: Mapping[str, Any]) -> str:
    """The tax id, unless it is masked on reading, which QuickBooks mostly does (qbo.md section 5)."""
    told = echo.text_of(entity, "PrimaryTaxIdentifier")
    return "" if any(sign in told for sign in "X*x") else told
