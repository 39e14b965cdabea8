"""Bill runs as rows: what was asked, and the sentence that adds up."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection

from mappings.identity import canonical_json
from worker.store.tables import RunRow, table_of

RUN = table_of(RunRow)


def record_run(
    connection: Connection,
    run_id: str,
    *,
    as_of: date,
    times: tuple[datetime, datetime],
    summary: object,
) -> None:
    """Write a finished run with its begin and end."""
    row = {
        "id": run_id,
        "as_of": as_of,
        "started_at": times[0],
        "finished_at": times[1],
        "summary": canonical_json(summary).decode(),
    }
    connection.execute(RUN.insert().values(row))
