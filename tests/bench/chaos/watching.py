"""How soon a lane works again after a blow: its row is looked at ten times a second.

A lane resumes with the first call that starts after the blow, or with the first moment in which it has
nothing to do or waits by rule. A lane that had nothing to do when it was hit is no sample.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import psycopg

from worker.delivery.pacing import Pacing

_EVERY_S = 0.1
_LANES = """
SELECT book, pause_reason, not_before > %(now)s, pacing,
       EXISTS (SELECT 1 FROM delivery d WHERE d.book = lane.book AND (d.state = 'sending'
               OR (d.state IN ('due', 'uncertain') AND d.next_attempt_at <= %(now)s)))
FROM lane
"""


@dataclass(frozen=True, slots=True)
class Blow:
    """What was hit, and when (host's clock, seconds since 1970)."""

    kind: str
    at: float


@dataclass(frozen=True, slots=True)
class Seen:
    """A lane at one look. `is_idle`: nothing to do now, or told to wait."""

    last_call_at: float
    is_idle: bool


@dataclass
class _Pending:
    blow: Blow
    is_seen: bool = False


@dataclass
class Watch:
    """Follows every lane from a thread of its own; `resumed` are seconds by kind of blow.

    `is_busy`: a lane had something to do at the last look.
    """

    url: str
    resumed: list[tuple[str, float]] = field(default_factory=list)
    is_busy: bool = False
    _pending: dict[str, list[_Pending]] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join()

    def struck(self, blow: Blow, books: tuple[str, ...]) -> None:
        """From now on, wait for these books to resume after this blow."""
        with self._guard:
            for book in books:
                self._pending.setdefault(book, []).append(_Pending(blow))

    @property
    def is_waiting(self) -> bool:
        """Whether a book has not resumed yet."""
        with self._guard:
            return any(self._pending.values())

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            try:
                with psycopg.connect(self.url, autocommit=True, connect_timeout=2) as connection:
                    while not self._stop.wait(_EVERY_S):
                        self._look(connection)
            except psycopg.Error:
                continue  # it was killed; look again when it is back

    def _look(self, connection: psycopg.Connection) -> None:
        now = time.time()
        rows = connection.execute(_LANES, {"now": int(now * 1_000_000)}).fetchall()
        self.is_busy = any(has_work for *_, has_work in rows)
        with self._guard:
            for book, paused, waits, pacing, has_work in rows:
                lane = Seen(_last_call(pacing), bool(paused) or waits or not has_work)
                pending = self._pending.get(book, [])
                self._pending[book] = [one for one in pending if self._is_pending(one, lane, now)]

    def _is_pending(self, one: _Pending, lane: Seen, now: float) -> bool:
        if now < one.blow.at:
            return True
        if not one.is_seen and lane.is_idle:
            return False
        one.is_seen = True
        if lane.last_call_at > one.blow.at or lane.is_idle:
            self.resumed.append((one.blow.kind, now - one.blow.at))
            return False
        return True


def _last_call(pacing: str) -> float:
    if not pacing:
        return 0.0
    at: datetime = msgspec.json.decode(pacing, type=Pacing).last_call_at
    return at.timestamp()
