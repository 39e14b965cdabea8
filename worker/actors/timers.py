"""One thread that rings at a time: a lane that must wait keeps no thread of its own."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from datetime import datetime

from connectors.protocols import Clock


class Timers:
    """Rings due doorbells and calls `every` at a fixed interval, until stopped."""

    def __init__(
        self,
        clock: Clock,
        ring: Callable[[str, str], None],
        *,
        every: Callable[[], object],
        interval_s: float,
    ) -> None:
        self._clock = clock
        self._ring = ring
        self._every = every
        self._interval_s = interval_s
        self._waiting: list[tuple[datetime, str, str]] = []
        self._earliest: dict[tuple[str, str], datetime] = {}
        self._changed = threading.Condition()
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="timers", daemon=True)

    def start(self) -> None:
        """Begin; `every` is called once at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; rings that wait are dropped, their rows stay due."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        self._thread.join()

    def ring_at(self, name: str, row_id: str, at: datetime) -> None:
        """Ring later; of several for the same place only the earliest is kept."""
        with self._changed:
            known = self._earliest.get((name, row_id))
            if known is not None and known <= at:
                return
            self._earliest[name, row_id] = at
            heapq.heappush(self._waiting, (at, name, row_id))
            self._changed.notify()

    def _run(self) -> None:
        next_every = self._clock.monotonic()
        while True:
            if self._clock.monotonic() >= next_every:
                self._every()
                next_every = self._clock.monotonic() + self._interval_s
            with self._changed:
                wait_s = next_every - self._clock.monotonic()
                if self._waiting:
                    wait_s = min(wait_s, (self._waiting[0][0] - self._clock.now()).total_seconds())
                if not self._is_stopped:
                    self._changed.wait(max(0.001, wait_s))
                if self._is_stopped:
                    return
                due = self._take_due()
            for name, row_id in due:
                self._ring(name, row_id)

    def _take_due(self) -> list[tuple[str, str]]:
        now = self._clock.now()
        due = []
        while self._waiting and self._waiting[0][0] <= now:
            at, name, row_id = heapq.heappop(self._waiting)
            if self._earliest.get((name, row_id)) == at:
                del self._earliest[name, row_id]
                due.append((name, row_id))
        return due
