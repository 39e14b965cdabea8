"""When a lane may make its next call: evenly spaced slots at the published limits, no start burst.

Even spacing keeps every window of the ledger under its limit; a 429 stretches the spacing, and each
minute without one relaxes it again, so the limiter learns what the ledger really allows. Slots lie on a
grid: a call that starts a little late does not put off those after it, or the lane would lose every
delay of its machine for good.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.protocols import Rates

_SAFETY = 1.005
"""A window that starts exactly on a call must not hold one call too many."""

_LATE_MAX = timedelta(seconds=0.15)
"""How much of a late start the next slot makes up for. With the safety of 0.5 % no window of a second or a
minute can hold one call more than it may: 60.15 s have 39.9 slots for batches, 1.15 s have 9.5 for calls."""

_STRETCH_ON_THROTTLE = 1.25
_STRETCH_MAX = 4.0
_RELAX_PER_MINUTE = 0.95


@dataclass(frozen=True, slots=True)
class Pacing:
    """When a lane's last call started, the slots of its last calls, and how far it is stretched (1 = not).

    A slot is the instant on the grid that a call took, at most `_LATE_MAX` before it really started.
    """

    last_call_at: datetime
    call_slot_at: datetime
    batch_slot_at: datetime
    stretch: float = 1.0
    learned_at: datetime | None = None

    @classmethod
    def idle_since(cls, at: datetime) -> Pacing:
        """Of a lane that made no call after an instant."""
        return cls(at, at, at)


def next_slot(pacing: Pacing, rates: Rates, *, is_batch: bool, now: datetime) -> datetime:
    """The earliest instant, not before now, at which the next call may start."""
    call_slot, batch_slot = _slots(pacing, rates)
    return max(now, call_slot, batch_slot) if is_batch else max(now, call_slot)


def after_call(pacing: Pacing, rates: Rates, *, is_batch: bool, at: datetime) -> Pacing:
    """The pacing once a call started at an instant; a stretch relaxes with time."""
    stretch, learned_at = pacing.stretch, pacing.learned_at
    if learned_at is not None and at - learned_at >= timedelta(minutes=1):
        stretch = max(1.0, stretch * _RELAX_PER_MINUTE)
        learned_at = at if stretch > 1.0 else None
    call_slot, batch_slot = (max(slot, at - _LATE_MAX) for slot in _slots(pacing, rates))
    return Pacing(at, call_slot, batch_slot if is_batch else pacing.batch_slot_at, stretch, learned_at)


def after_leaving(pacing: Pacing, *, is_batch: bool, at: datetime) -> Pacing:
    """The pacing once it is known when a call's bytes left: on a busy machine well after its start.

    The ledger counts from there; without this, the slots that follow a late call could lie too near to it.
    """
    slot = at - _LATE_MAX
    batch_slot = max(pacing.batch_slot_at, slot) if is_batch else pacing.batch_slot_at
    return replace(pacing, call_slot_at=max(pacing.call_slot_at, slot), batch_slot_at=batch_slot)


def after_throttle(pacing: Pacing, *, now: datetime) -> Pacing:
    """The pacing after a 429: wider slots from here on."""
    return replace(pacing, stretch=min(_STRETCH_MAX, pacing.stretch * _STRETCH_ON_THROTTLE), learned_at=now)


def circuit_wait(failures: int) -> timedelta | None:
    """How long a lane rests after this many failures in a row: 60 s at 5, doubling to 15 min; else None."""
    if failures < 5:
        return None
    return timedelta(seconds=min(900, 60 * 2 ** (failures - 5)))


def _slots(pacing: Pacing, rates: Rates) -> tuple[datetime, datetime]:
    """The grid's next slots for a call and for a batch call."""
    per_second = 1 / rates.per_second if rates.per_second else 0.0
    per_minute = 60 / rates.per_minute if rates.per_minute else 0.0
    per_batch = 60 / rates.batches_per_minute if rates.batches_per_minute else 0.0
    stretched = _SAFETY * pacing.stretch
    return (
        pacing.call_slot_at + timedelta(seconds=max(per_second, per_minute) * stretched),
        pacing.batch_slot_at + timedelta(seconds=per_batch * stretched),
    )
