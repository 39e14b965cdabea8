"""How often a book was read, by month: reads cost money in some ledgers, wherever they were made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select, update

from worker.delivery.metering import month_of
from worker.store import bulk
from worker.store.lanes import LANE
from worker.store.tables import MeteredReads, table_of

READS = table_of(MeteredReads)


def count_reads(
    connection: Connection, book: str, reads: int, *, now: datetime, calls: int | None = None
) -> None:
    """Count reads of a book. `calls`: how many of them no lane has counted as a call yet (None = each)."""
    if not reads:
        return
    more = reads if calls is None else calls
    connection.execute(
        update(LANE).where(LANE.c.book == book).values(calls=LANE.c.calls + more, reads=LANE.c.reads + reads)
    )
    month = month_of(now)
    columns = ("book", "month", "reads")
    bulk.insert_new(connection, READS, columns, [(book, month, 0)], unique=columns[:2])
    connection.execute(
        update(READS).where(READS.c.book == book, READS.c.month == month).values(reads=READS.c.reads + reads)
    )


def of_month(connection: Connection, month: str) -> Mapping[str, int]:
    """Book -> reads in a month; books without any are absent."""
    query = select(READS.c.book, READS.c.reads).where(READS.c.month == month)
    return {row.book: row.reads for row in connection.execute(query)}
