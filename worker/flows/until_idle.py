"""Push until idle: drain every book here, or ring and follow the workers that do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from mappings.canonical.book import Book
from worker.flows.ports import Ports, Timing
from worker.flows.push import drain
from worker.store import deliveries, lanes
from worker.store.deliveries import Delivery

PATIENCE_S = 300.0
"""How long we wait without any progress before we say so and stop waiting; the work itself goes on."""

_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Waiting:
    """A book that still has work when we stop waiting: why, and when it goes on."""

    book: str
    why: str
    wake_at: datetime | None


def drain_all(
    ports: Ports,
    books: Mapping[str, tuple[Book, Timing]],
    *,
    should_stop: Callable[[], bool],
    on_verdict: Callable[[Delivery, str], None],
) -> tuple[Waiting, ...]:
    """Drain books side by side, one thread each, until each is idle; returns those that are not.

    A lane that another process holds is waited for.
    """
    if not books:
        return ()
    guard = threading.Lock()

    def tell(delivery: Delivery, state: str) -> None:
        with guard:
            on_verdict(delivery, state)

    def one(code: str) -> Waiting | None:
        return _drain_one(ports, *books[code], should_stop=should_stop, on_verdict=tell)

    with ThreadPoolExecutor(len(books), thread_name_prefix="book") as pool:
        return tuple(waiting for waiting in pool.map(one, sorted(books)) if waiting is not None)


def _drain_one(
    ports: Ports,
    book: Book,
    timing: Timing,
    *,
    should_stop: Callable[[], bool],
    on_verdict: Callable[[Delivery, str], None],
) -> Waiting | None:
    while True:
        drained = drain(ports, book, timing, should_stop=should_stop, on_verdict=on_verdict)
        if drained.why.startswith(("paused", "unknown")) or should_stop():
            return Waiting(book.code, drained.why, drained.wake_at) if _has_open(ports, book.code) else None
        if drained.why == "held by another worker":
            if not _has_open(ports, book.code):
                return None
            ports.clock.sleep(_POLL_S)
            continue
        if drained.wake_at is None:
            return None
        wait_s = (drained.wake_at - ports.clock.now()).total_seconds()
        if wait_s > PATIENCE_S:
            return Waiting(book.code, "waits for its next attempt", drained.wake_at)
        _sleep(ports, wait_s, should_stop)


def _sleep(ports: Ports, seconds: float, should_stop: Callable[[], bool]) -> None:
    until = ports.clock.monotonic() + seconds
    while not should_stop() and (left := until - ports.clock.monotonic()) > 0:
        ports.clock.sleep(min(left, 0.5))


def _has_open(ports: Ports, book: str) -> bool:
    with ports.store.read() as connection:
        return deliveries.open_count(connection, (book,)) > 0


def follow(
    ports: Ports,
    books: Mapping[str, tuple[Book, Timing]],
    *,
    should_stop: Callable[[], bool],
    on_progress: Callable[[int], None],
) -> tuple[Waiting, ...]:
    """Ring the workers for every book and wait until nothing can go on any more, or nothing moves.

    What a paused book holds does not go on and is not waited for. `on_progress` gets the number of deliveries
    still open.
    """
    codes = tuple(sorted(books))
    for code in codes:
        ports.doorbell.ring("drain_book", code)
    last, moved_at = -1, ports.clock.monotonic()
    while not should_stop():
        with ports.store.read() as connection:
            paused = lanes.pauses(connection)
            left = deliveries.open_count(connection, codes)
            moving = deliveries.open_count(connection, [code for code in codes if code not in paused])
        if left != last:
            last, moved_at = left, ports.clock.monotonic()
            on_progress(left)
        if moving == 0:
            break
        if ports.clock.monotonic() - moved_at > PATIENCE_S:
            break
        ports.clock.sleep(_POLL_S)
    return _left_over(ports, codes)


def _left_over(ports: Ports, codes: Sequence[str]) -> tuple[Waiting, ...]:
    """Books that still have open deliveries, and why those do not go on."""
    with ports.store.read() as connection:
        paused = lanes.pauses(connection)
        return tuple(
            Waiting(code, f"paused: {paused[code]}", None)
            if code in paused
            else Waiting(code, "no worker has moved it", deliveries.next_wake(connection, code))
            for code in codes
            if deliveries.open_count(connection, (code,))
        )
