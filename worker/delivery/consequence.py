"""What the outcomes of a call mean for the book's lane as a whole: pause, wait, or all well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.errors import ConnectorError, ConsentLost, OutcomeUnknown, Refused, Throttled, Unreachable
from connectors.protocols import Outcome
from worker.delivery.pacing import Pacing, after_throttle, circuit_wait
from worker.delivery.step import throttle_wait

BOOK_WIDE = frozenset({"book_damaged", "company_changed", "disk_full", "subscription_lapsed"})
"""Refusals that concern every delivery of a book alike: they pause the lane instead of blocking rows."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """The lane's new state: a pause with its reason, an instant to wait for, failures in a row."""

    pacing: Pacing
    failures: int = 0
    not_before: datetime | None = None
    pause_reason: str = ""
    pause_why: str = ""
    was_throttled: bool = False


def after_outcomes(
    outcomes: Sequence[Outcome], *, pacing: Pacing, failures: int, now: datetime, throttle_default_s: float
) -> Consequence | None:
    """The consequence of one call's outcomes, or None when everything stays as it is."""
    lost = next((one for one in outcomes if pause_reason(one)), None)
    if lost is not None:
        return Consequence(pacing, pause_reason=pause_reason(lost), pause_why=str(lost))
    throttled = [one for one in outcomes if isinstance(one, Throttled)]
    if throttled:
        wait = max(throttle_wait(one.retry_after_s, throttle_default_s) for one in throttled)
        return Consequence(after_throttle(pacing, now=now), not_before=now + wait, was_throttled=True)
    if outcomes and all(isinstance(one, Unreachable | OutcomeUnknown) for one in outcomes):
        rest = circuit_wait(failures + 1)
        return Consequence(pacing, failures=failures + 1, not_before=None if rest is None else now + rest)
    return Consequence(pacing) if failures else None


def pause_reason(outcome: Outcome) -> str:
    """Why this outcome stops the whole book, or "" when it concerns one delivery."""
    if isinstance(outcome, ConsentLost):
        return "consent_lost"
    if isinstance(outcome, Refused) and outcome.clears_by in BOOK_WIDE:
        return str(outcome.clears_by)
    return ""


def is_book_wide(outcome: Outcome) -> bool:
    """Whether the delivery itself is innocent: it stays due while its lane is paused."""
    return isinstance(outcome, ConnectorError) and bool(pause_reason(outcome))
