"""Slots of an application over all its books: they lie in the database, for its books' lanes are anywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select, update

from worker.store import bulk
from worker.store.tables import ApplicationPace, table_of

PACE = table_of(ApplicationPace)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def next_slot(connection: Connection, application: str, *, gap: timedelta, now: datetime) -> datetime:
    """When the application's next call may start, if nobody takes that slot before."""
    taken = connection.execute(select(PACE.c.slot_at).where(PACE.c.application == application)).scalar()
    return now if taken is None else max(now, taken + gap)


def take_slot(connection: Connection, application: str, *, gap: timedelta, now: datetime) -> datetime:
    """Take the application's next slot; no other lane of any process gets the same one."""
    row = (application, _LONG_AGO)
    bulk.insert_new(connection, PACE, ("application", "slot_at"), [row], unique=("application",))
    query = select(PACE.c.slot_at).where(PACE.c.application == application).with_for_update()
    taken: datetime = connection.execute(query).scalar_one()
    slot = max(now, taken + gap)
    connection.execute(update(PACE).where(PACE.c.application == application).values(slot_at=slot))
    return slot
