"""Reconcile a book: what changed there since we last looked, compared with what we posted (R12).

Protects: nothing of finance's is overwritten, and nothing that is gone there is created again. A
difference is written down with its fix; the book itself, or a person, closes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from connectors.protocols import Change, Expectation, ReportsChanges
from mappings.canonical.book import Book
from worker.delivery.differences import Known, is_paid, observe, unknown
from worker.flows.ports import Ports
from worker.store import audit, book_facts, bulk, differences, freeing, lanes, metering
from worker.store.differences import DifferenceLine
from worker.store.engine import Connection

log = structlog.get_logger()

FIRST_LOOK = timedelta(days=29)
_CHUNK = 200


class CannotReport(Exception):
    """The book's ledger tells no changes."""


class UnknownDifference(LookupError):
    """No difference has this id."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a look at a book found. `since` to `until` was looked at; a gap means that part was not told.

    `ours` changed records are ours, so many are `paid`; `open` are all open differences of the book.
    """

    book: str
    since: datetime
    until: datetime
    reads: int
    changes: int
    ours: int
    paid: int
    is_complete: bool
    has_gap: bool
    freed: tuple[str, ...]
    open: tuple[DifferenceLine, ...]


def reconcile(ports: Ports, book: Book, *, since: datetime | None = None) -> Reconciled:
    """Compare what changed in a book with ours; one metered read. Doing it twice equals doing it once.

    Raises `CannotReport`, or a `ConnectorError` when the book cannot be read.
    """
    ledger = ports.open_ledger(book)
    if not isinstance(ledger, ReportsChanges):
        raise CannotReport(f"the ledger of book {book.code} tells no changes")
    now = ports.clock.now()
    with ports.store.read() as connection:
        facts = book_facts.get(connection, book.code)
        lane = lanes.get(connection, book.code)
    starts = [facts.changes_until if facts is not None else None, lane.verify_since if lane else None]
    wanted = since or min(filter(None, starts), default=now - FIRST_LOOK)
    earliest = now - ledger.look_back + timedelta(minutes=1)
    begin = max(wanted, earliest)
    told = ledger.changes(begin)
    by_kind: defaultdict[str, list[Change]] = defaultdict(list)
    for change in told.changes:
        by_kind[change.kind].append(change)
    counts = [0, 0]
    freed: list[str] = []
    for kind, changes in by_kind.items():
        for chunk in bulk.chunks(changes, _CHUNK):
            work = _Look(book, kind, chunk, now)
            ours, paid, let_go = ports.store.transact(work)
            counts[0] += ours
            counts[1] += paid
            freed += let_go

    def finish(connection: Connection) -> tuple[DifferenceLine, ...]:
        metering.count_reads(connection, book.code, told.reads, now=now)
        if told.is_complete:
            if facts is None:
                book_facts.asked(connection, book.code, now=now)
            book_facts.read_changes_until(connection, book.code, until=told.until)
        found = differences.lines(connection, book=book.code)
        lane = lanes.get(connection, book.code)
        is_known = not any(one.reason == "unknown_there" for one in found)
        if told.is_complete and begin <= wanted and is_known and lane is not None and lane.verify_since:
            lanes.end_verify(connection, book.code)
        return found

    still_open = ports.store.transact(finish)
    if freed:
        ports.doorbell.ring("drain_book", book.code)
    log.info(
        "reconcile.done", book=book.code, changes=len(told.changes), ours=counts[0], open=len(still_open)
    )
    return Reconciled(
        book=book.code, since=begin, until=told.until, reads=told.reads, changes=len(told.changes),
        ours=counts[0], paid=counts[1], is_complete=told.is_complete, has_gap=begin > wanted,
        freed=tuple(freed), open=still_open,
    )  # fmt: skip


def accept(ports: Ports, difference_id: str, *, actor: str, reason: str) -> DifferenceLine:
    """A person says that a difference is all right. It opens again if the record changes once more."""
    now = ports.clock.now()

    def work(connection: Connection) -> DifferenceLine:
        line = differences.get(connection, difference_id)
        if line is None:
            raise UnknownDifference(f"there is no difference {difference_id}")
        if differences.close(connection, (line.id,), by=actor, reason=reason, now=now):
            audit.record(
                connection, actor=actor, act="difference.accept", subject=line.id, reason=reason,
                body={"book": line.book, "what": line.what}, now=now,
            )  # fmt: skip
        return line

    return ports.store.transact(work)


def listed(ports: Ports, *, book: str, states: tuple[str, ...], limit: int) -> tuple[DifferenceLine, ...]:
    """Differences of one book or all, the oldest first."""
    with ports.store.read() as connection:
        return differences.lines(connection, book=book, states=states, limit=limit)


@dataclass(frozen=True, slots=True)
class _Look:
    """One transaction over some changes of one kind: how many are ours and paid, and what goes on now."""

    book: Book
    kind: str
    changes: Sequence[Change]
    now: datetime

    def __call__(self, connection: Connection) -> tuple[int, int, tuple[str, ...]]:
        known = differences.known(
            connection, self.book.code, self.kind, [change.ledger_id for change in self.changes]
        )
        posted = differences.markers_of(
            connection, self.book.code, {one.marker for one in self.changes if one.marker}
        )
        ours = paid = 0
        active: list[Known] = []
        for change in self.changes:
            for one in known.get(change.ledger_id, ()):
                ours += 1
                paid += is_paid(change)
                self._compare(connection, change, one)
                if change.is_there and change.is_active and self.kind in ("customer", "item"):
                    active.append(one)
            is_stranger = change.ledger_id not in known and change.marker and change.marker not in posted
            if is_stranger and change.is_live and self.kind in ("invoice", "credit_note"):
                self._note_unknown(connection, change)
        reason = f"{self.kind}_inactive"
        codes = [one.code for one in active]
        freed = freeing.free_active(connection, self.book.code, self.kind, codes, reason=reason, now=self.now)
        return ours, paid, freed

    def _compare(self, connection: Connection, change: Change, ours: Known) -> None:
        found = observe(change, ours)
        differences.note(connection, self.book.code, ours, found, version=change.version, now=self.now)
        if ours.delivery_id and self.kind in ("invoice", "credit_note"):
            flags: set[str] = {one.flag for one in found if one.flag is not None}
            differences.flag(connection, ours.delivery_id, flags | ({"paid"} if is_paid(change) else set()))

    def _note_unknown(self, connection: Connection, change: Change) -> None:
        stranger = Known(
            self.kind, change.marker, change.ledger_id, change.lookup, change.version, Expectation()
        )
        found = (unknown(change),)
        differences.note(connection, self.book.code, stranger, found, version=change.version, now=self.now)
