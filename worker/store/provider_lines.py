"""Lines of a provider's reconciliation files, each once under its natural key, and the charges they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import msgspec
from sqlalchemy import Connection, select

from mappings.canonical.period import Period
from mappings.canonical.provider import ProviderCharge
from worker.store import bulk
from worker.store.tables import ProviderLineRow, table_of

LINE = table_of(ProviderLineRow)
_COLUMNS = ("key", "source", "invoice_number", "subscription", "charge_type", "body", "flags")
_CHARGE_TYPE = "chargetype"


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line as it is kept: its own facts as JSON text, with what a person should know of as `flags`."""

    key: str
    source: str
    invoice_number: str
    subscription: str
    charge_type: str
    body: str
    flags: str


@dataclass(frozen=True, slots=True)
class _Flag:
    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class _Body:
    """The part of a line's facts that a charge is made of; the rest is for reconciling."""

    order_date: datetime | None = None
    charge_start: date | None = None
    charge_until: date | None = None
    quantity: Decimal | None = None
    billable_quantity: Decimal | None = None
    subtotal: Decimal | None = None
    currency: str = ""
    unit_price: Decimal | None = None
    effective_unit_price: Decimal | None = None
    pc_to_bc_exchange_rate: Decimal | None = None
    meter_description: str = ""
    reference_id: str = ""
    flags: tuple[_Flag, ...] = ()


_BODY = msgspec.json.Decoder(_Body)


def store_lines(connection: Connection, lines: Iterable[StoredLine]) -> int:
    """Keep the lines that are new; returns how many that were."""
    rows = [
        (one.key, one.source, one.invoice_number, one.subscription, one.charge_type, one.body, one.flags)
        for one in lines
    ]
    return bulk.insert_new(connection, LINE, _COLUMNS, rows, unique=("key",))


def charges_of(connection: Connection, subscriptions: Collection[str]) -> tuple[ProviderCharge, ...]:
    """What the provider invoiced for these subscriptions, by key. Lines not invoiced yet are no charges."""
    found: list[ProviderCharge] = []
    for chunk in bulk.chunks(sorted(subscriptions)):
        query = select(LINE).where(LINE.c.subscription.in_(chunk), LINE.c.invoice_number != "")
        for row in connection.execute(query):
            line = StoredLine(*(getattr(row, name) for name in _COLUMNS))
            charge = as_charge(line)
            if charge is not None:
                found.append(charge)
    return tuple(sorted(found, key=lambda one: one.key))


def invoiced(
    connection: Connection, *, invoice: str = "", begun_in: Period | None = None
) -> tuple[ProviderCharge, ...]:
    """The lines of one of the provider's invoices, or of every invoice whose service begins in a period."""
    query = select(LINE).where(LINE.c.invoice_number != "")
    if invoice:
        query = query.where(LINE.c.invoice_number == invoice)
    found = []
    for row in connection.execute(query.order_by(LINE.c.key)):
        charge = as_charge(StoredLine(*(getattr(row, name) for name in _COLUMNS)))
        if charge is not None and (begun_in is None or charge.service.start in begun_in):
            found.append(charge)
    return tuple(found)


def as_charge(line: StoredLine) -> ProviderCharge | None:
    """A stored line as a charge; None where it lacks its days, amount or currency (flagged at import)."""
    body = _BODY.decode(line.body)
    start, until, net = body.charge_start, body.charge_until, body.subtotal
    if start is None or until is None or net is None or not body.currency:
        return None
    quantity = body.quantity if body.billable_quantity is None else body.billable_quantity
    return ProviderCharge(
        key=line.key,
        subscription=line.subscription,
        invoice=line.invoice_number,
        charge_type=line.charge_type,
        on=body.order_date.date() if body.order_date else start,
        service=Period(start, max(start, until)),
        quantity=Decimal(1) if quantity is None else quantity,
        net=net,
        currency=body.currency,
        unit_price=body.unit_price,
        effective_unit_price=body.effective_unit_price,
        exchange_rate=body.pc_to_bc_exchange_rate or Decimal(1),
        kind="usage" if body.meter_description else "seats",
        reference=body.reference_id,
        flags=tuple(one.sentence for one in body.flags if one.field.lower() == _CHARGE_TYPE),
    )
