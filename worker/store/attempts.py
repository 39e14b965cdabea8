"""Attempts: append-only evidence of every call, also from a worker that had lost its lane."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from connectors.errors import ConnectorError
from connectors.protocols import Outcome, Posted
from mappings.identity import canonical_json
from worker.store.columns import new_id
from worker.store.tables import AttemptRow, table_of

ATTEMPT = table_of(AttemptRow)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One act on one delivery: `act` is push or find, `verdict` the state or word it ended in."""

    delivery_id: str
    book: str
    act: str
    epoch: int
    key: str
    started_at: datetime
    ended_at: datetime
    verdict: str
    outcome: Outcome | None = None


def append(connection: Connection, attempts: Sequence[Attempt]) -> None:
    """Store attempts; nothing ever changes them."""
    if attempts:
        connection.execute(ATTEMPT.insert(), [_values(attempt) for attempt in attempts])


def posted_evidence(connection: Connection, delivery_ids: Iterable[str]) -> dict[str, Posted]:
    """Answers that came back to somebody who could no longer write them down: delivery id -> answer."""
    query = (
        select(ATTEMPT.c.delivery_id, ATTEMPT.c.evidence)
        .where(ATTEMPT.c.delivery_id.in_(tuple(delivery_ids)), ATTEMPT.c.evidence != "")
        .order_by(ATTEMPT.c.ended_at)
    )
    return {one: msgspec.json.decode(evidence, type=Posted) for one, evidence in connection.execute(query)}


def of_delivery(connection: Connection, delivery_id: str) -> tuple[AttemptRow, ...]:
    """Every attempt on a delivery, oldest first."""
    query = select(ATTEMPT).where(ATTEMPT.c.delivery_id == delivery_id)
    query = query.order_by(ATTEMPT.c.started_at, ATTEMPT.c.id)
    return tuple(AttemptRow(**row) for row in connection.execute(query).mappings())


def _values(attempt: Attempt) -> dict[str, object]:
    outcome = attempt.outcome
    failed = outcome if isinstance(outcome, ConnectorError) else None
    posted = outcome if isinstance(outcome, Posted) else None
    return {
        "id": new_id(),
        "delivery_id": attempt.delivery_id,
        "book": attempt.book,
        "act": attempt.act,
        "epoch": attempt.epoch,
        "key": attempt.key,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "verdict": attempt.verdict,
        "code": failed.code if failed else "",
        "status": failed.status if failed else None,
        "why": failed.why if failed else "",
        "trace_id": outcome.trace_id if outcome is not None else "",
        "evidence": canonical_json(posted).decode() if posted else "",
    }
