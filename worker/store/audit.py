"""Acts of people and changes of settings, each as one row that nobody changes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from mappings.identity import canonical_json
from worker.store.columns import new_id
from worker.store.tables import AuditRow, table_of

AUDIT = table_of(AuditRow)


def record(
    connection: Connection,
    *,
    actor: str,
    act: str,
    subject: str,
    now: datetime,
    reason: str = "",
    body: object = None,
) -> None:
    """Write down who did what to what, in the transaction of the act itself."""
    text = "" if body is None else canonical_json(body).decode()
    row = {
        "id": new_id(),
        "at": now,
        "actor": actor,
        "act": act,
        "object": subject,
        "reason": reason,
        "body": text,
    }
    connection.execute(AUDIT.insert().values(row))
