"""Which actor does what. Registered by a call, never at import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import dramatiq

from worker.actors.broker import FRONT, PUSH, guarded
from worker.bootstrap import App, UnknownBook
from worker.flows import apply, orders, push


def register(
    broker: dramatiq.Broker,
    app: App,
    *,
    should_stop: Callable[[], bool],
    ring_at: Callable[[str, str, datetime], None],
) -> None:
    """Declare the actors of one process on its broker.

    `should_stop` ends a drain between two calls; `ring_at` keeps a timer for a lane that waits.
    """

    def apply_event(event_id: str) -> None:
        for book in apply.run(app.ports, event_id):
            app.doorbell.ring("drain_book", book)

    def drain_book(book_code: str) -> None:
        try:
            book = app.book(book_code)
        except UnknownBook:
            return
        drained = push.drain(app.ports, book, app.timing(book), should_stop=should_stop)
        if drained.wake_at is not None:
            ring_at("drain_book", book_code, drained.wake_at)

    def work_order(order_id: str) -> None:
        hands_of = partial(app.hands, should_stop=should_stop)
        orders.work_off(app.ports, order_id, hands_of=hands_of)

    actors = (
        ("apply_event", FRONT, apply_event),
        ("drain_book", PUSH, drain_book),
        ("work_order", FRONT, work_order),
    )
    for name, queue, work in actors:
        declare = dramatiq.actor(broker=broker, actor_name=name, queue_name=queue, max_retries=0)
        declare(guarded(work, name))
