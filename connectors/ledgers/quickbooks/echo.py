"""QuickBooks' JSON as our values (pure): what a create answered, and what a query found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.ledgers.quickbooks.wire import MARKER_PREFIX
from connectors.protocols import Held, Posted, Shipment
from mappings.canonical.money import Money, parse_money
from mappings.canonical.record import RecordKind

_MARKER = re.compile(re.escape(MARKER_PREFIX) + r"([A-Z2-7]{20})\b")

NUMBER_MEMBER: Mapping[RecordKind, str] = {
    "customer": "DisplayName",
    "item": "Name",
    "invoice": "DocNumber",
    "credit_note": "DocNumber",
}
_NOTE_MEMBER: Mapping[RecordKind, str] = {
    "customer": "Notes",
    "item": "Description",
    "invoice": "PrivateNote",
    "credit_note": "PrivateNote",
}
DELETED_SUFFIX = " (deleted)"
"""What QuickBooks adds to the name of a list record that was made inactive (qbo.md section 5)."""


class EchoUnreadable(ValueError):
    """An answer that says success but lacks, or contradicts, what a success must tell."""


def posted(shipment: Shipment, entity: Mapping[str, Any], *, home_currency: str, trace_id: str) -> Posted:
    """What a create answered. Raises `EchoUnreadable` without an id, or for another customer's document.

    The company's currency stands in for a missing `CurrencyRef` (single-currency companies).
    """
    ledger_id = text_of(entity, "Id")
    if not ledger_id:
        raise EchoUnreadable("the answer has no Id")
    customer = reference_of(entity, "CustomerRef")
    if shipment.expect.customer_id and customer and customer != shipment.expect.customer_id:
        raise EchoUnreadable(f"the answer is about customer {customer}, not {shipment.expect.customer_id}")
    net, gross = totals(shipment.kind, entity, home_currency)
    return Posted(
        ledger_id=ledger_id,
        version=text_of(entity, "SyncToken"),
        lookup=text_of(entity, NUMBER_MEMBER[shipment.kind]),
        net=net,
        gross=gross,
        trace_id=trace_id,
    )


def held(shipment: Shipment, entities: Iterable[Mapping[str, Any]], *, home_currency: str) -> Held | None:
    """The record under a shipment's number or name, ours before any other, live before voided."""
    found = [
        _held(shipment, entity, home_currency)
        for entity in entities
        if _is_named(entity, NUMBER_MEMBER[shipment.kind], shipment.lookup)
    ]
    return min(found, key=lambda one: (one.marker != shipment.marker, not one.live), default=None)


def foreign(shipment: Shipment, entities: Iterable[Mapping[str, Any]]) -> Held | None:
    """A vendor or employee that keeps a customer's name from being used (names are shared, qbo.md 5)."""
    for entity in entities:
        if _is_named(entity, "DisplayName", shipment.lookup):
            return Held(
                ledger_id=text_of(entity, "Id"),
                version=text_of(entity, "SyncToken"),
                lookup=text_of(entity, "DisplayName"),
                marker="",
            )
    return None


def highest(prefix: str, numbers: Sequence[str]) -> str:
    """Of numbers that begin with a prefix, the one whose following digits count highest, or ""."""
    tail = re.compile(re.escape(prefix) + r"(\d+)")
    counted = [(int(match[1]), number) for number in numbers if (match := tail.match(number))]
    return max(counted, default=(0, ""))[1]


def marker_in(kind: RecordKind, entity: Mapping[str, Any]) -> str:
    """Any marker of ours in a record's note, or ""."""
    found = _MARKER.findall(text_of(entity, _NOTE_MEMBER[kind]))
    return str(found[0]) if found else ""


def _held(shipment: Shipment, entity: Mapping[str, Any], home_currency: str) -> Held:
    kind = shipment.kind
    note = text_of(entity, _NOTE_MEMBER[kind])
    net, gross = totals(kind, entity, home_currency)
    is_document = kind in ("invoice", "credit_note")
    return Held(
        ledger_id=text_of(entity, "Id"),
        version=text_of(entity, "SyncToken"),
        lookup=text_of(entity, NUMBER_MEMBER[kind]),
        marker=shipment.marker if shipment.marker in _MARKER.findall(note) else "",
        currency="" if kind == "item" else currency_of(entity, home_currency),
        customer_id=reference_of(entity, "CustomerRef"),
        net=net,
        gross=gross,
        lines=_sales_lines(entity) if is_document else 0,
        live=not is_voided(kind, entity, gross) if is_document else entity.get("Active") is not False,
    )


def _is_named(entity: Mapping[str, Any], member: str, wanted: str) -> bool:
    """Whether a record has our name: case does not count there, nor the suffix of an inactive one."""
    name = text_of(entity, member).casefold()
    return name in (wanted.casefold(), (wanted + DELETED_SUFFIX).casefold())


def is_voided(kind: RecordKind, entity: Mapping[str, Any], gross: Money | None) -> bool:
    """A voided document stays at zero with `Voided` in front of its note (qbo.md section 6.4)."""
    return text_of(entity, _NOTE_MEMBER[kind]).lower().startswith("voided") and not gross


def _sales_lines(entity: Mapping[str, Any]) -> int:
    lines = entity.get("Line")
    return sum(
        1
        for line in (lines if isinstance(lines, list) else ())
        if isinstance(line, Mapping) and line.get("DetailType") == "SalesItemLineDetail"
    )


def totals(
    kind: RecordKind, entity: Mapping[str, Any], home_currency: str
) -> tuple[Money | None, Money | None]:
    """Net and gross of a document; net = TotalAmt - TotalTax, because QuickBooks tells no net."""
    if kind not in ("invoice", "credit_note") or "TotalAmt" not in entity:
        return None, None
    currency = currency_of(entity, home_currency)
    detail = entity.get("TxnTaxDetail")
    tax = detail.get("TotalTax") if isinstance(detail, Mapping) else None
    gross = money(entity["TotalAmt"], currency)
    return gross - money(tax or 0, currency), gross


def money(value: object, currency: str) -> Money:
    """An amount of theirs. Raises `EchoUnreadable`."""
    try:
        return parse_money(str(value), currency)
    except (ValueError, InvalidOperation) as problem:
        raise EchoUnreadable(f"{value!r} is not an amount of {currency}") from problem


def currency_of(entity: Mapping[str, Any], home_currency: str) -> str:
    """A record's currency; the company's where the record tells none."""
    return reference_of(entity, "CurrencyRef") or home_currency


def reference_of(entity: Mapping[str, Any], member: str) -> str:
    """The id a reference names, or ""."""
    reference = entity.get(member)
    return text_of(reference, "value") if isinstance(reference, Mapping) else ""


def amount_of(entity: Mapping[str, Any], member: str) -> Decimal:
    """A member as an exact number, 0 when it is absent. Raises `EchoUnreadable`."""
    try:
        return Decimal(str(entity.get(member) or 0))
    except InvalidOperation as problem:
        raise EchoUnreadable(f"{entity.get(member)!r} is not a number") from problem


def text_of(entity: Mapping[str, Any], member: str) -> str:
    """A member as text, "" when it is absent or neither text nor a whole number: a list is no id."""
    value = entity.get(member)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
