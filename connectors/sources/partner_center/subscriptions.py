"""One subscription resource as a `ProviderSubscription`, or every reason why it cannot be read.

Fields: learn.microsoft.com/en-us/partner-center/developer/subscription-resources. All days are UTC days;
`commitmentEndDate` is the last day of the term, so the half-open end is the day after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.sources.partner_center import plans
from connectors.sources.partner_center.cells import CellDamaged, read_cell, shown
from connectors.sources.partner_center.columns import Column
from connectors.sources.partner_center.imported import (
    Flag,
    NextTerm,
    ProviderSubscription,
    RefundOption,
    Refusal,
    SeatBatch,
)
from connectors.sources.partner_center.kinds import self_link
from connectors.sources.partner_center.records import Place, Taken, take

_FIELDS: Mapping[str, tuple[str, str]] = {
    "id": ("id", "text"),
    "customerId": ("tenant", "text"),
    "offerId": ("offer", "text"),
    "offerName": ("offer_name", "text"),
    "friendlyName": ("friendly_name", "text"),
    "entitlementId": ("entitlement", "text"),
    "quantity": ("quantity", "number"),
    "unitType": ("unit_type", "text"),
    "parentSubscriptionId": ("parent", "text"),
    "creationDate": ("created_at", "instant"),
    "effectiveStartDate": ("effective_at", "instant"),
    "commitmentEndDate": ("commitment_until", "last_day"),
    "commitmentEndDateTime": ("commitment_end_at", "instant"),
    "billingCycleEndDate": ("billing_cycle_until", "last_day"),
    "billingCycleEndDateTime": ("billing_cycle_end_at", "instant"),
    "cancellationAllowedUntilDate": ("cancellable_until", "instant"),
    "status": ("status", "text"),
    "autoRenewEnabled": ("auto_renew", "yes_no"),
    "isTrial": ("is_trial", "yes_no"),
    "billingType": ("billing_type", "text"),
    "billingCycle": ("billing_cycle", "text"),
    "termDuration": ("term_given", "text"),
    "renewalTermDuration": ("renewal_term", "text"),
    "contractType": ("contract_type", "text"),
    "partnerId": ("reseller_mpn_id", "text"),
    "promotionId": ("promotion", "text"),
    "migratedFromSubscriptionId": ("migrated_from", "text"),
    "orderId": ("order", "text"),
    "publisherName": ("publisher", "text"),
    "suspensionReasons": ("suspension_reasons", "texts"),
}

_NESTED = frozenset({"producttype", "refundoptions", "refundablequantity", "schedulednextterminstructions"})

_KNOWN_WITHOUT_USE = frozenset(
    {"haspurchasableaddons", "ismicrosoftproduct", "attentionneeded", "actiontaken"}
)
"""Hints for a seller's own pages: kept in `extra`, no reason to flag."""

_COLUMNS: Mapping[str, Column] = {
    wire.lower(): Column(ours, kind, (wire.lower(),))  # type: ignore[arg-type]  # the table above holds CellTypes
    for wire, (ours, kind) in _FIELDS.items()
}

_TENANT = re.compile(r"/customers/(?P<tenant>[0-9A-Za-z-]{1,64})/subscriptions(?:[/?]|$)")
_OFFER = re.compile(r"/offers/(?P<offer>[^/?]{1,100})(?:[/?]|$)")
_STATUSES = frozenset({"active", "suspended", "expired", "deleted", "pending", "none"})
_REQUIRED = (
    ("id", "id"),
    ("quantity", "quantity"),
    ("effective_at", "effectiveStartDate"),
    ("status", "status"),
)


def read_subscription(
    record: Mapping[str, object], *, place: Place
) -> tuple[ProviderSubscription, tuple[Flag, ...]] | tuple[Refusal, ...]:
    """The subscription with what was assumed or odd, or the refusals of its row."""
    plain = {name: value for name, value in record.items() if name.lower() not in _NESTED}
    taken = take(plain, _COLUMNS, place)
    nested, damages = _nested(record, place)
    values: dict[str, Any] = {**taken.values, **nested}
    values.setdefault("tenant", _linked_tenant(record))
    values.setdefault("offer", _linked_offer(record))
    values["status"] = str(values.get("status", "")).lower()
    values["billing_cycle"] = str(values.get("billing_cycle", "")).lower()
    values["billing_type"] = str(values.get("billing_type", "")).lower()
    billed = plans.read_plan(values, place)
    refusals = (*taken.refusals, *damages, *_gaps(taken, values, place))
    if isinstance(billed, Refusal):
        refusals = (*refusals, billed)
    if refusals or isinstance(billed, Refusal):
        return refusals
    values["start"] = values["effective_at"].date()
    values["plan"], values["term"] = billed.plan, billed.term
    values["open_ended"] = billed.plan == "usage" or _ends_never(record)
    flags = (*_kept(taken), *billed.flags, *_odd(values, place))
    return ProviderSubscription(row=place.row, extra=taken.extra, **values), flags


