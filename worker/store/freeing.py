"""Letting go on what waited for a binding: once the book has an id for it, nobody needs to press.

Protects: a customer or item that a person has linked is never created as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import Connection, select

from mappings.canonical.record import DocumentRecord, Reference, ReferenceKind
from worker.delivery.states import State, replayed
from worker.store import bulk, deliveries, references
from worker.store.book_facts import FACTS
from worker.store.deliveries import DELIVERY, Delivery
from worker.store.tables import DocumentRow, table_of

DOCUMENT = table_of(DocumentRow)

PERIOD_CLOSED = "period_closed"

_BY_A_PERSON = ("workspace", "mapping")
"""Origins of references that a person wrote."""

_TO_POSTED: Mapping[State, tuple[State, ...]] = {
    "planned": ("due", "parked", "posted"),
    "due": ("parked", "posted"),
    "blocked": ("parked", "posted"),
    "parked": ("posted",),
}
"""The edges from where a linked customer may stand to where it then stands."""


@dataclass(frozen=True, slots=True)
class Freed:
    """What a binding let go on: deliveries it had blocked, and customers or items it made unnecessary."""

    due: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    books: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.due or self.adopted)


def free_bound(connection: Connection, *, now: datetime, books: Collection[str] | None = None) -> Freed:
    """Adopt linked customers and items, then make due what had waited for any binding that is there now."""
    adopted = _adopt(connection, books, now)
    deliveries.wake_dependents(connection, [one.id for one in adopted], now=now)
    due = _unblock(connection, books, now)
    return Freed(
        due=tuple(one.lookup for one in due),
        adopted=tuple(one.lookup for one in adopted),
        books=tuple(sorted({one.book for one in (*due, *adopted)})),
    )


def free_reopened(
    connection: Connection, book: str, closed_until: date | None, *, now: datetime
) -> tuple[str, ...]:
    """Let go on what a closed period had blocked and that is dated after it by now; returns the numbers."""
    query = (
        select(DELIVERY.c.id)
        .join(DOCUMENT, DOCUMENT.c.id == DELIVERY.c.document_id)
        .where(DELIVERY.c.book == book, DELIVERY.c.state == "blocked", DELIVERY.c.reason == PERIOD_CLOSED)
    )
    if closed_until is not None:
        query = query.where(DOCUMENT.c.document_date > closed_until)
    freed: list[str] = []
    for chunk in bulk.chunks(connection.execute(query).scalars().all()):
        for delivery in deliveries.get_many(connection, chunk).values():
            state = replayed(delivery.state, may_have_arrived=delivery.send_started_at is not None)
            if deliveries.reopen(connection, delivery, state, now=now):
                freed.append(delivery.lookup)
    return tuple(sorted(freed))


def free_active(
    connection: Connection, book: str, kind: str, codes: Sequence[str], *, reason: str, now: datetime
) -> tuple[str, ...]:
    """Let go on what an inactive customer or item had blocked, and that needs one of these active ones."""
    if not codes:
        return ()
    query = select(DELIVERY.c.id).where(
        DELIVERY.c.book == book, DELIVERY.c.state == "blocked", DELIVERY.c.reason == reason
    )
    freed: list[str] = []
    for chunk in bulk.chunks(connection.execute(query).scalars().all()):
        for delivery in deliveries.get_many(connection, chunk).values():
            if not _uses(delivery, kind, codes):
                continue
            state = replayed(delivery.state, may_have_arrived=delivery.send_started_at is not None)
            if deliveries.reopen(connection, delivery, state, now=now):
                freed.append(delivery.lookup)
    return tuple(sorted(freed))


def _uses(delivery: Delivery, kind: str, codes: Sequence[str]) -> bool:
    record = delivery.record
    if not isinstance(record, DocumentRecord):
        return False
    if kind == "customer":
        return record.customer in codes
    return any(target.item in codes for target in record.targets)


def blocked_by_period(connection: Connection, *, asked_before: datetime) -> tuple[str, ...]:
    """Books that block something for a closed period and were last asked before an instant."""
    query = (
        select(DELIVERY.c.book)
        .join(FACTS, FACTS.c.book == DELIVERY.c.book, isouter=True)
        .where(
            DELIVERY.c.state == "blocked",
            DELIVERY.c.reason == PERIOD_CLOSED,
            FACTS.c.asked_at.is_(None) | (FACTS.c.asked_at < asked_before),
        )
        .distinct()
    )
    return tuple(sorted(connection.execute(query).scalars()))


def still_missing(connection: Connection, wanted: Mapping[str, Collection[str]]) -> Mapping[str, set[str]]:
    """Book -> those of the references ("item M365") that still have no id in it."""
    known = references.bound(connection, wanted.keys())
    return {
        book: {name for name in names if reference_of(name) not in known.get(book, {})}
        for book, names in wanted.items()
    }


def reference_of(name: str) -> Reference:
    """The reference of its printed form."""
    kind, _, code = name.partition(" ")
    return Reference(cast("ReferenceKind", kind), code)


def _unblock(connection: Connection, books: Collection[str] | None, now: datetime) -> list[Delivery]:
    query = select(DELIVERY.c.id, DELIVERY.c.book, DELIVERY.c.missing).where(
        DELIVERY.c.state.in_(("parked", "blocked")), DELIVERY.c.missing != ""
    )
    if books is not None:
        query = query.where(DELIVERY.c.book.in_(tuple(books)))
    rows = connection.execute(query).all()
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        wanted[row.book].update(row.missing.split("\n"))
    missing = still_missing(connection, wanted)
    ready = [row.id for row in rows if not missing[row.book].intersection(row.missing.split("\n"))]
    freed = []
    for chunk in bulk.chunks(ready):
        for delivery in deliveries.get_many(connection, chunk).values():
            state = replayed(delivery.state, may_have_arrived=delivery.send_started_at is not None)
            if deliveries.reopen(connection, delivery, state, now=now):
                freed.append(delivery)
    return freed


def _adopt(connection: Connection, books: Collection[str] | None, now: datetime) -> list[Delivery]:
    reference = references.REFERENCE
    query = (
        select(DELIVERY.c.id, reference.c.ledger_id)
        .join(
            reference,
            (reference.c.book == DELIVERY.c.book)
            & (reference.c.kind == DELIVERY.c.kind)
            & (reference.c.code == DELIVERY.c.ref),
        )
        .where(
            DELIVERY.c.kind.in_(("customer", "item")),
            DELIVERY.c.state.in_(tuple(_TO_POSTED)),
            reference.c.origin.in_(_BY_A_PERSON),
        )
    )
    if books is not None:
        query = query.where(DELIVERY.c.book.in_(tuple(books)))
    linked = {row.id: row.ledger_id for row in connection.execute(query)}
    adopted = []
    for chunk in bulk.chunks(linked):
        for delivery in deliveries.get_many(connection, chunk).values():
            if _walk_to_posted(connection, delivery, linked[delivery.id], now):
                adopted.append(delivery)
    return adopted


def _walk_to_posted(connection: Connection, delivery: Delivery, ledger_id: str, now: datetime) -> bool:
    why = f"Linked by a person to the record {ledger_id} that book {delivery.book} had already."
    for state in _TO_POSTED[delivery.state]:
        known: dict[str, object] = {"ledger_id": ledger_id} if state == "posted" else {}
        moved = deliveries.move(
            connection, delivery, state, now=now, reason="", why=why, hint="", missing="", **known
        )
        if not moved:
            return False
        delivery = deliveries.with_state(delivery, state)
    return True
