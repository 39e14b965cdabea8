"""Which actor does what. Registered by a call, never at import."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import dramatiq

from worker.actors.broker import FRONT, PUSH, BrokerDoorbell, guarded, make_broker
from worker.bootstrap import App, UnknownBook
from worker.flows import apply, orders, probe, push


class _Occupied:
    """How many of the push threads are at work; a full house means that other books wait."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._busy = 0
        self._guard = threading.Lock()

    def is_full(self) -> bool:
        """Whether every thread has a lane."""
        return self._busy >= self._threads

    def __enter__(self) -> None:
        with self._guard:
            self._busy += 1

    def __exit__(self, *_exc: object) -> None:
        with self._guard:
            self._busy -= 1


def open_queues(
    app: App,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    ring_at: Callable[[str, str, datetime], None] = lambda _name, _row_id, _at: None,
    otherwise: Callable[[str, str], None] = lambda _name, _row_id: None,
) -> dict[str, dramatiq.Broker]:
    """One broker per queue with its actors, and the app's doorbell on them.

    `otherwise` gets what a queue that is away does not take.
    A process that only rings (a command, the web without a worker) stops here; see `Service` for one
    that works.
    """
    redis_url = app.settings.redis_url
    url = redis_url.get_secret_value() if redis_url else None
    brokers = {queue: make_broker(url) for queue in (FRONT, PUSH)}
    _register(brokers, app, should_stop=should_stop, ring_at=ring_at)
    app.doorbell = BrokerDoorbell(brokers.values(), otherwise)
    return brokers


def _register(
    brokers: Mapping[str, dramatiq.Broker],
    app: App,
    *,
    should_stop: Callable[[], bool],
    ring_at: Callable[[str, str, datetime], None],
) -> None:
    """Declare the actors of one process, each on the broker of its queue.

    `should_stop` ends a drain between two calls; `ring_at` keeps a timer for a lane that waits.
    """

    lanes_at_work = _Occupied(app.settings.push_threads)

    def apply_event(event_id: str) -> None:
        for book in apply.run(app.ports, event_id):
            app.doorbell.ring("drain_book", book)

    def drain_book(book_code: str) -> None:
        try:
            book = app.book(book_code)
        except UnknownBook:
            return
        with lanes_at_work:
            drained = push.drain(
                app.ports,
                book,
                app.timing(book),
                should_stop=should_stop,
                is_crowded=lanes_at_work.is_full,
            )
        if drained.wake_at is not None:
            ring_at("drain_book", book_code, drained.wake_at)

    def probe_book(book_code: str) -> None:
        probe.probe(app.ports, app.book(book_code))

    def work_order(order_id: str) -> None:
        hands_of = partial(app.hands, should_stop=should_stop)
        orders.work_off(app.ports, order_id, hands_of=hands_of)

    actors = (
        ("apply_event", FRONT, apply_event),
        ("drain_book", PUSH, drain_book),
        ("probe_book", PUSH, probe_book),
        ("work_order", FRONT, work_order),
    )
    for name, queue, work in actors:
        declare = dramatiq.actor(broker=brokers[queue], actor_name=name, queue_name=queue, max_retries=0)
        declare(guarded(work, name))
