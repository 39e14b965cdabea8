"""The only place that reads the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The host's clock. Instants come from monotonic time plus an offset, so a step never shows.

    `offset` is what a database's clock is ahead of the host's; leases of all hosts live on that clock.
    """

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._start = datetime.now(UTC) + offset
        self._monotonic_start = time.monotonic()

    def now(self) -> datetime:
        """The current instant in UTC."""
        return self._start + timedelta(seconds=time.monotonic() - self._monotonic_start)

    def monotonic(self) -> float:
        """Seconds that only grow; for deadlines."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        if seconds > 0:
            time.sleep(seconds)
