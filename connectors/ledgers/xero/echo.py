"""Xero's JSON as our values (pure): what a create answered, and what a read found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.ledgers.xero.wire import ENDPOINTS, MARKER_PREFIX, TYPES, contact_number
from connectors.protocols import Held, Posted, Shipment
from mappings.canonical.money import Money, parse_money
from mappings.canonical.record import RecordKind

Entity = Mapping[str, Any]

_MARKER = re.compile(re.escape(MARKER_PREFIX) + r"([A-Z2-7]{20})\b")
_MS_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_MARKED: Mapping[RecordKind, tuple[str, ...]] = {
    "customer": ("ContactNumber",),
    "item": ("PurchaseDescription",),
    "invoice": ("Reference", "Url"),
    "credit_note": ("Reference",),
}
DOCUMENTS: tuple[RecordKind, ...] = ("invoice", "credit_note")
_DEAD = ("VOIDED", "DELETED")


class EchoUnreadable(ValueError):
    """An answer that says success but lacks, or contradicts, what a success must tell."""


def posted(shipment: Shipment, entity: Entity, *, trace_id: str) -> Posted:
    """What a create answered. Raises `EchoUnreadable` without an id, or for another contact's document."""
    endpoint = ENDPOINTS[shipment.kind]
    ledger_id = text_of(entity, endpoint.id)
    if not ledger_id:
        raise EchoUnreadable(f"the answer has no {endpoint.id}")
    contact = contact_of(entity)
    if shipment.expect.customer_id and contact and contact != shipment.expect.customer_id:
        raise EchoUnreadable(f"the answer is about contact {contact}, not {shipment.expect.customer_id}")
    net, gross = totals(shipment.kind, entity)
    return Posted(
        ledger_id=ledger_id,
        version=version_of(entity),
        lookup=text_of(entity, endpoint.lookup),
        net=net,
        gross=gross,
        trace_id=trace_id,
    )


def held(shipment: Shipment, entities: Iterable[Entity]) -> Held | None:
    """The record under a shipment's number, name or key, ours before any other, live before dead."""
    found = [_held(shipment, entity) for entity in entities if _is_wanted(shipment, entity)]
    return min(found, key=lambda one: (one.marker != shipment.marker, not one.live), default=None)


def highest(prefix: str, numbers: Sequence[str]) -> str:
    """Of numbers that begin with a prefix, the one whose following digits count highest, or ""."""
    tail = re.compile(re.escape(prefix) + r"(\d+)")
    counted = [(int(match[1]), number) for number in numbers if (match := tail.match(number))]
    return max(counted, default=(0, ""))[1]


def marker_in(kind: RecordKind, entity: Entity) -> str:
    """Any marker of ours in a record, or ""."""
    found = _markers(kind, entity)
    return found[0] if found else ""


def _markers(kind: RecordKind, entity: Entity) -> list[str]:
    return _MARKER.findall(" ".join(text_of(entity, member) for member in _MARKED[kind]))


def _is_wanted(shipment: Shipment, entity: Entity) -> bool:
    """Whether a record has our number or name (case does not count there), or is our contact, renamed."""
    kind = shipment.kind
    if kind == "customer" and text_of(entity, "ContactNumber") == contact_number(shipment.marker):
        return True
    if kind in DOCUMENTS and text_of(entity, "Type") != TYPES[kind]:
        return False  # a supplier's bill may carry any number
    return text_of(entity, ENDPOINTS[kind].lookup).casefold() == shipment.lookup.casefold()


def _held(shipment: Shipment, entity: Entity) -> Held:
    kind = shipment.kind
    net, gross = totals(kind, entity)
    is_document = kind in DOCUMENTS
    return Held(
        ledger_id=text_of(entity, ENDPOINTS[kind].id),
        version=version_of(entity),
        lookup=text_of(entity, ENDPOINTS[kind].lookup),
        marker=shipment.marker if shipment.marker in _markers(kind, entity) else "",
        currency=text_of(entity, "CurrencyCode" if is_document else "DefaultCurrency"),
        customer_id=contact_of(entity),
        net=net,
        gross=gross,
        lines=_amount_lines(entity) if is_document else 0,
        live=is_live(entity),
    )


def is_live(entity: Entity) -> bool:
    """Whether a record counts: neither voided nor deleted, nor an archived contact."""
    return text_of(entity, "Status") not in _DEAD and text_of(entity, "ContactStatus") in ("", "ACTIVE")


def _amount_lines(entity: Entity) -> int:
    """Lines that carry an amount; a line of text alone names no account."""
    lines = entity.get("LineItems")
    return sum(
        1
        for line in (lines if isinstance(lines, list) else ())
        if isinstance(line, Mapping) and line.get("AccountCode")
    )


def totals(kind: RecordKind, entity: Entity) -> tuple[Money | None, Money | None]:
    """Net and gross of a document. Raises `EchoUnreadable` for amounts that are none."""
    currency = text_of(entity, "CurrencyCode")
    if kind not in DOCUMENTS or "Total" not in entity or not currency:
        return None, None
    gross = money(entity["Total"], currency)
    return gross - money(entity.get("TotalTax") or 0, currency), gross


def money(value: object, currency: str) -> Money:
    """An amount of theirs. Raises `EchoUnreadable`."""
    try:
        return parse_money(str(value), currency)
    except (ValueError, InvalidOperation) as problem:
        raise EchoUnreadable(f"{value!r} is not an amount of {currency}") from problem


def amount_of(entity: Entity, member: str) -> Decimal:
    """A member as an exact number, 0 when it is absent. Raises `EchoUnreadable`."""
    try:
        return Decimal(str(entity.get(member) or 0))
    except InvalidOperation as problem:
        raise EchoUnreadable(f"{entity.get(member)!r} is not a number") from problem


def contact_of(entity: Entity) -> str:
    """The id of a document's contact, or ""."""
    contact = entity.get("Contact")
    return text_of(contact, "ContactID") if isinstance(contact, Mapping) else ""


def version_of(entity: Entity) -> str:
    """Xero has no version numbers: the instant of the last change stands in, in milliseconds."""
    found = _MS_DATE.search(text_of(entity, "UpdatedDateUTC"))
    return found[1] if found else ""


def day_of(told: object) -> date | None:
    """A date of theirs, `/Date(milliseconds)/` or ISO, or None."""
    text = str(told or "")
    found = _MS_DATE.search(text)
    if found:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(found[1]))).date()
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def text_of(entity: Entity, member: str) -> str:
    """A member as text, "" when it is absent."""
    value = entity.get(member)
    return "" if value is None or isinstance(value, Decimal) else str(value)
