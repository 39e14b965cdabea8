"""One act of the bench in a fresh process, as a command of the product would do it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any, Literal

import psutil
import structlog
from sqlalchemy import select

from connectors.protocols import Ledger
from mappings.canonical.book import Book
from tests.bench import sellers
from tests.bench.measuring import watched
from tests.bench.sellers import AS_OF, NOW
from tests.fakes.clock import VirtualClock
from worker.flows import bill
from worker.flows.bill_spread import spread
from worker.flows.ports import Ports
from worker.store import groups, subscriptions
from worker.store.engine import Store, open_store
from worker.store.subscriptions import Directory
from worker.store.tables import DocumentRow, table_of

Act = Literal["bill", "recompute", "change"]


@dataclass(frozen=True, slots=True)
class Acted:
    """What an act did and took. `start_s` is the start of its processes, which is not in `seconds`;
    `lines_each` is counted after a first bill only."""

    documents: int
    lines_each: int
    seconds: float
    start_s: float
    cpu_s: float
    together_mb: float = 0.0
    largest_mb: float = 0.0


class _Silent:
    def ring(self, name: str, row_id: str) -> None:
        """Nobody listens."""


def perform(url: str, act: Act, *, processes: int, seed: int, numbers: tuple[int, ...]) -> Acted:
    """Do it in a process of its own, and watch that process's memory."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_main, args=(theirs, url, act, processes, seed, numbers))
    child.start()
    assert child.pid is not None
    with watched(child.pid) as memory:
        theirs.close()
        try:
            done: Acted = ours.recv()
        finally:
            child.join()
    return Acted(
        done.documents,
        done.lines_each,
        done.seconds,
        done.start_s,
        done.cpu_s,
        memory.together_mb,
        memory.largest_mb,
    )


def _main(pipe: Any, url: str, act: Act, processes: int, seed: int, numbers: Sequence[int]) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    store = open_store(url)
    if act == "recompute":
        store.transact(groups.mark_all_dirty)
    if act == "change":
        _change(store, seed, numbers)
    done = _bill(store, processes)
    pipe.send(replace(done, lines_each=_lines_each(store)) if act == "bill" else done)
    pipe.close()
    store.close()


def _bill(store: Store, processes: int) -> Acted:
    ports = Ports(store, VirtualClock(NOW), _no_ledger, _Silent(), "bench", lambda: 0.5)
    began = time.perf_counter()
    with spread(store, processes) as work:
        started, cpu = time.perf_counter(), _cpu_s()
        run = bill.run(ports, as_of=AS_OF, work=work)
        seconds, cpu_s = time.perf_counter() - started, _cpu_s() - cpu
    assert not run.failed, run.failed
    documents = run.change.written + run.change.kept
    assert run.change.held == 0, run.account.reasons[:3]
    return Acted(documents, 0, seconds, started - began, cpu_s)


def _lines_each(store: Store) -> int:
    """How many lines an invoice has; every one of the first thousand must have the same number."""
    with store.read() as connection:
        bodies = connection.scalars(select(table_of(DocumentRow).c.body).limit(1000))
        (lines,) = {body.count('"sold_to":') for body in bodies}
    return int(lines)


def _cpu_s() -> float:
    """Processor time of this process and those it started so far."""
    me = psutil.Process()
    return sum(sum(one.cpu_times()[:2]) for one in (me, *me.children(recursive=True)))


def _change(store: Store, seed: int, numbers: Sequence[int]) -> None:
    changes = [sellers.change_of(seed, number) for number in numbers]
    with store.write() as connection:
        subscriptions.store_state(connection, (), changes, directory=Directory({}, {}))


def _no_ledger(book: Book) -> Ledger:
    raise AssertionError(f"a bill opens no book, and not {book.code}")
