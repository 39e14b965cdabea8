"""Deliveries whose outcome is unclear: adopt what others left, read the book, then decide.

Protects: what may be in the book is never sent again before the book was read, twice, after its
quiet period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from connectors.crashpoints import crashpoint
from connectors.errors import ConnectorError, OutcomeUnknown
from connectors.protocols import Clock, Held, Ledger, Posted
from worker.delivery.personal import without_personal
from worker.delivery.step import LookUp, Post, Step, quiet_period
from worker.delivery.verdict import after_failed_read, after_read, echo_differs
from worker.flows import steps
from worker.flows.looking import look_up
from worker.flows.ports import Ports, Timing
from worker.flows.sending import facts, follow
from worker.store import attempts, deliveries, lanes, metering
from worker.store.attempts import Attempt
from worker.store.deliveries import Delivery
from worker.store.engine import Connection
from worker.store.lanes import Lane

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reading:
    """One look-up of many deliveries in the book: what it holds for each, or why it could not be read.

    `reads`: metered reads it took; its lane counted one of them when it began.
    """

    deliveries: tuple[Delivery, ...]
    held: tuple[Held | None, ...]
    failed: ConnectorError | None
    started_at: datetime
    ended_at: datetime
    reads: int = 1


def adopt_abandoned(ports: Ports, lane: Lane, timing: Timing) -> int:
    """Make uncertain what an earlier holder of the lane left in `sending`; returns how many.

    A crash after the write-ahead is read as an unknown outcome by whoever comes next. Where the
    earlier holder's answer lies as evidence, it counts, and no read is needed.
    """
    now = ports.clock.now()

    def work(connection: Connection) -> int:
        if lanes.lock_mine(connection, lane, now=now, margin=lanes.SEND_MARGIN) is None:
            return 0
        left = deliveries.abandoned(connection, lane.book, epoch=lane.epoch)
        evidence = attempts.posted_evidence(connection, [one.id for one in left])
        taken = [(one, _after_death(one, evidence.get(one.id), timing)) for one in left]
        steps.apply_all(connection, taken, now=now)
        deliveries.wake_dependents(connection, list(evidence), now=now)
        return len(left)

    adopted = ports.store.transact(work)
    if adopted:
        crashpoint("recover.after_adopt")
    return adopted


def _after_death(delivery: Delivery, posted: Posted | None, timing: Timing) -> Post | LookUp:
    known = facts(delivery, timing)
    if posted is not None and not echo_differs(posted, known):
        return Post(posted.ledger_id, posted.version, recovered=True)
    why = "The worker that sent it stopped before it heard the answer."
    return LookUp(known.started_at + quiet_period(timing.server_limit_s), why, unheard=True)


def read(ledger: Ledger, chosen: Sequence[Delivery], *, clock: Clock) -> Reading:
    """Read the book once for all; runs in a thread of the lane and never raises."""
    started_at = clock.now()
    failed: ConnectorError
    try:
        found, reads = look_up(ledger, [delivery.shipment for delivery in chosen])
        held = tuple(found)
        if not all(one is None or isinstance(one, Held) for one in held):
            failed = OutcomeUnknown("The connector answered a look-up with something else.")
        elif len(held) == len(chosen):
            return Reading(tuple(chosen), held, None, started_at, clock.now(), reads)
        else:
            failed = OutcomeUnknown(f"The connector answered {len(held)} of {len(chosen)} look-ups.")
    except ConnectorError as error:
        failed = without_personal(error, (one.record for one in chosen))
    except Exception as error:  # the connector's door: a failed read proves nothing
        log.exception("recover.connector-failed", book=chosen[0].book)
        failed = OutcomeUnknown(f"Our connector failed with {type(error).__name__}.")
    return Reading(tuple(chosen), (None,) * len(chosen), failed, started_at, clock.now())


def settle(
    ports: Ports, lane: Lane, reading: Reading, timing: Timing
) -> tuple[tuple[Delivery, str], ...] | None:
    """Write down what a read means, in one transaction; None when the lane was lost."""
    crashpoint("recover.after_read")
    now = ports.clock.now()

    def work(connection: Connection) -> tuple[tuple[Delivery, str], ...] | None:
        current = lanes.lock_mine(connection, lane, now=now, margin=lanes.SEND_MARGIN)
        if current is None:
            return None
        taken = [
            (one, _decided(reading, one, held, timing, now=now, jitter=ports.jitter()))
            for one, held in zip(reading.deliveries, reading.held, strict=True)
        ]
        result = tuple(zip(reading.deliveries, steps.apply_all(connection, taken, now=now), strict=True))
        posted = [delivery.id for delivery, state in result if state == "posted"]
        deliveries.wake_dependents(connection, posted, now=now)
        lanes.count_recovered(connection, lane, len(posted))
        attempts.append(connection, [_attempt(reading, lane, *one) for one in result])
        more = max(0, reading.reads - 1)
        metering.count_reads(connection, lane.book, more, now=now)
        follow(connection, current, () if reading.failed is None else (reading.failed,), timing, now=now)
        return result

    return ports.store.transact(work)


def _decided(
    reading: Reading, delivery: Delivery, held: Held | None, timing: Timing, *, now: datetime, jitter: float
) -> Step:
    if reading.failed is None:
        return after_read(held, facts(delivery, timing), now=reading.started_at)
    return after_failed_read(reading.failed, failures=delivery.read_failures, now=now, jitter=jitter)


def _attempt(reading: Reading, lane: Lane, delivery: Delivery, state: str) -> Attempt:
    return Attempt(
        delivery_id=delivery.id,
        book=lane.book,
        act="find",
        epoch=lane.epoch,
        key=delivery.key,
        started_at=reading.started_at,
        ended_at=reading.ended_at,
        verdict=state,
        outcome=reading.failed,
    )
