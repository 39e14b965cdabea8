"""The sweeper: rings for every row that is due, so that losing all of Redis costs seconds (R3)."""

from __future__ import annotations

from worker.flows.ports import Ports
from worker.store import deliveries, inbox, lanes


def sweep(ports: Ports) -> tuple[str, ...]:
    """Ring for stored events and for books with work whose lane is free; returns what was rung for.

    Idempotent: any process may run it, and two at once only ring twice.
    """
    now = ports.clock.now()
    with ports.store.read() as connection:
        events = inbox.waiting(connection, now=now)
        books = lanes.free_of(connection, deliveries.books_with_work(connection, now=now), now=now)
    rung = [("apply_event", event) for event in events] + [("drain_book", book) for book in books]
    for name, row_id in rung:
        ports.doorbell.ring(name, row_id)
    return tuple(row_id for _, row_id in rung)
