"""Frozen plans: what was chosen and foreseen, applied exactly once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select, update
from sqlalchemy.engine import RowMapping

from worker.store.columns import new_id
from worker.store.tables import PlanRow, table_of

PLAN = table_of(PlanRow)


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan as it lies in the table; `scope`, `body` and `result` are JSON. States: open, applied."""

    id: str
    kind: str
    actor: str
    reason: str
    scope: str
    body: str
    state: str
    created_at: datetime
    expires_at: datetime
    applied_at: datetime | None
    applied_by: str
    result: str


def put(
    connection: Connection, kind: str, *, scope: str, body: str, actor: str, reason: str,
    now: datetime, expires_at: datetime,
) -> str:  # fmt: skip
    """Freeze a plan; returns its id."""
    plan_id = new_id()
    row = {"id": plan_id, "kind": kind, "scope": scope, "body": body, "actor": actor, "reason": reason,
           "created_at": now, "expires_at": expires_at}  # fmt: skip
    connection.execute(PLAN.insert().values(row))
    return plan_id


def get(connection: Connection, plan_id: str) -> StoredPlan | None:
    """One plan, or None; an id that is none is nobody's."""
    try:
        key = str(UUID(plan_id))
    except ValueError:
        return None
    row = connection.execute(select(PLAN).where(PLAN.c.id == key)).mappings().first()
    return None if row is None else _plan(row)


def newest(connection: Connection, kind: str, *, limit: int) -> tuple[StoredPlan, ...]:
    """The plans of a kind, the last made first."""
    query = select(PLAN).where(PLAN.c.kind == kind).order_by(PLAN.c.id.desc()).limit(limit)
    return tuple(_plan(row) for row in connection.execute(query).mappings())


def take(connection: Connection, plan_id: str, *, actor: str, now: datetime) -> bool:
    """Begin to apply a plan, for the first and only time; False when somebody has, or it is too old."""
    taken = connection.execute(
        update(PLAN)
        .where(PLAN.c.id == plan_id, PLAN.c.state == "open", PLAN.c.expires_at > now)
        .values(state="applied", applied_at=now, applied_by=actor)
    )
    return taken.rowcount == 1


def finish(connection: Connection, plan_id: str, result: str) -> None:
    """Write down what became of the plan's items."""
    connection.execute(update(PLAN).where(PLAN.c.id == plan_id).values(result=result))


def _plan(row: RowMapping) -> StoredPlan:
    return StoredPlan(**{name: row[name] for name in StoredPlan.__dataclass_fields__})
