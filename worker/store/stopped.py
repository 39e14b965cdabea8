"""Deliveries that stopped: grouped for people by cause, and one by one for a replay plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Connection, Select, func, select

from mappings.canonical.money import Money
from mappings.canonical.record import RecordKind
from worker.delivery.states import State
from worker.store.deliveries import DELIVERY, NEED
from worker.store.tables import DocumentRow, table_of

DOCUMENT = table_of(DocumentRow)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries a plan is about; () and None mean all. `since`: stopped at this instant or later."""

    causes: tuple[str, ...] = ()
    book: str = ""
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ("parked", "blocked")
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """One delivery as a plan freezes it. `dated` is its document's date; `missing` as in the row."""

    id: str
    book: str
    kind: RecordKind
    lookup: str
    state: State
    reason: str
    why: str
    hint: str
    missing: tuple[str, ...]
    revision: int
    changed_at: datetime
    may_have_arrived: bool
    goes_alone: bool
    gross: Money | None
    dated: date | None


@dataclass(frozen=True, slots=True)
class Waiters:
    """What waits for one stopped customer or item: documents and their gross per currency."""

    documents: int
    gross: tuple[Money, ...]


def stopped(connection: Connection, wanted: Wanted, *, limit: int | None = None) -> tuple[Stopped, ...]:
    """Deliveries of a selection, the one that stopped first comes first."""
    query = _selected(wanted).order_by(DELIVERY.c.changed_at, DELIVERY.c.id).limit(limit)
    return tuple(_stopped(row) for row in connection.execute(query).mappings())


def waiters(connection: Connection) -> dict[str, Waiters]:
    """Id of a stopped delivery -> the planned documents that wait for it."""
    needed = DELIVERY.alias("needed")
    query = (
        select(needed.c.id, DELIVERY.c.currency, func.count(), func.sum(DELIVERY.c.gross_minor))
        .select_from(NEED.join(DELIVERY, NEED.c.delivery_id == DELIVERY.c.id))
        .join(needed, NEED.c.needs_id == needed.c.id)
        .where(
            DELIVERY.c.state == "planned",
            DELIVERY.c.document_id.is_not(None),
            needed.c.state.in_(("parked", "blocked", "cancelled")),
        )
        .group_by(needed.c.id, DELIVERY.c.currency)
        .order_by(needed.c.id, DELIVERY.c.currency)
    )
    found: dict[str, Waiters] = {}
    for delivery_id, currency, count, gross in connection.execute(query):
        before = found.get(delivery_id, Waiters(0, ()))
        more = Money(int(gross), currency)
        found[delivery_id] = Waiters(before.documents + int(count), (*before.gross, more))
    return found


def _selected(wanted: Wanted) -> Select[Any]:
    names = ("id", "book", "kind", "lookup", "state", "reason", "why", "hint", "missing", "revision",
             "changed_at", "send_started_at", "goes_alone", "currency", "gross_minor")  # fmt: skip
    query = select(
        *(DELIVERY.c[name] for name in names),
        DELIVERY.c.wire.is_not(None).label("was_sent"),
        DOCUMENT.c.document_date,
    ).join_from(DELIVERY, DOCUMENT, DELIVERY.c.document_id == DOCUMENT.c.id, isouter=True)
    return query.where(*_conditions(wanted))


def _conditions(wanted: Wanted) -> Iterator[Any]:
    if wanted.states:
        yield DELIVERY.c.state.in_(wanted.states)
    if wanted.causes:
        yield DELIVERY.c.reason.in_(wanted.causes)
    if wanted.book:
        yield DELIVERY.c.book == wanted.book
    if wanted.kinds:
        yield DELIVERY.c.kind.in_(wanted.kinds)
    if wanted.since is not None:
        yield DELIVERY.c.changed_at >= wanted.since


def _stopped(row: Any) -> Stopped:
    names = ("id", "book", "kind", "lookup", "state", "reason", "why", "hint", "revision", "changed_at")
    return Stopped(
        **{name: row[name] for name in names},
        missing=tuple(filter(None, row["missing"].split("\n"))),
        may_have_arrived=row["send_started_at"] is not None and bool(row["was_sent"]),
        goes_alone=bool(row["goes_alone"]),
        gross=Money(row["gross_minor"], row["currency"]) if row["currency"] else None,
        dated=cast("date | None", row["document_date"]),
    )
