"""Probe: a book that paused for a cause we can look at goes on by itself once the cause is gone."""

from __future__ import annotations

from datetime import timedelta

import structlog

from connectors import registry
from connectors.errors import ConnectorError
from mappings.canonical.book import Book
from worker.delivery.consent import RENEW_AFTER
from worker.delivery.consequence import BOOK_WIDE
from worker.flows import book_check
from worker.flows.ports import Ports
from worker.store import freeing, lanes, tokens

log = structlog.get_logger()

ASK_AGAIN = timedelta(hours=1)
"""How often a book is asked whether its closed period was opened again, or to renew an idle token (QuickBooks
counts two reads each)."""

_AGAIN = timedelta(seconds=30)
_AGAIN_WHERE_READS_COST = timedelta(minutes=15)


def probe(ports: Ports, book: Book) -> bool:
    """Look at a paused book; True when it was resumed, else the next look is put off.

    Only pauses for the causes of `BOOK_WIDE`: an operator's pause and lost consent end by a person. A book
    that is not paused is asked whether a closed period that blocks something was opened again; one that was
    idle for long is asked something, so that its token is renewed.
    """
    now = ports.clock.now()
    with ports.store.read() as connection:
        lane = lanes.get(connection, book.code)
        closed = freeing.blocked_by_period(connection, asked_before=now - ASK_AGAIN)
        idle = tokens.idle(connection, stored_before=now - RENEW_AFTER, asked_before=now - ASK_AGAIN)
    is_closed = lane is not None and not lane.pause_reason and book.code in closed
    if is_closed or book.code in idle:
        book_check.refresh(ports, (book,), fresh=ASK_AGAIN)
    if lane is None or lane.pause_reason not in BOOK_WIDE:
        return False
    try:
        is_fine = not book_check.check(ports, book).problems
    except (ConnectorError, ValueError):
        is_fine = False
    if is_fine:
        ports.store.transact(lambda connection: lanes.resume(connection, book.code))
        log.info("book.resumed", book=book.code, reason=lane.pause_reason)
        ports.doorbell.ring("drain_book", book.code)
        return True
    reads_cost = registry.ledger(book.ledger).capabilities.metered_reads
    again = _AGAIN_WHERE_READS_COST if reads_cost else _AGAIN
    at = ports.clock.now() + again
    ports.store.transact(lambda connection: lanes.put_off(connection, book.code, until=at))
    return False
