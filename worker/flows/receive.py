"""Receive: a webhook is verified on its raw bytes, stored and committed. It does not think."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import structlog

from connectors import registry
from connectors.crashpoints import crashpoint
from connectors.errors import Refused
from worker.flows.ports import Ports
from worker.store import inbox
from worker.store.engine import Connection

log = structlog.get_logger()

_EVENTS = {"stored": "inbox.stored", "duplicate": "inbox.duplicate", "conflict": "inbox.conflict"}


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a webhook; `event` is the id of its inbox row, "" when nothing was stored.

    `unsigned` covers a bad signature, an empty secret and an unknown source alike: a stranger learns
    nothing from the answer.
    """

    outcome: Literal["stored", "duplicate", "conflict", "unsigned"]
    event: str = ""


def receive(
    ports: Ports, source: str, *, headers: Mapping[str, str], raw: bytes, secrets: Sequence[str]
) -> Received:
    """Store a signed event and ring for it. When this returns the event is committed (R2)."""
    now = ports.clock.now()
    try:
        door = registry.source(source)
    except registry.UnknownSource:
        log.warning("inbox.unsigned", source="unknown")
        return Received("unsigned")
    if not door.verify(headers, raw, secrets=secrets, now=now):
        log.warning("inbox.unsigned", source=source)
        return Received("unsigned")
    try:
        event_id = door.event_id(headers, raw)
    except Refused:
        return Received("unsigned")

    def work(connection: Connection) -> tuple[inbox.Arrival, str]:
        arrival = inbox.store_event(connection, source=source, event_id=event_id, body=raw, now=now)
        crashpoint("webhook.before_commit")
        return arrival

    outcome, row_id = ports.store.transact(work)
    crashpoint("webhook.after_commit")
    log.info(_EVENTS[outcome], source=source, inbox=row_id)
    if outcome == "stored":
        crashpoint("webhook.before_enqueue")
        ports.doorbell.ring("apply_event", row_id)
        crashpoint("webhook.before_answer")
    return Received(outcome, row_id)
