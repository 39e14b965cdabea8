"""Work orders: work handed, as a row, to the process that holds an embedded database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from mappings.identity import canonical_json
from worker.store.columns import new_id
from worker.store.tables import WorkOrderRow, table_of

ORDER = table_of(WorkOrderRow)


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One order. States: waiting, running, done, failed. `result` is what the verb would have returned."""

    id: str
    verb: str
    arguments: Mapping[str, Any]
    state: str
    progress: str
    result: str


def place(connection: Connection, verb: str, arguments: Mapping[str, object], *, now: datetime) -> str:
    """Ask the holder to do something; returns the order's id."""
    order_id = new_id()
    row = {"id": order_id, "verb": verb, "arguments": canonical_json(arguments).decode()}
    connection.execute(ORDER.insert().values(state="waiting", created_at=now, changed_at=now, **row))
    return order_id


def waiting(connection: Connection) -> tuple[str, ...]:
    """Orders nobody has begun, oldest first."""
    query = select(ORDER.c.id).where(ORDER.c.state == "waiting").order_by(ORDER.c.id)
    return tuple(connection.execute(query).scalars())


def begin(connection: Connection, order_id: str, *, now: datetime) -> WorkOrder | None:
    """Start an order once; None when somebody else did or it is unknown."""
    begun = connection.execute(
        update(ORDER)
        .where(ORDER.c.id == order_id, ORDER.c.state == "waiting")
        .values(state="running", changed_at=now)
    )
    return get(connection, order_id) if begun.rowcount == 1 else None


def report(connection: Connection, order_id: str, *, now: datetime, **values: str) -> None:
    """Store an order's progress, or its end with its result."""
    connection.execute(update(ORDER).where(ORDER.c.id == order_id).values(changed_at=now, **values))


def give_up(connection: Connection, *, now: datetime, why: str) -> None:
    """Fail every order that was begun and not ended: whoever did it is dead."""
    connection.execute(
        update(ORDER).where(ORDER.c.state == "running").values(state="failed", result=why, changed_at=now)
    )


def withdraw(connection: Connection, order_id: str, *, now: datetime) -> bool:
    """Take an order back that nobody began; False when somebody has."""
    taken_back = connection.execute(
        update(ORDER)
        .where(ORDER.c.id == order_id, ORDER.c.state == "waiting")
        .values(state="failed", result="withdrawn", changed_at=now)
    )
    return taken_back.rowcount == 1


def get(connection: Connection, order_id: str) -> WorkOrder | None:
    """One order by id."""
    row = connection.execute(select(ORDER).where(ORDER.c.id == order_id)).mappings().first()
    if row is None:
        return None
    arguments: dict[str, Any] = msgspec.json.decode(row["arguments"])
    return WorkOrder(row["id"], row["verb"], arguments, row["state"], row["progress"], row["result"])
