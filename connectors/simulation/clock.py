"""The simulator's own time: the machine's, moved by an offset that tests and operators can advance."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone


def _machine_time() -> datetime:
    return datetime.now(UTC)


class SimulatorClock:
    """`now` in UTC. `source` can be any function giving an aware instant, so tests own the time."""

    def __init__(self, source: Callable[[], datetime] = _machine_time) -> None:
        self._source = source
        self._offset = timedelta()
        self._stopping = threading.Event()

    def now(self) -> datetime:
        return self._source() + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    def wait(self, seconds: float) -> None:
        """Real seconds; ends at once when the simulator stops."""
        self._stopping.wait(seconds)

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def stop(self) -> None:
        self._stopping.set()


def local_text(instant: datetime, *, offset_minutes: int, millis: bool = False) -> str:
    """As QuickBooks writes instants: local time of the company with its offset, no fraction in records."""
    local = instant.astimezone(timezone(timedelta(minutes=offset_minutes)))
    return local.isoformat(timespec="milliseconds" if millis else "seconds")
