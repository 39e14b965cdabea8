"""Lanes: one row per book with the lease of the one worker that may send, and the pacing state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection, Update, select, text, update
from sqlalchemy.engine import RowMapping

from mappings.identity import canonical_json
from worker.delivery.consequence import Consequence
from worker.delivery.pacing import Pacing
from worker.store.engine import Store
from worker.store.tables import LaneRow, table_of

LANE = table_of(LaneRow)

LEASE = timedelta(seconds=12)
HEARTBEAT = timedelta(seconds=3)
SEND_MARGIN = timedelta(seconds=6)
"""A write-ahead commits only with at least this much of the lease left (design section 7)."""

_MONTH = timedelta(days=29)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane as its holder sees it; with `verify_since` the book is read before anything is created (R12)."""

    book: str
    holder: str
    epoch: int
    lease_until: datetime
    pause_reason: str
    pause_why: str
    not_before: datetime
    failures: int
    pacing: Pacing
    verify_since: datetime | None = None


def ensure(connection: Connection, books: Iterable[str]) -> None:
    """Create the lane rows of new books."""
    known = set(connection.execute(select(LANE.c.book)).scalars())
    new = [
        {"book": book, "lease_until": _LONG_AGO, "not_before": _LONG_AGO, "slot_at": _LONG_AGO}
        for book in books
        if book not in known
    ]
    if new:
        connection.execute(LANE.insert(), new)


def take(connection: Connection, book: str, *, holder: str, now: datetime) -> Lane | None:
    """Take the lane if nobody's lease holds it: a new epoch begins. None = somebody else sends."""
    taken = connection.execute(
        update(LANE)
        .where(LANE.c.book == book, LANE.c.lease_until <= now)
        .values(holder=holder, epoch=LANE.c.epoch + 1, lease_until=now + LEASE)
    )
    return get(connection, book) if taken.rowcount == 1 else None


def renew(connection: Connection, lane: Lane, *, now: datetime) -> bool:
    """Prolong my lease; False when the lane has another epoch by now (I must stop)."""
    renewed = connection.execute(_mine(lane).values(lease_until=now + LEASE))
    return renewed.rowcount == 1


def release(connection: Connection, lane: Lane, *, slot_at: datetime | None = None) -> None:
    """Give the lane back, if it is still mine; `slot_at`: what it waits for is its next slot."""
    connection.execute(_mine(lane).values(lease_until=_LONG_AGO, holder="", slot_at=slot_at or _LONG_AGO))


def lock_mine(connection: Connection, lane: Lane, *, now: datetime, margin: timedelta) -> Lane | None:
    """Lock the lane's row: as it stands while mine with `margin` of the lease left at least, else None."""
    query = select(LANE).where(LANE.c.book == lane.book).with_for_update()
    row = connection.execute(query).mappings().first()
    current = None if row is None else _lane(row)
    is_mine = current is not None and current.epoch == lane.epoch and current.lease_until - now >= margin
    return current if is_mine else None


def save_consequence(connection: Connection, lane: Lane, after: Consequence) -> None:
    """Store what the outcomes of a call mean for my lane as a whole."""
    connection.execute(
        _mine(lane).values(
            pause_reason=after.pause_reason,
            pause_why=after.pause_why,
            not_before=max(lane.not_before, after.not_before or lane.not_before),
            failures=after.failures,
            pacing=canonical_json(after.pacing).decode(),
            throttled=LANE.c.throttled + int(after.was_throttled),
        )
    )


def save_pacing(connection: Connection, lane: Lane, pacing: Pacing) -> None:
    """Store when my lane's calls really left."""
    connection.execute(_mine(lane).values(pacing=canonical_json(pacing).decode()))


def count_call(connection: Connection, lane: Lane, pacing: Pacing, *, is_batch: bool) -> None:
    """Store that my lane starts a call now: its pacing and its counters."""
    connection.execute(
        _mine(lane).values(
            pacing=canonical_json(pacing).decode(),
            calls=LANE.c.calls + 1,
            batches=LANE.c.batches + int(is_batch),
        )
    )


def count_recovered(connection: Connection, lane: Lane, found: int) -> None:
    """Count what a read of the book found after an unclear outcome."""
    if found:
        connection.execute(_mine(lane).values(recovered=LANE.c.recovered + found))


