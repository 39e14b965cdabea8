"""How many calls a realm may make, and how many it made.

Sliding windows at the published figures. Intuit does not publish how its windows slide; ours are a little
shorter than a second and a minute, so that an evenly paced caller at exactly the published figure is never
turned away for a few milliseconds of jitter.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.ledgers.quickbooks.simulator.config import Limits

SECOND_WINDOW_S = 0.95
MINUTE_WINDOW_S = 59.0


@dataclass(slots=True)
class Calls:
    """Calls of one realm since the start: what a bill or a test asks about."""

    reads: int = 0
    writes: int = 0
    batches: int = 0
    batch_items: int = 0
    throttled: int = 0
    replayed: int = 0
    faults: int = 0
    tokens: int = 0

    def as_counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class _Window:
    length_s: float
    calls: deque[float] = field(default_factory=deque)

    def is_full(self, now: float, allowed: float) -> bool:
        while self.calls and self.calls[0] <= now - self.length_s:
            self.calls.popleft()
        return len(self.calls) >= allowed


class RealmLimiter:
    """One realm's windows. Refused calls count nowhere."""

    def __init__(self, limits: Limits, *, clock: Callable[[], float]) -> None:
        self.limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._second = _Window(SECOND_WINDOW_S)
        self._minute = _Window(MINUTE_WINDOW_S)
        self._batches = _Window(MINUTE_WINDOW_S)

    def admits(self, *, is_batch: bool) -> bool:
        """True, and counted, when the call stays within every window."""
        limits = self.limits
        if not limits.enabled:
            return True
        with self._lock:
            now = self._clock()
            scale = limits.scale
            if self._second.is_full(now, limits.per_second * scale):
                return False
            if self._minute.is_full(now, limits.per_minute * scale):
                return False
            if is_batch and self._batches.is_full(now, limits.batches_per_minute * scale):
                return False
            self._second.calls.append(now)
            self._minute.calls.append(now)
            if is_batch:
                self._batches.calls.append(now)
            return True
