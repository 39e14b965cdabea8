"""Facts of the installation as a whole; the restore epoch says whether the database is the one it was."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from worker.store import bulk, lanes
from worker.store.tables import InstallationRow, table_of

INSTALLATION = table_of(InstallationRow)

RESTORE_EPOCH = "restore_epoch"


def restore_epoch(connection: Connection) -> str:
    """The epoch the database knows, "" for none."""
    query = select(INSTALLATION.c.value).where(INSTALLATION.c.name == RESTORE_EPOCH)
    return connection.scalar(query) or ""


def meet_epoch(connection: Connection, outside: str, *, now: datetime) -> tuple[str, ...]:
    """Compare the epoch given from outside with the database's, and take it over.

    Another one than before means that the database was restored: every lane verifies. Returns those books.
    """
    known = restore_epoch(connection)
    if outside == known:
        return ()
    row = (RESTORE_EPOCH, outside, now)
    bulk.upsert(connection, INSTALLATION, ("name", "value", "changed_at"), [row], unique=("name",))
    return lanes.verify(connection, now=now) if known else ()