def _gaps(taken: Taken, values: Mapping[str, Any], place: Place) -> Iterator[Refusal]:
    """What a subscription cannot be without, and what contradicts itself."""
    damaged = {refusal.field for refusal in taken.refusals}
    for field, wire in _REQUIRED:
        if not values.get(field) and values.get(field) != 0 and taken.names.get(field, wire) not in damaged:
            yield place.refuse(wire, "", f"A subscription needs {wire}, and the file does not give it.")
    quantity, start, until = (values.get(name) for name in ("quantity", "effective_at", "commitment_until"))
    if isinstance(quantity, Decimal) and quantity < 0:
        yield place.refuse("quantity", quantity, "A quantity cannot be negative.")
    if isinstance(start, datetime) and isinstance(until, date) and until <= start.date():
        sentence = f"The commitment ends before it starts on {start.date()}."
        yield place.refuse(taken.names["commitment_until"], until, sentence)


def _ends_never(record: Mapping[str, object]) -> bool:
    """A commitment end in the year 9999 is the provider's word for "does not end"."""
    ends = next((value for name, value in record.items() if name.lower() == "commitmentenddate"), None)
    return isinstance(ends, str) and ends.strip().startswith("9999")


def _kept(taken: Taken) -> Iterator[Flag]:
    return (flag for flag in taken.flags if flag.field.lower() not in _KNOWN_WITHOUT_USE)


def _odd(values: Mapping[str, Any], place: Place) -> Iterator[Flag]:
    if not values["tenant"]:
        sentence = (
            "The file does not name the Microsoft tenant of the customer; no party can be found for it."
        )
        yield place.flag("links.self.uri", "", sentence)
    if not values["offer"]:
        yield place.flag("offerId", "", "The file does not name the offer; no product can be found for it.")
    status = values["status"]
    if status not in _STATUSES:
        sentence = f"{status!r} is not a status we know: nothing is billed until the provider says another."
        yield place.flag("status", status, sentence)
    elif status in ("pending", "none"):
        yield place.flag("status", status, "It is not active yet: nothing is billed until it is.")
    elif status == "deleted":
        sentence = "The file does not say when it was cancelled: nothing is billed for it from this file."
        yield place.flag("status", status, sentence)


def _linked_tenant(record: Mapping[str, object]) -> str:
    found = _TENANT.search(self_link(record))
    return found["tenant"] if found else ""


def _linked_offer(record: Mapping[str, object]) -> str:
    """Old answers name the offer only by its link."""
    links = record.get("links")
    link = links.get("offer") if isinstance(links, dict) else None
    uri = link.get("uri") if isinstance(link, dict) else None
    found = _OFFER.search(uri) if isinstance(uri, str) else None
    return found["offer"] if found else ""


def _nested(record: Mapping[str, object], place: Place) -> tuple[dict[str, Any], tuple[Refusal, ...]]:
    """The members that are objects or lists, each by its own reader."""
    values: dict[str, Any] = {}
    refusals: list[Refusal] = []
    by_name = {name.lower(): name for name in record}
    attributes = record.get("attributes")
    if isinstance(attributes, dict) and isinstance(attributes.get("etag"), str):
        values["etag"] = attributes["etag"]
    readers = {
        "producttype": _product_type,
        "refundoptions": _refund_options,
        "refundablequantity": _refundable,
        "schedulednextterminstructions": _next_term,
    }
    for lowered, reader in readers.items():
        value = record.get(by_name.get(lowered, ""))
        if value is None:
            continue
        try:
            values.update(reader(value))
        except CellDamaged as damage:
            refusals.append(place.refuse(by_name[lowered], value, f"{shown(value)!r} {damage}."))
    return values, tuple(refusals)


def _product_type(value: object) -> dict[str, Any]:
    return {"product_type": _text(_mapping(value), "id")}


def _refund_options(value: object) -> dict[str, Any]:
    options = (_mapping(option) for option in _sequence(value))
    read = tuple(
        RefundOption(_text(option, "type"), _instant(option, "expiresAt") or _instant(option, "expiresAfter"))
        for option in options
    )
    return {"refund_options": read}


def _refundable(value: object) -> dict[str, Any]:
    refundable = _mapping(value)
    batches = (_mapping(batch) for batch in _sequence(refundable.get("details") or []))
    read = tuple(
        SeatBatch(_number(batch, "quantity") or Decimal(0), _instant(batch, "allowedUntilDateTime"))
        for batch in batches
    )
    return {"refundable_total": _number(refundable, "totalQuantity"), "refundable_batches": read}


def _next_term(value: object) -> dict[str, Any]:
    scheduled = _mapping(value)
    product = _mapping(scheduled.get("product") or {})
    read = NextTerm(
        product_id=_text(product, "productId"),
        sku_id=_text(product, "skuId"),
        availability_id=_text(product, "availabilityId"),
        billing_cycle=_text(product, "billingCycle").lower(),
        term=_text(product, "termDuration"),
        quantity=_number(scheduled, "quantity"),
        custom_end_at=_instant(scheduled, "customTermEndDate"),
    )
    return {"next_term": read}


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise CellDamaged("is not an object")
    return value


def _sequence(value: object) -> list[object]:
    if not isinstance(value, list):
        raise CellDamaged("is not a list")
    return value


def _text(record: Mapping[str, object], name: str) -> str:
    return str(read_cell(record.get(name), "text"))


def _number(record: Mapping[str, object], name: str) -> Decimal | None:
    number = read_cell(record.get(name), "number")
    return number if isinstance(number, Decimal) else None


def _instant(record: Mapping[str, object], name: str) -> datetime | None:
    instant = read_cell(record.get(name), "instant")
    return instant if isinstance(instant, datetime) else None
