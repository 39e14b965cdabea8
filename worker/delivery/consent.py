"""When consent to a book ends, and when somebody should be told (pure; qbo.md section 2, R7).

A token that is used renews itself, so its rolling end comes near only where refreshing fails. Nothing we do
moves the hard end: a person has to give consent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

RENEW_AFTER = timedelta(days=30)
"""A pair that nobody used for so long is renewed all the same: unused, consent ends after 100 days."""

WARN_ROLLING = timedelta(days=14)
WARN_HARD = timedelta(days=90)
URGENT = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class ConsentWarning:
    """Consent to a book ends soon. `is_urgent`: within two weeks, or it has ended."""

    book: str
    ends_at: datetime
    is_urgent: bool
    sentence: str
    next_step: str


def warning(
    book: str, *, rolling_until: datetime | None, hard_until: datetime | None, now: datetime
) -> ConsentWarning | None:
    """What to tell of one book, or None. None for an end = the ledger did not say."""
    if hard_until is not None and hard_until - now < WARN_HARD:
        sentence = f"Consent to book {book} {_ends(hard_until, now)}, whatever is done with it until then."
        step = f"Have an administrator of that company give it again: subledger book connect {book}"
        return ConsentWarning(book, hard_until, hard_until - now < URGENT, sentence, step)
    if rolling_until is not None and rolling_until - now < WARN_ROLLING:
        sentence = f"Consent to book {book} {_ends(rolling_until, now)}, because it could not be renewed."
        step = f"See why: subledger book check {book}. If that fails: subledger book connect {book}"
        return ConsentWarning(book, rolling_until, True, sentence, step)
    return None


def _ends(at: datetime, now: datetime) -> str:
    days = (at - now) // timedelta(days=1)
    if at <= now:
        return f"ended on {at:%Y-%m-%d}"
    when = "today" if days == 0 else "in 1 day" if days == 1 else f"in {days} days"
    return f"ends on {at:%Y-%m-%d} ({when})"
