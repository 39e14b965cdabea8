"""The working half of a process: dramatiq workers on this process's own threads, timers and the sweeper.

One process runs its own `dramatiq.Worker`s, never dramatiq's forking command: there the death of one
child stops its siblings (measured, see the decision on the queue).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

import structlog
from dramatiq import Worker

from worker.actors.broker import FRONT, PUSH
from worker.actors.health import queue_trouble
from worker.actors.register import open_queues
from worker.actors.spare import SpareHands
from worker.actors.timers import Timers
from worker.bootstrap import App
from worker.flows.sweep import sweep

log = structlog.get_logger()

_SWEEP_S = 2.0
_FRONT_THREADS = 2
_SPARE_THREADS = 4
_LOOK_UP_MS = 200
"""How often an idle thread looks whether it should stop, and a consumer asks without having been woken.

A message wakes both at once; thirty threads that look up every 20 ms would cost a sixth of a core."""


class Service:
    """Works off what is due until stopped; a context manager."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._timers = Timers(app.clock, self._ring, every=self._sweep, interval_s=_SWEEP_S)
        self._spare = SpareHands(lambda name: self._actor(name), threads=_SPARE_THREADS)
        self._brokers = open_queues(
            app,
            should_stop=self._stopping.is_set,
            ring_at=self._timers.ring_at,
            otherwise=self._spare.take,
        )
        threads = {FRONT: _FRONT_THREADS, PUSH: app.settings.push_threads}
        self._workers = tuple(
            Worker(broker, queues={queue}, worker_threads=threads[queue], worker_timeout=_LOOK_UP_MS)
            for queue, broker in self._brokers.items()
        )

    def start(self) -> None:
        """Start the workers, then the sweeper, which rings for everything that waits already."""
        for worker in self._workers:
            worker.start()
        self._timers.start()
        log.info("worker.started", holder=self._app.holder)
        redis_url = self._app.settings.redis_url
        if trouble := queue_trouble(redis_url.get_secret_value() if redis_url else None):
            log.warning("queue.trouble", why=trouble)

    def stop(self) -> None:
        """Stop taking work, let open calls finish within the drain time, and return (R14)."""
        self._stopping.set()
        self._timers.stop()
        for worker in self._workers:
            worker.stop(timeout=int(self._app.settings.drain_s * 1000))
        self._spare.stop()
        for broker in self._brokers.values():
            broker.close()
        log.info("worker.stopped", holder=self._app.holder)

    def _actor(self, name: str) -> Callable[[str], None]:
        broker = next(one for one in self._brokers.values() if name in one.actors)
        work: Callable[[str], None] = broker.get_actor(name).fn
        return work

    def _ring(self, name: str, row_id: str) -> None:
        self._app.doorbell.ring(name, row_id)

    def _sweep(self) -> None:
        try:
            sweep(self._app.ports)
        except Exception:  # the sweeper's door: the next sweep tries again
            log.exception("sweep.failed")

    def __enter__(self) -> Service:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
