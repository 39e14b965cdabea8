"""How many calls an organisation allows, and how many were made. Fixed windows, as Xero says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from connectors.ledgers.xero.simulator.config import DAY_S, Limits
from connectors.simulation.exchange import Answer

MINUTE_S = 60


@dataclass(slots=True)
class Calls:
    """Calls of one organisation since the start: what a bill or a test asks about."""

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


class TenantLimiter:
    """One organisation's windows and calls in progress."""

    def __init__(self, limits: Limits, *, clock: Callable[[], float]) -> None:
        self.limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._used: dict[tuple[str, int], int] = {}
        self._open = 0

    def enter(self) -> Answer | None:
        """None when the call may go on (then `leave` must follow), else its 429."""
        if not self.limits.enabled:
            return None
        with self._lock:
            if self._open >= self.limits.concurrent:
                return _too_many("concurrent", None)
            now = self._clock()
            for name, length_s, allowed in (
                ("day", DAY_S, self.limits.per_day),
                ("minute", MINUTE_S, self.limits.per_minute),
            ):
                if self._used.get((name, int(now // length_s)), 0) >= allowed:
                    return _too_many(name, int(length_s - now % length_s) + 1)
            for name, length_s in (("day", DAY_S), ("minute", MINUTE_S)):
                window = (name, int(now // length_s))
                self._used = {key: n for key, n in self._used.items() if key[0] != name or key == window}
                self._used[window] = self._used.get(window, 0) + 1
            self._open += 1
            return None

    def leave(self) -> None:
        if self.limits.enabled:
            with self._lock:
                self._open -= 1

    def headers(self) -> tuple[tuple[str, str], ...]:
        """What is left, as every answer tells it."""
        with self._lock:
            now = self._clock()
            used_today = self._used.get(("day", int(now // DAY_S)), 0)
            used_now = self._used.get(("minute", int(now // MINUTE_S)), 0)
        return (
            ("X-DayLimit-Remaining", str(self.limits.per_day - used_today)),
            ("X-MinLimit-Remaining", str(self.limits.per_minute - used_now)),
            ("X-AppMinLimit-Remaining", "9999"),
        )


def _too_many(name: str, retry_after_s: int | None) -> Answer:
    """The concurrent limit tells no time to wait."""
    headers: tuple[tuple[str, str], ...] = (("X-Rate-Limit-Problem", name),)
    if retry_after_s is not None:
        headers += (("Retry-After", str(retry_after_s)),)
    return Answer(429, b"", headers=headers)
