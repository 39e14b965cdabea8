"""Webhooks as they arrived: each (source, event id) once, whatever the sender repeats."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, func, select, update

from worker.store import bulk
from worker.store.columns import new_id
from worker.store.tables import InboxRow, table_of

INBOX = table_of(InboxRow)
ATTEMPTS_MAX = 8
"""Starts without an end before an event waits for a person: something in it stops us every time (R10)."""

_COLUMNS = (
    "id", "source", "event_id", "body_hash", "body", "received_at", "state", "why", "duplicates", "attempts",
    "next_attempt_at",
)  # fmt: skip

Arrival = Literal["stored", "duplicate", "conflict"]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it waits. States: stored, applied, refused (with `why`), conflict."""

    id: str
    source: str
    event_id: str
    body: bytes
    state: str
    why: str
    attempts: int


@dataclass(frozen=True, slots=True)
class InboxLine:
    """An event in a list: what it is, what became of it, and why."""

    id: str
    source: str
    event_id: str
    received_at: datetime
    state: str
    why: str
    duplicates: int
    attempts: int


def store_event(
    connection: Connection, *, source: str, event_id: str, body: bytes, now: datetime
) -> tuple[Arrival, str]:
    """Keep an event; returns what it was and the id of its row.

    The same id with the same body is a duplicate and counted. With another body it is a conflict: the
    first one stands, and why is written on it.
    """
    digest = hashlib.sha256(body).hexdigest()
    row = (new_id(), source, event_id, digest, body, now, "stored", "", 0, 0, now)
    if bulk.insert_new(connection, INBOX, _COLUMNS, [row], unique=("source", "event_id")):
        return "stored", row[0]
    place = (INBOX.c.source == source, INBOX.c.event_id == event_id)
    known = connection.execute(select(INBOX.c.id, INBOX.c.body_hash).where(*place)).one()
    if known.body_hash == digest:
        connection.execute(update(INBOX).where(*place).values(duplicates=INBOX.c.duplicates + 1))
        return "duplicate", known.id
    why = f"Another body (sha256 {digest[:12]}) arrived under this id at {now:%F %R} UTC; it was not used."
    connection.execute(update(INBOX).where(*place).values(why=why))
    return "conflict", known.id


def waiting(connection: Connection, *, now: datetime, limit: int = 100) -> tuple[str, ...]:
    """Ids of events nobody has applied yet and whose time has come, oldest first."""
    query = (
        select(INBOX.c.id)
        .where(INBOX.c.state == "stored", INBOX.c.next_attempt_at <= now)
        .order_by(INBOX.c.id)
        .limit(limit)
    )
    return tuple(connection.scalars(query))


def lines(connection: Connection, *, states: tuple[str, ...], limit: int) -> tuple[InboxLine, ...]:
    """The newest events of these states (() = all), without their bodies."""
    names = ("id", "source", "event_id", "received_at", "state", "why", "duplicates", "attempts")
    query = select(*(INBOX.c[name] for name in names)).order_by(INBOX.c.id.desc()).limit(limit)
    if states:
        query = query.where(INBOX.c.state.in_(states))
    return tuple(InboxLine(**row) for row in connection.execute(query).mappings())


def count(connection: Connection, state: str) -> int:
    """How many events are in a state."""
    query = select(func.count()).select_from(INBOX).where(INBOX.c.state == state)
    return int(connection.execute(query).scalar_one())


def begin(connection: Connection, row_id: str, *, now: datetime) -> StoredEvent | None:
    """Count a start and put off the next one; None when the id is unknown or nothing is left to do.

    An event that was started too often is refused here, before it can stop this process again.
    """
    row = connection.execute(select(INBOX).where(INBOX.c.id == row_id)).one_or_none()
    if row is None or row.state != "stored":
        return None
    if row.attempts >= ATTEMPTS_MAX:
        finish(
            connection, row_id, state="refused", why=f"Applying it failed {row.attempts} times; see the log."
        )
        return None
    pause = timedelta(seconds=min(10 * 2**row.attempts, 900))
    values = {"attempts": row.attempts + 1, "next_attempt_at": now + pause}
    connection.execute(update(INBOX).where(INBOX.c.id == row_id).values(values))
    return StoredEvent(row.id, row.source, row.event_id, row.body, row.state, row.why, row.attempts + 1)


def finish(
    connection: Connection, row_id: str, *, state: Literal["applied", "refused"], why: str = ""
) -> None:
    """The event is done with. What is written on it about a conflict stays."""
    values = {"state": state, "why": why} if why else {"state": state}
    connection.execute(update(INBOX).where(INBOX.c.id == row_id, INBOX.c.state == "stored").values(values))


def get(connection: Connection, row_id: str) -> StoredEvent | None:
    """An event by the id of its row."""
    row = connection.execute(select(INBOX).where(INBOX.c.id == row_id)).one_or_none()
    if row is None:
        return None
    return StoredEvent(row.id, row.source, row.event_id, row.body, row.state, row.why, row.attempts)
