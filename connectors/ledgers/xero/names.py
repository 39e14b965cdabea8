"""Xero's contacts and items as a list of names to match ours with (pure)."""

from __future__ import annotations

from typing import Literal

from connectors.ledgers.xero import echo
from connectors.ledgers.xero.echo import Entity
from connectors.protocols import HeldName


def held_name(kind: Literal["customer", "item"], entity: Entity, *, home_currency: str) -> HeldName:
    """A contact or item; a contact without a default currency is billed in the base currency."""
    if kind == "item":
        code = echo.text_of(entity, "Code")
        name = echo.text_of(entity, "Name") or code
        return HeldName("item", code, name, is_active=True, marker=echo.marker_in(kind, entity), sku=code)
    email = echo.text_of(entity, "EmailAddress")
    return HeldName(
        kind="customer",
        ledger_id=echo.text_of(entity, "ContactID"),
        name=echo.text_of(entity, "Name"),
        is_active=echo.is_live(entity),
        marker=echo.marker_in(kind, entity),
        currency=echo.text_of(entity, "DefaultCurrency") or home_currency,
        emails=(email,) if email else (),
        tax_id=echo.text_of(entity, "TaxNumber"),
    )
