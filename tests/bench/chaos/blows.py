"""The blows, by seed: kill -9, freeze and thaw, FLUSHALL, Valkey and PostgreSQL killed, throttle storms."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import redis

from tests.bench.chaos.park import Park
from tests.bench.chaos.troubles import storm
from tests.bench.chaos.watching import Blow, Watch
from tests.bench.programs import Program
from tests.faults.seller import REALMS

_WEIGHTS: Mapping[str, int] = {
    "kill_worker": 9,
    "freeze_worker": 5,
    "flush_redis": 2,
    "kill_redis": 2,
    "kill_postgres": 2,
    "kill_web": 1,
    "stop_worker": 1,
}
_RESUME_S_MAX = 90.0
_POLL_S = 0.1
_BUSY_S_MAX = 3.0


@dataclass(frozen=True, slots=True)
class Thaw:
    """A worker that went on at an instant (seconds since 1970) after being frozen for a while."""

    at: float
    frozen_s: float


@dataclass
class Blows:
    """Strikes at random, with a pause of `gap_s` (shortest, longest) before each blow."""

    park: Park
    watch: Watch
    chance: random.Random
    gap_s: tuple[float, float]
    counts: dict[str, int] = field(default_factory=dict)
    thaws: list[Thaw] = field(default_factory=list)

    def strike(self) -> str:
        """One blow, and back when its lanes work again (or have had long enough); returns its name."""
        time.sleep(self.chance.uniform(*self.gap_s))
        self._await_a_busy_lane()
        if self.chance.random() < 0.25:
            self.park.simulator.post("faults", [storm(self.chance.choice(list(REALMS.values())))])
        (name,) = self.chance.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()))
        self.counts[name] = self.counts.get(name, 0) + 1
        blow: Callable[[], None] = getattr(self, f"_{name}")
        blow()
        self.park.wait_ready()
        deadline = time.monotonic() + _RESUME_S_MAX
        while self.watch.is_waiting and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        return name

    def _await_a_busy_lane(self) -> None:
        """A blow hits hardest, and its resuming can be measured, while a lane works."""
        deadline = time.monotonic() + _BUSY_S_MAX
        while not self.watch.is_busy and time.monotonic() < deadline:
            time.sleep(_POLL_S / 5)

    def _struck(self, name: str) -> None:
        self.watch.struck(Blow(name, time.time()), tuple(REALMS))

    def _worker(self) -> Program:
        return self.chance.choice(self.park.workers)

    def _kill_worker(self) -> None:
        worker = self._worker()
        worker.kill()
        self._struck("kill_worker")
        worker.start()

    def _stop_worker(self) -> None:
        worker = self._worker()
        self._struck("stop_worker")
        worker.stop()
        worker.start()

    def _freeze_worker(self) -> None:
        """Often for longer than a lease: somebody else holds its lanes by the time it wakes up."""
        worker, seconds = self._worker(), self.chance.choice((2.0, 13.0, 15.0, 18.0))
        worker.send(signal.SIGSTOP)
        self._struck("freeze_worker")
        time.sleep(seconds)
        worker.send(signal.SIGCONT)
        self.thaws.append(Thaw(time.time(), seconds))

    def _flush_redis(self) -> None:
        with redis.Redis.from_url(self.park.redis.url) as client:
            client.flushall()
        self._struck("flush_redis")

    def _kill_redis(self) -> None:
        self.park.redis.kill()
        self._struck("kill_redis")
        time.sleep(self.chance.uniform(0.0, 2.0))
        self.park.redis.start()

    def _kill_postgres(self) -> None:
        self.park.postgres.kill()
        self._struck("kill_postgres")
        time.sleep(self.chance.uniform(0.0, 2.0))
        self.park.postgres.start()

    def _kill_web(self) -> None:
        self.park.web.kill()
        self.park.web.start()
