"""Which actor does what. Registered by a call, never at import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import dramatiq

from worker.actors.broker import FRONT, PUSH, guarded
from worker.bootstrap import App, UnknownBook
from worker.flows import apply, push


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

    for name, queue, work in (("apply_event", FRONT, apply_event), ("drain_book", PUSH, drain_book)):
        declare = dramatiq.actor(broker=broker, actor_name=name, queue_name=queue, max_retries=0)
        declare(guarded(work, name))
