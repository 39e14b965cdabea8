"""One call to a book: the write-ahead before it and the verdicts after it.

Protects: bytes leave only after a committed write-ahead under my lane's epoch; an answer that comes
back after the lane was lost changes no delivery, it only becomes evidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from connectors.crashpoints import crashpoint
from connectors.errors import ConnectorError, OutcomeUnknown, Refused
from connectors.protocols import Clock, Ledger, Outcome, Posted
from mappings.canonical.record import Reference
from mappings.identity import DeliveryIdentity
from worker.delivery.batch import batch_key
from worker.delivery.consequence import after_outcomes
from worker.delivery.pacing import Pacing, after_leaving
from worker.delivery.personal import without_personal
from worker.delivery.step import Park, quiet_period
from worker.delivery.verdict import Facts, after_push
from worker.flows import steps
from worker.flows.ports import Ports, Timing
from worker.store import attempts, deliveries, lanes, references
from worker.store.attempts import Attempt
from worker.store.deliveries import Delivery, Move
from worker.store.engine import Connection
from worker.store.lanes import Lane

log = structlog.get_logger()

SEND_WITHIN = timedelta(seconds=5)
"""Bytes leave at most this long after the write-ahead, or not at all: less than the lease that is left."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one call carries: deliveries written ahead, in order, and the batch call's own request id."""

    deliveries: tuple[Delivery, ...]
    batch_key: str
    not_after: float
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a parcel: one outcome per delivery; `failed` when the whole call failed.

    `left_at`: when the connector was asked to send, after whatever kept this machine busy.
    """

    parcel: Parcel
    outcomes: tuple[Outcome, ...]
    failed: ConnectorError | None
    left_at: datetime
    ended_at: datetime


def write_ahead(
    ports: Ports, lane: Lane, ledger: Ledger, chosen: Sequence[str], *, pacing: Pacing
) -> Parcel | None:
    """Commit what is about to be sent (ids): bytes, key, start; None when nothing may or can be sent.

    Binds ledger ids and parks what cannot be rendered, in the same transaction; `pacing` is the lane's
    once this call starts. What somebody took back since it was chosen stays behind. If this commit fails,
    nothing is sent (R6).
    """
    now = ports.clock.now()
    not_after = ports.clock.monotonic() + SEND_WITHIN.total_seconds()

    def work(connection: Connection) -> Parcel | None:
        if lanes.lock_mine(connection, lane, now=now, margin=lanes.SEND_MARGIN) is None:
            return None
        waiting = [one for one in deliveries.locked(connection, chosen) if _may_be_sent(one)]
        needed = {reference for one in waiting for reference in ledger.needs(one.record)}
        bound = references.bound_of(connection, lane.book, needed)
        rendered = [(one, _rendered(ledger, one, bound)) for one in waiting]
        parked = [(one, result) for one, result in rendered if isinstance(result, Park)]
        ready = [(one, result) for one, result in rendered if isinstance(result, Delivery)]
        if parked:
            steps.apply_all(connection, parked, now=now)
        key = ""
        if len(ready) > 1:
            key = batch_key([one.key for _, one in ready], max(one.starts for _, one in ready))
        sent = [_sending(one, lane, key, now) for _, one in ready]
        moves = [_move(before, after) for (before, _), after in zip(ready, sent, strict=True)]
        deliveries.move_locked(connection, moves, now=now)
        if sent:
            lanes.count_call(connection, lane, pacing, is_batch=len(sent) > 1)
        crashpoint("send.before_writeahead")
        return Parcel(tuple(sent), key, not_after, now)

    parcel = ports.store.transact(work)
    crashpoint("send.after_writeahead")
    return parcel if parcel is not None and parcel.deliveries else None


def _may_be_sent(delivery: Delivery) -> bool:
    """Due, or proven absent by two reads: anything else must not leave again."""
    return delivery.state == "due" or (delivery.state == "uncertain" and delivery.absent_reads >= 2)


def _rendered(ledger: Ledger, delivery: Delivery, bound: Mapping[Reference, str]) -> Delivery | Park:
    """The delivery with its bytes.

    Bytes never change under a key: if they would, and nothing of the earlier bytes can be live, a new
    revision with its own key begins; if something may be live, a person decides. Their replay keeps the
    reason, so that new bytes may go once the book was read twice and does not hold it.
    """
    missing = [reference for reference in ledger.needs(delivery.record) if reference not in bound]
    if missing:
        names = ", ".join(str(reference) for reference in missing)
        why = f"Book {delivery.book} has no id for {names}."
        hint = "Add its ledger_ids to the workspace file, or link it by: subledger mapping import FILE."
        return Park("mapping_missing", why, hint, False, missing=tuple(map(str, missing)))
    try:
        rendered = ledger.render(delivery.record, marker=delivery.marker, bound=bound)
    except Refused as refusal:
        return Park(refusal.code or "does_not_fit", str(refusal), refusal.hint, False)
    fresh = replace(delivery, wire=rendered.body, lookup=rendered.lookup, expect=rendered.expect)
    if delivery.wire is None or delivery.wire == rendered.body:
        return fresh
    if delivery.send_started_at is not None and delivery.reason != "binding_changed":
        why = "A binding changed since it was first sent, and that sending may have arrived."
        return Park("binding_changed", why, "Look in the book; if it is not there, replay it.", True)
    revision = delivery.revision + 1
    identity = DeliveryIdentity(delivery.book, delivery.kind, delivery.ref, revision)
    return replace(fresh, revision=revision, key=identity.key)


def _sending(ready: Delivery, lane: Lane, key: str, now: datetime) -> Delivery:
    starts = ready.starts + 1
    return replace(
        ready, state="sending", epoch=lane.epoch, batch_key=key, send_started_at=now, starts=starts
    )


def _move(before: Delivery, after: Delivery) -> Move:
    assert after.wire is not None
    values = {
        "epoch": after.epoch,
        "revision": after.revision,
        "key": after.key,
        "wire": deliveries.pack(after.wire),
        "wire_hash": hashlib.sha256(after.wire).hexdigest(),
        "lookup": after.lookup,
        "expect": deliveries.expect_json(after.expect),
        "batch_key": after.batch_key,
        "send_started_at": after.send_started_at,
        "starts": after.starts,
        "absent_reads": 0,
    }
    return Move(before, after.state, values)


def call(ledger: Ledger, parcel: Parcel, *, clock: Clock) -> Answer:
    """Make the call. Runs in a thread of the lane and touches no row; never raises."""
    shipments = [delivery.shipment for delivery in parcel.deliveries]
    left_at = clock.now()
    try:
        answered = ledger.push(shipments, batch_key=parcel.batch_key, not_after=parcel.not_after)
        outcomes = tuple(_checked(one, parcel.deliveries) for one in answered)
        if len(outcomes) == len(shipments):
            return Answer(parcel, outcomes, None, left_at, clock.now())
        failed: ConnectorError = OutcomeUnknown(
            f"The connector answered {len(outcomes)} of {len(shipments)} records."
        )
    except ConnectorError as error:
        failed = without_personal(error, (one.record for one in parcel.deliveries))
    except Exception as error:  # the connector's door: its bug must not lose what may have been sent (row 73)
        log.exception("push.connector-failed", book=parcel.deliveries[0].book)
        failed = OutcomeUnknown(f"Our connector failed with {type(error).__name__}.")
    return Answer(parcel, (failed,) * len(shipments), failed, left_at, clock.now())


def _checked(outcome: object, sent: Sequence[Delivery]) -> Outcome:
    """An outcome as it was promised; anything else says nothing about what was sent (row 74)."""
    if isinstance(outcome, ConnectorError):
        return without_personal(outcome, (one.record for one in sent))
    if isinstance(outcome, Posted):
        return outcome
    return OutcomeUnknown(f"Our connector answered with {type(outcome).__name__}.")


def settle(
    ports: Ports, lane: Lane, answer: Answer, timing: Timing
) -> tuple[tuple[Delivery, str], ...] | None:
    """Write the verdicts of an answered call down in one transaction; None when the lane was lost.

    Then only the evidence is stored, for whoever holds the lane now to find.
    """
    crashpoint("post.after_response")
    now = ports.clock.now()

    def work(connection: Connection) -> tuple[tuple[Delivery, str], ...] | None:
        current = lanes.lock_mine(connection, lane, now=now, margin=timedelta(0))
        sent, states = answer.parcel.deliveries, ["lane_lost"] * len(answer.outcomes)
        if current is not None:
            taken = [
                (one, after_push(outcome, facts(one, timing), now=now, jitter=ports.jitter()))
                for one, outcome in zip(sent, answer.outcomes, strict=True)
            ]
            states = list(steps.apply_all(connection, taken, now=now))
        result = tuple(zip(sent, states, strict=True))
        posted = [delivery.id for delivery, state in result if state == "posted"]
        if posted:
            deliveries.wake_dependents(connection, posted, now=now)
        evidence = zip(result, answer.outcomes, strict=True)
        attempts.append(connection, [_attempt(answer, lane, *one, outcome) for one, outcome in evidence])
        if current is None:
            return None
        paced = after_leaving(current.pacing, is_batch=len(sent) > 1, at=answer.left_at)
        if paced != current.pacing:
            lanes.save_pacing(connection, current, paced)
        follow(connection, replace(current, pacing=paced), answer.outcomes, timing, now=now)
        crashpoint("post.before_commit")
        return result

    verdicts = ports.store.transact(work)
    crashpoint("post.after_commit")
    return verdicts


def follow(
    connection: Connection, lane: Lane, outcomes: Sequence[Outcome], timing: Timing, *, now: datetime
) -> None:
    """Let my lane, as it stands now, follow what a call's outcomes mean for the book: pause, wait, all well.

    No outcomes = a read that was answered.
    """
    consequence = after_outcomes(
        outcomes,
        pacing=lane.pacing,
        failures=lane.failures,
        now=now,
        throttle_default_s=timing.throttle_default_s,
    )
    if consequence is not None:
        lanes.save_consequence(connection, lane, consequence)


def facts(delivery: Delivery, timing: Timing) -> Facts:
    """What the pure decisions need to know of a delivery that was sent."""
    assert delivery.send_started_at is not None, "only a delivery that was sent has an outcome"
    return Facts(
        kind=delivery.kind,
        lookup=delivery.lookup,
        marker=delivery.marker,
        expect=delivery.expect,
        attempts=delivery.attempts,
        starts=delivery.starts,
        absent_reads=delivery.absent_reads,
        after_conflict=delivery.after_conflict,
        created_at=delivery.created_at,
        started_at=delivery.send_started_at,
        quiet=quiet_period(timing.server_limit_s),
        recheck=timedelta(seconds=timing.recheck_s),
    )


def _attempt(answer: Answer, lane: Lane, delivery: Delivery, state: str, outcome: Outcome) -> Attempt:
    return Attempt(
        delivery_id=delivery.id,
        book=lane.book,
        act="push",
        epoch=lane.epoch,
        key=answer.parcel.batch_key or delivery.key,
        started_at=answer.parcel.started_at,
        ended_at=answer.ended_at,
        verdict=state,
        outcome=outcome,
    )
