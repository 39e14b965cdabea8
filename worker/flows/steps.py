"""Writing a step down: the one place where a delivery row follows a decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never, get_args

from mappings.canonical.document import DocumentKind
from mappings.canonical.record import RecordKind, Reference
from worker.delivery.states import State
from worker.delivery.step import Block, LookUp, Park, Post, ReadAgain, Resend, SendAgain, Step
from worker.store import deliveries, references
from worker.store.deliveries import Delivery, Move
from worker.store.engine import Connection
from worker.store.references import Binding

_DOCUMENTS = get_args(DocumentKind)


def apply(connection: Connection, delivery: Delivery, step: Step, *, now: datetime) -> State:
    """Take one delivery along its step's edge, as `apply_all` does."""
    (state,) = apply_all(connection, [(delivery, step)], now=now)
    return state


def apply_all(
    connection: Connection, steps: Sequence[tuple[Delivery, Step]], *, now: datetime
) -> tuple[State, ...]:
    """Take deliveries of one book along their steps' edges; returns the states they are in now, in order.

    The caller holds the lane. A posting whose ledger id already belongs to another document of ours is
    parked instead: one record of the book can never stand for two of our documents.
    """
    parted = _without_second_holders(connection, steps)
    moves = [Move(delivery, *_change(delivery, step, now)) for delivery, step in parted]
    moved = deliveries.move_all(connection, moves, now=now)
    posted = [
        Binding(_reference(delivery), step.ledger_id, step.version, "found" if step.recovered else "posted")
        for delivery, step in parted
        if isinstance(step, Post) and delivery.id in moved
    ]
    if posted:
        references.bind_all(connection, steps[0][0].book, posted)
    return tuple(one.state if one.delivery.id in moved else one.delivery.state for one in moves)


def _without_second_holders(
    connection: Connection, steps: Sequence[tuple[Delivery, Step]]
) -> list[tuple[Delivery, Step]]:
    """The steps, with a park for each posting of a document under an id that is another document's."""
    posts: dict[RecordKind, dict[str, str]] = {}
    for delivery, step in steps:
        if isinstance(step, Post) and delivery.kind in _DOCUMENTS:
            posts.setdefault(delivery.kind, {}).setdefault(step.ledger_id, delivery.ref)
    for kind, first in posts.items():
        first.update(references.holders(connection, steps[0][0].book, kind, first.keys()))
    result: list[tuple[Delivery, Step]] = []
    for delivery, step in steps:
        if isinstance(step, Post):
            holder = posts.get(delivery.kind, {}).get(step.ledger_id, delivery.ref)
            step = step if holder == delivery.ref else _park_taken(step, holder)
        result.append((delivery, step))
    return result


def _change(delivery: Delivery, step: Step, now: datetime) -> tuple[State, dict[str, object]]:
    """The state a step leads to, and the columns that change with it."""
    match step:
        case Post():
            why = "Found in the book after an unclear outcome." if step.recovered else ""
            ids = {"ledger_id": step.ledger_id, "ledger_version": step.version}
            return "posted", {"reason": "", "why": why, "hint": "", "starts": 0, **ids}
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


def _park_taken(step: Post, holder: str) -> Park:
    why = f"The book's id {step.ledger_id} already stands for our document {holder}."
    return Park("id_taken", why, "Compare both records in the book.", may_have_arrived=True)


def _reference(delivery: Delivery) -> Reference:
    return Reference(delivery.kind, delivery.ref)
