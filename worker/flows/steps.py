"""Writing a step down: the one place where a delivery row follows a decision."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from mappings.canonical.record import Reference
from worker.delivery.states import State
from worker.delivery.step import Block, LookUp, Park, Post, ReadAgain, Resend, SendAgain, Step
from worker.store import deliveries, references
from worker.store.deliveries import Delivery
from worker.store.engine import Connection


def apply(connection: Connection, delivery: Delivery, step: Step, *, now: datetime) -> State:
    """Take the delivery along the step's edge; returns the state it is in now.

    The caller holds the lane. A posting whose ledger id already belongs to another document of ours is
    parked instead: one record of the book can never stand for two of our documents.
    """
    if isinstance(step, Post):
        return _post(connection, delivery, step, now)
    state, values = _change(delivery, step, now)
    return _move(connection, delivery, state, now, **values)


def _change(
    delivery: Delivery, step: SendAgain | LookUp | ReadAgain | Resend | Park | Block, now: datetime
) -> tuple[State, dict[str, object]]:
    """The state a step leads to, and the columns that change with it."""
    match step:
        case SendAgain():
            attempts = delivery.attempts + (1 if step.counts else 0)
            again = {"next_attempt_at": step.at, "attempts": attempts, "send_started_at": None, "starts": 0}
            return "due", {"why": step.why, **again}
        case LookUp():
            fresh = {"absent_reads": 0, "read_failures": 0, "goes_alone": True}
            starts = delivery.starts if step.unheard else 0
            look = {"next_attempt_at": step.at, "after_conflict": step.conflict, "starts": starts}
            return "uncertain", {"why": step.why, **look, **fresh}
        case ReadAgain():
            absent = delivery.absent_reads + (1 if step.absent else 0)
            failures = 0 if step.absent else delivery.read_failures + 1
            reads = {"absent_reads": absent, "read_failures": failures}
            return "uncertain", {"why": step.why, "next_attempt_at": step.at, **reads}
        case Resend():
            why = "Not in the book, read twice: it goes again under the same key."
            absent = delivery.absent_reads + 1
            return "uncertain", {"why": why, "next_attempt_at": now, "absent_reads": absent}
        case Park():
            sent_at = delivery.send_started_at if step.may_have_arrived else None
            words = {"reason": step.reason, "why": step.why, "hint": step.hint}
            missing = "\n".join(step.missing)
            return "parked", {**words, "starts": 0, "send_started_at": sent_at, "missing": missing}
        case Block():
            words = {"reason": step.reason, "why": step.why, "hint": step.hint}
            return "blocked", {**words, "starts": 0, "send_started_at": None}
    assert_never(step)


def _post(connection: Connection, delivery: Delivery, step: Post, now: datetime) -> State:
    reference = Reference(delivery.kind, delivery.ref)
    if delivery.kind in ("invoice", "credit_note"):
        other = references.held_elsewhere(connection, delivery.book, reference, step.ledger_id)
        if other is not None:
            why = f"The book's id {step.ledger_id} already stands for our document {other}."
            park = Park("id_taken", why, "Compare both records in the book.", may_have_arrived=True)
            return apply(connection, delivery, park, now=now)
    state = _move(
        connection,
        delivery,
        "posted",
        now,
        reason="",
        why="Found in the book after an unclear outcome." if step.recovered else "",
        hint="",
        ledger_id=step.ledger_id,
        ledger_version=step.version,
        starts=0,
    )
    if state == "posted":
        references.bind(
            connection,
            delivery.book,
            reference,
            ledger_id=step.ledger_id,
            version=step.version,
            origin="found" if step.recovered else "posted",
        )
    return state


def _move(connection: Connection, delivery: Delivery, state: State, now: datetime, **values: object) -> State:
    moved = deliveries.move(connection, delivery, state, now=now, **values)
    return state if moved else delivery.state
