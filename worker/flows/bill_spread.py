"""Chunks of a bill spread over processes of this machine; each has its own connection and transactions.

Only where the database takes many writers (PostgreSQL). This process works along instead of waiting. One
that dies costs its chunk's transaction, which this process then does itself.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process

import structlog

from worker.flows.bill_chunk import ChunkDone, ChunkOrder, ChunkWorker
from worker.store.engine import Store, open_store

log = structlog.get_logger()

PROCESSES_MAX = 8
"""More do not help: the database works for all of them."""

GIVEN_AHEAD = 3
"""Chunks in the hands of each other process: one at work, the rest so that it never waits for this one."""

Work = Callable[[Iterable[ChunkOrder]], Iterator[ChunkDone]]
"""Does chunks and gives what each came to, in any order."""


def here(store: Store) -> Work:
    """All chunks in this process, one after the other."""
    worker = ChunkWorker(store)
    return lambda orders: map(worker.work, orders)


@contextmanager
def spread(store: Store, processes: int | None = None) -> Iterator[Work]:
    """Chunks over this process and others (by default one for each processor in all); on SQLite in this one.

    They are started when the block is entered and end with it, whatever happens to this process.
    """
    wanted = min(len(os.sched_getaffinity(0)), PROCESSES_MAX) if processes is None else processes
    if store.is_sqlite or wanted < 2:
        yield here(store)
        return
    url = store.engine.url.render_as_string(hide_password=False)
    context = get_context("spawn")  # never fork: this process may have threads and open connections
    others = wanted - 1
    pool = ProcessPoolExecutor(others, context, initializer=_open, initargs=(url,))
    try:
        for ready in [pool.submit(_ready, others) for _ in range(others)]:
            ready.result()
        yield _Team(pool, others, ChunkWorker(store)).work
    finally:
        pool.shutdown(cancel_futures=True)


class _Team:
    """This process and others with the chunks of one bill."""

    def __init__(self, pool: ProcessPoolExecutor, others: int, own: ChunkWorker) -> None:
        self._pool = pool
        self._others = others
        self._own = own
        self._is_whole = True

    def work(self, orders: Iterable[ChunkOrder]) -> Iterator[ChunkDone]:
        """Do the orders: the others take theirs from the front, this process the one after those."""
        waiting = deque(orders)
        given: deque[tuple[ChunkOrder, Future[ChunkDone]]] = deque()
        while waiting or given:
            while waiting and self._is_whole and len(given) < self._others * GIVEN_AHEAD:
                self._give(waiting, given)
            if waiting:
                yield self._own.work(waiting.popleft())
            while given and (given[0][1].done() or not waiting):
                yield self._result(*given.popleft(), left=len(waiting))

    def _give(self, waiting: deque[ChunkOrder], given: deque[tuple[ChunkOrder, Future[ChunkDone]]]) -> None:
        try:
            given.append((waiting[0], self._pool.submit(_work, waiting[0])))
            waiting.popleft()
        except BrokenProcessPool:
            self._lost(len(waiting))

    def _result(self, order: ChunkOrder, future: Future[ChunkDone], *, left: int) -> ChunkDone:
        try:
            return future.result()
        except BrokenProcessPool:
            self._lost(left)
            return self._own.work(order)

    def _lost(self, left: int) -> None:
        if self._is_whole:
            log.error("billing.process-died", chunks_left=left)
        self._is_whole = False


_workers: list[ChunkWorker] = []
"""The one worker of a started process."""


def _open(url: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started us decides how a run ends
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _workers.append(ChunkWorker(open_store(url)))


def _end_with_parent() -> None:
    """A killed parent leaves nobody behind who would go on billing."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _ready(processes: int) -> int:
    """Answered once the process has what it needs; takes a moment, so that every process answers one."""
    _workers[0].warm_up()
    threading.Event().wait(0.02 * processes)
    return os.getpid()


def _work(order: ChunkOrder) -> ChunkDone:
    return _workers[0].work(order)
