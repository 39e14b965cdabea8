"""When a lane may make its next call: evenly spaced slots at the published limits, no start burst.

Even spacing keeps every window of the ledger under its limit; a 429 stretches the spacing, and each
minute without one relaxes it again, so the limiter learns what the ledger really allows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.protocols import Rates

_SAFETY = 1.005
"""A window that starts exactly on a call must not hold one call too many."""

_STRETCH_ON_THROTTLE = 1.25
_STRETCH_MAX = 4.0
_RELAX_PER_MINUTE = 0.95


@dataclass(frozen=True, slots=True)
class Pacing:
    """When the last calls of a lane started, and how much its spacing is stretched (1 = not)."""

    last_call_at: datetime
    last_batch_at: datetime
    stretch: float = 1.0
    learned_at: datetime | None = None


def next_slot(pacing: Pacing, rates: Rates, *, is_batch: bool, now: datetime) -> datetime:
    """The earliest instant, not before now, at which the next call may start."""
    at = max(now, pacing.last_call_at + _spacing(rates) * pacing.stretch)
    if is_batch and rates.batches_per_minute:
        gap = timedelta(seconds=60 / rates.batches_per_minute * _SAFETY)
        at = max(at, pacing.last_batch_at + gap * pacing.stretch)
    return at


def after_call(pacing: Pacing, *, is_batch: bool, at: datetime) -> Pacing:
    """The pacing once a call started at an instant; a stretch relaxes with time."""
    stretch, learned_at = pacing.stretch, pacing.learned_at
    if learned_at is not None and at - learned_at >= timedelta(minutes=1):
        stretch = max(1.0, stretch * _RELAX_PER_MINUTE)
        learned_at = at if stretch > 1.0 else None
    return Pacing(at, at if is_batch else pacing.last_batch_at, stretch, learned_at)


def after_throttle(pacing: Pacing, *, now: datetime) -> Pacing:
    """The pacing after a 429: wider slots from here on."""
    return replace(pacing, stretch=min(_STRETCH_MAX, pacing.stretch * _STRETCH_ON_THROTTLE), learned_at=now)


def circuit_wait(failures: int) -> timedelta | None:
    """How long a lane rests after this many failures in a row: 60 s at 5, doubling to 15 min; else None."""
    if failures < 5:
        return None
    return timedelta(seconds=min(900, 60 * 2 ** (failures - 5)))


def _spacing(rates: Rates) -> timedelta:
    per_second = 1 / rates.per_second if rates.per_second else 0.0
    per_minute = 60 / rates.per_minute if rates.per_minute else 0.0
    return timedelta(seconds=max(per_second, per_minute) * _SAFETY)