def pause(connection: Connection, book: str, *, reason: str, why: str) -> None:
    """Stop a lane until somebody resumes it; what is in flight finishes."""
    connection.execute(update(LANE).where(LANE.c.book == book).values(pause_reason=reason, pause_why=why))


def resume(connection: Connection, book: str) -> None:
    """Let a lane go on: pause, throttle and circuit are cleared."""
    connection.execute(
        update(LANE)
        .where(LANE.c.book == book)
        .values(pause_reason="", pause_why="", not_before=_LONG_AGO, failures=0)
    )


def put_off(connection: Connection, book: str, *, until: datetime) -> None:
    """Look at a paused lane again at an instant."""
    connection.execute(update(LANE).where(LANE.c.book == book).values(not_before=until))


def paused_for(connection: Connection, reasons: Iterable[str], *, now: datetime) -> tuple[str, ...]:
    """Books that are paused for one of these reasons and whose next look is due."""
    query = select(LANE.c.book).where(LANE.c.pause_reason.in_(tuple(reasons)), LANE.c.not_before <= now)
    return tuple(sorted(connection.execute(query).scalars()))


def pauses(connection: Connection) -> dict[str, str]:
    """Every paused book with the reason."""
    query = select(LANE.c.book, LANE.c.pause_reason).where(LANE.c.pause_reason != "")
    return {row.book: row.pause_reason for row in connection.execute(query)}


def verify(connection: Connection, *, now: datetime, book: str = "") -> tuple[str, ...]:
    """Let lanes (or one) read before they create, from their last call on; returns those that now do.

    One that remembers no call looks a month back, as far as change feeds tell.
    """
    query = select(LANE).where(LANE.c.verify_since.is_(None))
    if book:
        query = query.where(LANE.c.book == book)
    begun = []
    for row in connection.execute(query).mappings().all():
        lane = _lane(row)
        begin = max(lane.pacing.last_call_at, now - _MONTH)
        connection.execute(update(LANE).where(LANE.c.book == lane.book).values(verify_since=begin))
        begun.append(lane.book)
    return tuple(begun)


def end_verify(connection: Connection, book: str) -> bool:
    """The book and we agree again; False when its lane was not verifying."""
    done = connection.execute(
        update(LANE).where(LANE.c.book == book, LANE.c.verify_since.is_not(None)).values(verify_since=None)
    )
    return done.rowcount == 1


def free_all(connection: Connection) -> None:
    """End every lease: only for the process that holds the embedded lock, which proves them dead."""
    connection.execute(update(LANE).values(lease_until=_LONG_AGO, holder=""))


def free_of(connection: Connection, books: Sequence[str], *, now: datetime) -> tuple[str, ...]:
    """Those of the books whose lane may work now: no live lease, no pause, no wait, and its slot has come."""
    query = select(LANE.c.book).where(
        LANE.c.book.in_(books),
        LANE.c.lease_until <= now,
        LANE.c.not_before <= now,
        LANE.c.slot_at <= now,
        LANE.c.pause_reason == "",
    )
    return tuple(sorted(connection.execute(query).scalars()))


def get(connection: Connection, book: str) -> Lane | None:
    """One lane, or None for an unknown book."""
    row = connection.execute(select(LANE).where(LANE.c.book == book)).mappings().first()
    return None if row is None else _lane(row)


def clock_offset(store: Store, host_now: datetime) -> timedelta:
    """How far the database's clock is ahead of the host's; 0 for SQLite, which lives on this host."""
    if store.is_sqlite:
        return timedelta(0)
    with store.read() as connection:
        database_now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return database_now - host_now


def _mine(lane: Lane) -> Update:
    return update(LANE).where(
        LANE.c.book == lane.book, LANE.c.epoch == lane.epoch, LANE.c.holder == lane.holder
    )


def _lane(row: RowMapping) -> Lane:
    known = row["pacing"]
    pacing = msgspec.json.decode(known, type=Pacing) if known else Pacing.idle_since(_LONG_AGO)
    names = ("book", "holder", "epoch", "lease_until", "pause_reason", "pause_why", "not_before", "failures")
    return Lane(**{name: row[name] for name in names}, pacing=pacing, verify_since=row["verify_since"])
