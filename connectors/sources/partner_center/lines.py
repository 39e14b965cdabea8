"""One record of a reconciliation file as a `ProviderLine`, and the keys that make an import repeatable."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.sources.partner_center.charge_types import known_charge_type
from connectors.sources.partner_center.columns import by_name
from connectors.sources.partner_center.imported import Flag, ProviderLine, Refusal
from connectors.sources.partner_center.records import Place, Taken, take
from mappings.canonical.money import UnknownCurrency, minor_digits
from mappings.identity import fingerprint

_LINE_FIELDS = frozenset(field.name for field in dataclasses.fields(ProviderLine))
_PRICED = frozenset({"nce_lines", "nce_unbilled_lines", "legacy_license_lines", "azure_billing_lines"})


def read_line(
    record: Mapping[str, object], *, kind: str, place: Place, invoice_number: str
) -> ProviderLine | tuple[Refusal, ...]:
    """The line without its key, or every reason why it cannot be read.

    `invoice_number` is what the file's own address says, for kinds whose rows do not name the invoice.
    """
    taken = take(record, by_name(kind), place)
    if not taken.values and not taken.refusals:
        return (place.refuse("", ", ".join(record), f"None of its fields says anything about {kind}."),)
    refusals = (*taken.refusals, *_contradictions(taken, place))
    if refusals:
        return refusals
    flags = (*taken.flags, *_strange(taken, kind, place))
    values = dict(taken.values)
    charge_type = str(values.get("charge_type", ""))
    values["charge_type"] = known_charge_type(charge_type) or charge_type
    values.setdefault("invoice_number", invoice_number)
    shared: dict[str, Any] = {name: value for name, value in values.items() if name in _LINE_FIELDS}
    details = {name: value for name, value in values.items() if name not in _LINE_FIELDS}
    return ProviderLine(row=place.row, kind=kind, details=details, extra=taken.extra, flags=flags, **shared)


def numbered(lines: Iterable[ProviderLine], seen: Counter[str]) -> tuple[ProviderLine, ...]:
    """The lines with their keys. `seen` counts identical lines and goes on over the pages of one import.

    Identical lines do occur in one file, so each further one gets the next ordinal; read again, the same
    file gives the same keys (csp_billing A4).
    """
    keyed = []
    for line in lines:
        facts = _facts(line)
        same = fingerprint(facts)
        keyed.append(
            dataclasses.replace(line, ordinal=seen[same], key=fingerprint(("line", facts, seen[same])))
        )
        seen[same] += 1
    return tuple(keyed)


def _facts(line: ProviderLine) -> tuple[tuple[str, str], ...]:
    """The business facts that tell one line from another, spelled alike for the API and for CSV.

    Instants count by their day: CSV files carry less of them. The facts of A4, plus what the legacy kinds
    have in place of product and SKU.
    """
    own = ("offer_id", "resource_guid", "resource_name", "region", "usage_date", "detail_line_item_id")
    facts: dict[str, object] = {
        "kind": line.kind,
        "invoice": line.invoice_number,
        "order": line.order_id,
        "subscription": line.subscription_id,
        "product": line.product_id,
        "sku": line.sku_id,
        "charge_type": line.charge_type.lower(),
        "ordered": line.order_date,
        "start": line.charge_start,
        "until": line.charge_until,
        "quantity": line.quantity,
        "subtotal": line.subtotal,
        "reservation": line.reservation_order_id,
        **{name: line.details[name] for name in own if name in line.details},
    }
    return tuple((name, _spelled(value)) for name, value in sorted(facts.items()))


def _spelled(value: object) -> str:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return value.date().isoformat()
    return "" if value is None else str(value)


def _contradictions(taken: Taken, place: Place) -> Iterable[Refusal]:
    """What no reading can repair: an end before its start, a currency that does not exist."""
    for start, until in (("charge_start", "charge_until"), ("subscription_start", "subscription_until")):
        first, after = taken.values.get(start), taken.values.get(until)
        if isinstance(first, date) and isinstance(after, date) and after < first:
            yield place.refuse(taken.names[until], after, f"It ends before it starts on {first}.")
    for name in ("currency", "pricing_currency"):
        currency = taken.values.get(name)
        if currency is not None:
            try:
                minor_digits(str(currency))
            except UnknownCurrency as unknown:
                yield place.refuse(taken.names[name], currency, f"{unknown}.")


def _strange(taken: Taken, kind: str, place: Place) -> Iterable[Flag]:
    """What is kept although it is odd."""
    values = taken.values
    if kind in _PRICED:
        charge_type = str(values.get("charge_type", ""))
        if not charge_type:
            yield place.flag("chargeType", "", "The line has no charge type.")
        elif known_charge_type(charge_type) is None:
            name = taken.names["charge_type"]
            yield place.flag(
                name, charge_type, f"{charge_type!r} is not a charge type we know; kept as it is."
            )
        for field, name in (("subtotal", "subtotal"), ("currency", "currency"), ("quantity", "quantity")):
            if field not in values:
                yield place.flag(taken.names.get(field, name), "", f"The line has no {name}.")
        yield from _wrong_total(taken, kind, place)


def _wrong_total(taken: Taken, kind: str, place: Place) -> Iterable[Flag]:
    """Total = subtotal + tax on what is invoiced; rows not invoiced yet often carry 0 (sample README)."""
    if kind == "nce_unbilled_lines":
        return
    net, tax, gross = (taken.values.get(name) for name in ("subtotal", "tax_total", "total"))
    if (
        isinstance(net, Decimal)
        and isinstance(tax, Decimal)
        and isinstance(gross, Decimal)
        and net + tax != gross
    ):
        yield place.flag(
            taken.names["total"], gross, "The total is not the subtotal plus the tax; all three are kept."
        )
