"""Charges of released documents, as reports and reconciliations read them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

import msgspec
from sqlalchemy import Connection, select

from mappings.canonical.period import Period
from mappings.canonical.subscription import Subscription
from worker.billing.values import BilledCharge, Charge
from worker.store import bulk
from worker.store.tables import ChargeRow, DocumentRow, SubscriptionRow, table_of

CHARGE = table_of(ChargeRow)
DOCUMENT = table_of(DocumentRow)
SUBSCRIPTION = table_of(SubscriptionRow)

_CHARGE = msgspec.json.Decoder(Charge)
_SUBSCRIPTION = msgspec.json.Decoder(Subscription)
_COLUMNS = (CHARGE.c.body, DOCUMENT.c.ref, DOCUMENT.c.number, DOCUMENT.c.document_date)
_JOINED = (
    select(*_COLUMNS)
    .join(DOCUMENT, DOCUMENT.c.id == CHARGE.c.document_id)
    .where(DOCUMENT.c.state == "released")
    .order_by(CHARGE.c.subscription, CHARGE.c.cycle_start, CHARGE.c.revision)
)


def since(connection: Connection, first_cycle: date, *, before: date) -> Iterator[BilledCharge]:
    """Every charge of a cycle that began in the days [first_cycle, before), one by one."""
    query = _JOINED.where(CHARGE.c.cycle_start >= first_cycle, CHARGE.c.cycle_start < before)
    for row in connection.execute(query.execution_options(yield_per=2000)):
        yield _billed(*row)


def of_subscriptions(connection: Connection, codes: Collection[str]) -> Iterator[BilledCharge]:
    """Every charge of these subscriptions."""
    for chunk in bulk.chunks(sorted(codes)):
        for row in connection.execute(_JOINED.where(CHARGE.c.subscription.in_(chunk))):
            yield _billed(*row)


def of_source(connection: Connection, source: str, begun_in: Period) -> Iterator[BilledCharge]:
    """The charges of cycles that began in a period, of subscriptions that a source told us of."""
    told = select(SUBSCRIPTION.c.code).where(SUBSCRIPTION.c.source == source)
    query = _JOINED.where(
        CHARGE.c.subscription.in_(told),
        CHARGE.c.cycle_start >= begun_in.start,
        CHARGE.c.cycle_start < begun_in.until,
    )
    for row in connection.execute(query):
        yield _billed(*row)


def of_document(connection: Connection, document_id: str) -> Iterator[BilledCharge]:
    """The charges of one document, released or not."""
    query = (
        select(*_COLUMNS)
        .join(DOCUMENT, DOCUMENT.c.id == CHARGE.c.document_id)
        .where(DOCUMENT.c.id == document_id)
        .order_by(CHARGE.c.subscription, CHARGE.c.cycle_start, CHARGE.c.revision)
    )
    for row in connection.execute(query):
        yield _billed(*row)


def holders(connection: Connection, codes: Collection[str]) -> Mapping[str, Subscription]:
    """Subscription code -> the subscription, for those we know."""
    found: dict[str, Subscription] = {}
    for chunk in bulk.chunks(sorted(codes)):
        query = select(SUBSCRIPTION.c.code, SUBSCRIPTION.c.body).where(SUBSCRIPTION.c.code.in_(chunk))
        found |= {row.code: _SUBSCRIPTION.decode(row.body) for row in connection.execute(query)}
    return found


def _billed(body: str, ref: str, number: str | None, day: date | None) -> BilledCharge:
    charge = _CHARGE.decode(body)
    return BilledCharge(charge, ref, number or "", day or charge.service.start)
