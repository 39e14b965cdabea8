"""A clock that moves only when told, or when somebody sleeps on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Time as an argument: `sleep` advances it, nothing waits."""

    def __init__(self, start: datetime = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds
