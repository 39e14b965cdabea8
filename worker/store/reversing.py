"""What a reversal reads and writes: the invoices of a run with their charges, and their credit notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, select

from mappings.canonical.document import Document
from mappings.canonical.money import Money
from worker.billing.reversal import Cycle
from worker.billing.values import BilledCharge, Draft, Exchange
from worker.store import billing, bulk, holds, released_charges
from worker.store.deliveries import DELIVERY
from worker.store.tables import DocumentRow, RunRow, table_of

DOCUMENT = table_of(DocumentRow)
RUN = table_of(RunRow)

_DOCUMENT = msgspec.json.Decoder(Document)


@dataclass(frozen=True, slots=True)
class InRun:
    """One released document of a run; `deliveries` are (id, book, state, whether it may have arrived)."""

    id: str
    ref: str
    kind: str
    issuer: str
    number: str
    group: str
    gross: Money
    as_of: date
    fingerprint: str
    sort_key: str
    content: Document
    deliveries: tuple[tuple[str, str, str, bool], ...]


def run_exists(connection: Connection, run_id: str) -> bool:
    """Whether there was such a bill run; text that is no id was none."""
    try:
        key = str(UUID(run_id))
    except ValueError:
        return False
    return connection.scalar(select(RUN.c.id).where(RUN.c.id == key)) is not None


def documents(connection: Connection, *, run_id: str = "", ids: Collection[str] = ()) -> tuple[InRun, ...]:
    """Released documents of a run, or these, by issuer and number."""
    query = select(DOCUMENT).where(DOCUMENT.c.state == "released")
    query = query.where(DOCUMENT.c.run_id == run_id) if run_id else query.where(DOCUMENT.c.id.in_(tuple(ids)))
    rows = connection.execute(query.order_by(DOCUMENT.c.issuer, DOCUMENT.c.number)).mappings().all()
    ways = _deliveries(connection, [row["id"] for row in rows])
    return tuple(_in_run(row, ways) for row in rows)


def charges_of(
    connection: Connection, document: InRun
) -> tuple[tuple[BilledCharge, ...], Mapping[Cycle, tuple[BilledCharge, ...]]]:
    """A document's own charges, and every released charge of their cycles by revision."""
    exchange = _exchange(document.content)
    own = tuple(_with(one, exchange) for one in released_charges.of_document(connection, document.id))
    wanted = {(one.charge.ref.subscription, one.charge.ref.cycle_start) for one in own}
    by_cycle: defaultdict[Cycle, list[BilledCharge]] = defaultdict(list)
    for one in released_charges.of_subscriptions(connection, {subscription for subscription, _ in wanted}):
        cycle = (one.charge.ref.subscription, one.charge.ref.cycle_start)
        if cycle in wanted:
            by_cycle[cycle].append(one)
    return own, {cycle: tuple(every) for cycle, every in by_cycle.items()}


def unended(connection: Connection, kind: str, ref: str, *, not_in: Collection[str]) -> list[str]:
    """Deliveries of one record that are not ended, outside some books."""
    query = select(DELIVERY.c.id).where(
        DELIVERY.c.kind == kind,
        DELIVERY.c.ref == ref,
        DELIVERY.c.book.not_in(tuple(not_in)),
        DELIVERY.c.state.not_in(("posted", "cancelled")),
    )
    return list(connection.execute(query).scalars())


def add_draft(
    connection: Connection, document: InRun, draft: Draft, *, run_id: str, actor: str, now: datetime
) -> None:
    """Write a credit note as an approved draft; the caller releases it in the same transaction."""
    billing.insert_drafts(connection, [(document.group, draft)], as_of=document.as_of, run_id=run_id)
    (unreleased,) = holds.unreleased(connection, refs=(draft.document.ref,), issuers=None)
    holds.approve(connection, (unreleased,), actor=actor, now=now)


def number_of(connection: Connection, ref: str) -> str:
    """The number of a released document by reference, "" when it is not released."""
    query = select(DOCUMENT.c.number).where(DOCUMENT.c.ref == ref, DOCUMENT.c.state == "released")
    return connection.scalar(query) or ""


def drop_draft(connection: Connection, ref: str) -> str:
    """Take back a credit note that could not be released; returns its checks as they lie in the row."""
    row = connection.execute(
        select(DOCUMENT.c.id, DOCUMENT.c.checks).where(DOCUMENT.c.ref == ref, DOCUMENT.c.state != "released")
    ).first()
    if row is None:
        return ""
    billing.drop_drafts(connection, (row.id,))
    return str(row.checks)


def _deliveries(connection: Connection, ids: Sequence[str]) -> Mapping[str, list[tuple[str, str, str, bool]]]:
    found: defaultdict[str, list[tuple[str, str, str, bool]]] = defaultdict(list)
    columns = ("id", "document_id", "book", "state", "reason", "send_started_at")
    for chunk in bulk.chunks(ids):
        query = select(*(DELIVERY.c[name] for name in columns)).where(DELIVERY.c.document_id.in_(chunk))
        for row in connection.execute(query.order_by(DELIVERY.c.book)):
            unclear = row.state in ("sending", "uncertain") or row.send_started_at is not None
            may_be_there = row.state not in ("posted", "cancelled") and unclear
            found[row.document_id].append((row.id, row.book, row.state, may_be_there))
    return found


def _in_run(row: Any, ways: Mapping[str, list[tuple[str, str, str, bool]]]) -> InRun:
    content = _DOCUMENT.decode(row["body"])
    as_of: date = row["as_of"] or content.service.start
    return InRun(
        id=row["id"], ref=row["ref"], kind=row["kind"], issuer=row["issuer"], number=row["number"],
        group=row["group_code"], gross=Money(row["gross_minor"], row["currency"]),
        as_of=as_of, fingerprint=row["fingerprint"],
        sort_key=row["sort_key"], content=content, deliveries=tuple(ways.get(row["id"], ())),
    )  # fmt: skip


def _exchange(document: Document) -> Exchange | None:
    if document.currency == document.home_currency:
        return None
    return Exchange(document.exchange_rate, document.exchange_rate_on, document.exchange_rate_source)


def _with(one: BilledCharge, exchange: Exchange | None) -> BilledCharge:
    return BilledCharge(one.charge, one.document_ref, one.number, one.document_date, exchange)
