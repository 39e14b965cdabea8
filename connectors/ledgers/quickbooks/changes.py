"""QuickBooks' change feed as changes of our records (pure; qbo.md section 8.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Literal

from connectors.ledgers.quickbooks import echo
from connectors.ledgers.quickbooks.shapes import changed_in
from connectors.protocols import Change

Kind = Literal["customer", "item", "invoice", "credit_note"]

ENTITIES: Mapping[str, Kind] = {
    "Invoice": "invoice",
    "CreditMemo": "credit_note",
    "Customer": "customer",
    "Item": "item",
}
OBJECTS_MAX = 1000
"""More than the feed tells in one answer; it has no second page."""

OVERLAP = timedelta(minutes=5)


def changes_of(payload: Mapping[str, Any], *, home_currency: str) -> tuple[Change, ...]:
    """Every change of an answer, documents first.

    Raises `EchoUnreadable` for amounts that are none, `OutcomeUnknown` for an answer of another shape.
    """
    return tuple(_changes(payload, home_currency))


def _changes(payload: Mapping[str, Any], home_currency: str) -> Iterator[Change]:
    for entity, record in changed_in(payload, tuple(ENTITIES)):
        yield _change(ENTITIES[entity], record, home_currency)


def _change(kind: Kind, record: Mapping[str, Any], home_currency: str) -> Change:
    ledger_id = echo.text_of(record, "Id")
    if echo.text_of(record, "status") == "Deleted":
        return Change(kind, ledger_id, is_there=False)
    net, gross = echo.totals(kind, record, home_currency)
    is_document = kind in ("invoice", "credit_note")
    balance = (
        echo.money(record["Balance"], gross.currency) if gross is not None and "Balance" in record else None
    )
    return Change(
        kind=kind,
        ledger_id=ledger_id,
        version=echo.text_of(record, "SyncToken"),
        lookup=echo.text_of(record, echo.NUMBER_MEMBER[kind]).removesuffix(echo.DELETED_SUFFIX),
        marker=echo.marker_in(kind, record),
        is_live=not (is_document and echo.is_voided(kind, record, gross)),
        is_active=is_document or record.get("Active") is not False,
        customer_id=echo.reference_of(record, "CustomerRef"),
        net=net,
        gross=gross,
        balance=balance if kind == "invoice" else None,
    )
