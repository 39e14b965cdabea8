"""What a monitoring system asks for every few seconds: counts and ages, read from the rows as they are.

Protects: a scrape of a large installation stays cheap. Counts of deliveries come from the lane's index alone;
rows themselves are read only where work is open, which is a small part of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from worker.store import overview, tokens
from worker.store.overview import LaneFacts
from worker.store.tables import DeliveryRow, DifferenceRow, DocumentRow, ExternalReference, InboxRow, table_of
from worker.store.tokens import TokenLife

DELIVERY = table_of(DeliveryRow)
DIFFERENCE = table_of(DifferenceRow)
DOCUMENT = table_of(DocumentRow)
INBOX = table_of(InboxRow)
REFERENCE = table_of(ExternalReference)

_OPEN = ("planned", "sending", "uncertain", "blocked", "parked")
"""Open states whose age counts from their last change; `due` counts from when it could have been sent."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are in one place (a book or issuer) in one state, and since when the oldest is so."""

    place: str
    state: str
    count: int
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """One consistent picture. `posted` counts each book's documents that carry a ledger id."""

    deliveries: tuple[Count, ...]
    ages: tuple[Count, ...]
    posted: tuple[Count, ...]
    unreleased: tuple[Count, ...]
    inbox: tuple[Count, ...]
    differences: tuple[Count, ...]
    lanes: tuple[LaneFacts, ...]
    tokens: tuple[TokenLife, ...]


def figures(connection: Connection) -> Figures:
    """Everything that is counted."""
    return Figures(
        deliveries=_deliveries(connection),
        ages=_ages(connection),
        posted=_posted(connection),
        unreleased=_unreleased(connection),
        inbox=_inbox(connection),
        differences=_differences(connection),
        lanes=overview.lanes(connection),
        tokens=tokens.lives(connection),
    )


def _deliveries(connection: Connection) -> tuple[Count, ...]:
    keys = (DELIVERY.c.book, DELIVERY.c.state)
    return _counts(connection.execute(select(*keys, func.count()).group_by(*keys).order_by(*keys)).all())


def _ages(connection: Connection) -> tuple[Count, ...]:
    keys = (DELIVERY.c.book, DELIVERY.c.state)
    changed = (
        select(*keys, func.count(), func.min(DELIVERY.c.changed_at))
        .where(DELIVERY.c.state.in_(_OPEN))
        .group_by(*keys)
    )
    due = (
        select(*keys, func.count(), func.min(DELIVERY.c.next_attempt_at))
        .where(DELIVERY.c.state == "due")
        .group_by(*keys)
    )
    return _counts([*connection.execute(changed).all(), *connection.execute(due).all()])


def _posted(connection: Connection) -> tuple[Count, ...]:
    query = (
        select(REFERENCE.c.book, func.count())
        .where(REFERENCE.c.kind.in_(("invoice", "credit_note")))
        .group_by(REFERENCE.c.book)
    )
    return tuple(Count(book, "posted", count) for book, count in connection.execute(query))


def _unreleased(connection: Connection) -> tuple[Count, ...]:
    keys = (DOCUMENT.c.issuer, DOCUMENT.c.state)
    query = select(*keys, func.count()).where(DOCUMENT.c.state.in_(("draft", "held"))).group_by(*keys)
    return _counts(connection.execute(query.order_by(*keys)).all())


def _inbox(connection: Connection) -> tuple[Count, ...]:
    counted = select(INBOX.c.state, func.count()).group_by(INBOX.c.state)
    oldest = connection.execute(
        select(func.min(INBOX.c.received_at)).where(INBOX.c.state == "stored")
    ).scalar_one()
    return tuple(
        Count("", state, count, oldest if state == "stored" else None)
        for state, count in connection.execute(counted.order_by(INBOX.c.state))
    )


def _differences(connection: Connection) -> tuple[Count, ...]:
    keys = (DIFFERENCE.c.book, DIFFERENCE.c.reason)
    query = select(*keys, func.count()).where(DIFFERENCE.c.state == "open").group_by(*keys).order_by(*keys)
    return _counts(connection.execute(query).all())


def _counts(rows: Sequence[Sequence[object]]) -> tuple[Count, ...]:
    return tuple(Count(*row) for row in rows)  # type: ignore[arg-type]  # the columns of Count, in order
