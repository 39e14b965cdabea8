"""The sweeper: rings for every row that is due, so that losing all of Redis costs seconds (R3)."""

from __future__ import annotations

from connectors.crashpoints import crashpoint
from worker.delivery.consent import RENEW_AFTER
from worker.delivery.consequence import BOOK_WIDE
from worker.flows.ports import Ports
from worker.flows.probe import ASK_AGAIN
from worker.store import deliveries, freeing, inbox, lanes, orders, sealing, tokens


def sweep(ports: Ports) -> tuple[str, ...]:
    """Ring for stored events, work orders and books with work whose lane is free; returns what was rung for.

    Idempotent: any process may run it, and two at once only ring twice.
    """
    now = ports.clock.now()
    _seal_audit(ports)
    with ports.store.read() as connection:
        events = inbox.waiting(connection, now=now)
        books = lanes.free_of(connection, deliveries.books_with_work(connection, now=now), now=now)
        handed = orders.waiting(connection)
        paused = lanes.paused_for(connection, BOOK_WIDE, now=now)
        closed = freeing.blocked_by_period(connection, asked_before=now - ASK_AGAIN)
        idle = tokens.idle(connection, stored_before=now - RENEW_AFTER, asked_before=now - ASK_AGAIN)
    rung = [("apply_event", event) for event in events] + [("drain_book", book) for book in books]
    rung += [("work_order", order) for order in handed]
    rung += [("probe_book", book) for book in dict.fromkeys((*paused, *closed, *idle))]
    for name, row_id in rung:
        ports.doorbell.ring(name, row_id)
        crashpoint("sweeper.mid")
    return tuple(row_id for _, row_id in rung)


def _seal_audit(ports: Ports) -> None:
    """Chain what was written since the last sweep; one of several sweepers does it (R15)."""
    with ports.store.read() as connection:
        has_new = sealing.has_unsealed(connection)
    if has_new:
        ports.store.transact(sealing.seal)
