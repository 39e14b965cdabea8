"""What one shipment's outcome means for its delivery (pure; the flow writes it down)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

ATTEMPTS_MAX = 20
"""Failed attempts after which a person decides (R10)."""

AGE_MAX = timedelta(hours=24)
"""... but never before a delivery is this old: an outage of a night parks nothing."""

STARTS_MAX = 3
"""Starts without any recorded outcome after which a delivery is poison (R10)."""

_BACKOFF_FIRST_S = 5.0
_BACKOFF_MAX_S = 3600.0
_THROTTLE_MIN_S, _THROTTLE_MAX_S = 1.0, 900.0


@dataclass(frozen=True, slots=True)
class Post:
    """The book holds it; `recovered` = a read found it after an unclear outcome."""

    ledger_id: str
    version: str
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class SendAgain:
    """Nothing was delivered, provably: due again at a time."""

    at: datetime
    why: str
    counts: bool


@dataclass(frozen=True, slots=True)
class LookUp:
    """Only a read can tell: uncertain, first read at a time. `conflict` = they said they hold it.

    `unheard` = no outcome was recorded at all (the worker died): such starts count towards poison.
    """

    at: datetime
    why: str
    conflict: bool = False
    unheard: bool = False


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Still uncertain: one more read at a time; `absent` = this one found nothing."""

    at: datetime
    why: str
    absent: bool


@dataclass(frozen=True, slots=True)
class Resend:
    """Absent twice after the quiet period: send the same bytes under the same key."""


@dataclass(frozen=True, slots=True)
class Park:
    """A person decides. `may_have_arrived` keeps the look-first rule for a later replay.

    `missing` names references ("item M365") whose binding alone lets it go on.
    """

    reason: str
    why: str
    hint: str
    may_have_arrived: bool
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """An outside change that we can notice must come first."""

    reason: str
    why: str
    hint: str


Step: TypeAlias = Post | SendAgain | LookUp | ReadAgain | Resend | Park | Block


def backoff(attempts: int, *, jitter: float) -> timedelta:
    """Full-jitter exponential wait after the n-th failed attempt: up to 5 s, 10 s, 20 s ... 1 h (R10)."""
    return timedelta(
        seconds=min(_BACKOFF_MAX_S, _BACKOFF_FIRST_S * 2 ** min(attempts, 12)) * max(jitter, 0.1)
    )


def throttle_wait(retry_after_s: float | None, default_s: float) -> timedelta:
    """How long a throttled lane waits: what they asked, clamped to 1..900 s, else the ledger's default."""
    asked = default_s if retry_after_s is None else retry_after_s
    return timedelta(seconds=min(_THROTTLE_MAX_S, max(_THROTTLE_MIN_S, asked)))


def quiet_period(server_limit_s: float) -> timedelta:
    """How long after the start of a send a late commit may still appear: the server's limit plus a margin."""
    margin = max(0.5, server_limit_s / 10) if server_limit_s > 0 else 0.0
    return timedelta(seconds=server_limit_s + margin)
