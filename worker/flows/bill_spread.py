"""Chunks of a bill spread over processes of this machine; each has its own connection and transactions.

Only where the database takes many writers (PostgreSQL). A process that dies costs its chunk's transaction,
which this process then does itself.
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

Work = Callable[[Iterable[ChunkOrder]], Iterator[ChunkDone]]
"""Does chunks and gives what they came to, in the order they were given."""


def here(store: Store) -> Work:
    """All chunks in this process, one after the other."""
    worker = ChunkWorker(store)
    return lambda orders: map(worker.work, orders)


@contextmanager
def spread(store: Store, processes: int | None = None) -> Iterator[Work]:
    """Chunks over processes (by default one for each processor); on SQLite in this one.

    They are started when the block is entered and end with it, whatever happens to this process.
    """
    wanted = min(len(os.sched_getaffinity(0)), PROCESSES_MAX) if processes is None else processes
    if store.is_sqlite or wanted < 2:
        yield here(store)
        return
    url = store.engine.url.render_as_string(hide_password=False)
    context = get_context("spawn")  # never fork: this process may have threads and open connections
    pool = ProcessPoolExecutor(wanted, context, initializer=_open, initargs=(url,))
    try:
        for ready in [pool.submit(_ready, wanted) for _ in range(wanted)]:
            ready.result()
        yield lambda orders: _spread(pool, store, orders)
    finally:
        pool.shutdown(cancel_futures=True)


def _spread(pool: ProcessPoolExecutor, store: Store, orders: Iterable[ChunkOrder]) -> Iterator[ChunkDone]:
    given = deque((order, _given(pool, order)) for order in orders)
    own: ChunkWorker | None = None
    while given:
        order, future = given.popleft()
        try:
            done = None if future is None else future.result()
        except BrokenProcessPool:
            done = None
        if done is None:
            if own is None:
                log.error("billing.process-died", groups=len(order.groups), chunks_left=len(given))
            own = own or ChunkWorker(store)
            done = own.work(order)
        yield done


def _given(pool: ProcessPoolExecutor, order: ChunkOrder) -> Future[ChunkDone] | None:
    """The order in the hands of a process, or None once one of them has died."""
    try:
        return pool.submit(_work, order)
    except BrokenProcessPool:
        return None


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
