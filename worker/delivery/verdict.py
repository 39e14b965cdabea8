"""From an outcome or a read to the next step: the two decisions that keep documents single."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from connectors.errors import (
    Conflict,
    ConnectorError,
    ConsentLost,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unreachable,
    Unrecognised,
)
from connectors.protocols import Expectation, Held, Outcome, Posted
from worker.delivery.consequence import is_book_wide
from worker.delivery.step import (
    AGE_MAX,
    ATTEMPTS_MAX,
    STARTS_MAX,
    Block,
    LookUp,
    Park,
    Post,
    ReadAgain,
    Resend,
    SendAgain,
    Step,
    backoff,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the decisions know of one delivery. `lookup` is its number or name, `started_at` its send."""

    kind: str
    lookup: str
    marker: str
    expect: Expectation
    attempts: int
    starts: int
    absent_reads: int
    after_conflict: bool
    created_at: datetime
    started_at: datetime
    quiet: timedelta
    recheck: timedelta


def after_push(outcome: Outcome, facts: Facts, *, now: datetime, jitter: float) -> Step:
    """The next step after a push answered, or failed, for one shipment."""
    match outcome:
        case Posted():
            differs = echo_differs(outcome, facts)
            if differs:
                return Park("echo_differs", differs, "Compare the record in the book, then replay.", True)
            return Post(outcome.ledger_id, outcome.version)
        case Throttled():
            return SendAgain(now, str(outcome), counts=False)
        case Unreachable():
            if facts.attempts + 1 >= ATTEMPTS_MAX and now - facts.created_at >= AGE_MAX:
                return Park(
                    "unreachable", str(outcome), outcome.hint or "Check the connection, then replay.", False
                )
            return SendAgain(now + backoff(facts.attempts, jitter=jitter), str(outcome), counts=True)
        case OutcomeUnknown():
            return LookUp(facts.started_at + facts.quiet, str(outcome))
        case Conflict():
            return LookUp(now, str(outcome), conflict=True)
        case ConsentLost() | Refused() if is_book_wide(outcome):
            return SendAgain(now, str(outcome), counts=False)
        case Refused(clears_by=cause) if cause is not None:
            return Block(cause, str(outcome), outcome.hint)
        case Refused():
            return Park(outcome.code or "refused", str(outcome), outcome.hint, False)
        case Unrecognised():
            return Park("unrecognised", str(outcome), outcome.hint, True)
        case ConnectorError():
            return LookUp(facts.started_at + facts.quiet, str(outcome))
    assert_never(outcome)


def after_read(held: Held | None, facts: Facts, *, now: datetime) -> Step:
    """The next step after the book was read for a delivery whose outcome was unclear.

    Absent must be seen twice, `recheck` apart, the first time after the quiet period: a late commit
    or a lagging read must not lead to a second document (R6).
    """
    if held is not None and held.marker == facts.marker:
        if not held.live:
            return Park(
                "voided_there", "The book holds it, but voided.", "Cancel it, or issue it anew.", True
            )
        differs = held_differs(held, facts)
        if differs:
            return Park("differs_there", differs, "Compare the record in the book with ours.", True)
        return Post(held.ledger_id, held.version, recovered=True)
    if held is not None:
        why = f"{facts.lookup} is held by a record that is not ours (id {held.ledger_id})."
        return Park("number_taken", why, _hint_of_taken(facts.kind), False)
    if facts.after_conflict:
        why = f"The book says {facts.lookup} is taken, but shows no such {facts.kind}."
        return Park("taken_elsewhere", why, "Look for the name among vendors and employees.", False)
    if now < facts.started_at + facts.quiet:
        return ReadAgain(facts.started_at + facts.quiet, "Read too early to be sure.", absent=False)
    if facts.absent_reads + 1 < 2:
        return ReadAgain(now + facts.recheck, "Not in the book; read once more to be sure.", absent=True)
    if facts.kind == "email":
        why = "Nobody heard whether it was mailed, and the book does not say that it was."
        return Park("email_unclear", why, "Ask the customer; replay mails it again.", False)
    if facts.starts >= STARTS_MAX:
        why = f"Started {facts.starts} times and never reached an answer; the book does not hold it."
        return Park("poison", why, "Tell us: the record may crash the worker. Replay after a fix.", True)
    return Resend()


def _hint_of_taken(kind: str) -> str:
    if kind in ("customer", "item"):
        return f"If it is this {kind}, link it (subledger mapping suggest); else rename it there and replay."
    return "Rename or renumber that record in the book, then replay."


def after_failed_read(error: ConnectorError, *, failures: int, now: datetime, jitter: float) -> ReadAgain:
    """A read that failed proves nothing: stay uncertain and read later."""
    return ReadAgain(
        now + backoff(failures, jitter=jitter), f"Could not read the book: {error}", absent=False
    )


def echo_differs(posted: Posted, facts: Facts) -> str:
    """One sentence on how an answer differs from what was sent, or "" (row 30 of the fault matrix)."""
    if not posted.ledger_id:
        return "The book's answer carries no id."
    if posted.lookup and posted.lookup != facts.lookup:
        return f"We sent {facts.lookup}, the book answered for {posted.lookup}."
    return _amounts_differ(posted, facts)


def held_differs(held: Held, facts: Facts) -> str:
    """One sentence on how a found record differs from what was sent, or ""."""
    expect = facts.expect
    if expect.customer_id and held.customer_id and held.customer_id != expect.customer_id:
        return f"The book has it for customer {held.customer_id}, we sent {expect.customer_id}."
    if expect.lines and held.lines and held.lines != expect.lines:
        return f"The book has {held.lines} lines, we sent {expect.lines}."
    return _amounts_differ(held, facts)


def _amounts_differ(answer: Posted | Held, facts: Facts) -> str:
    expect = facts.expect
    if expect.net is not None and answer.net is not None and expect.net != answer.net:
        return f"The book has net {answer.net}, we sent {expect.net}."
    ours, theirs = expect.gross, answer.gross
    if ours is None or theirs is None or ours == theirs:
        return ""
    if ours.currency == theirs.currency and abs(ours.minor - theirs.minor) <= expect.gross_within:
        return ""
    if expect.gross_within:
        return f"The book computed the tax and has gross {theirs}; by our rates it is {ours}."
    return f"The book has gross {theirs}, we sent {ours}."
