"""Verify mode: after a restore nothing is created before the book was read for it (R12, row 71).

Protects: a database restored from an older backup has forgotten what was posted since; the book has not.
Every delivery is looked for first, by our marker among what changed since the backup and by its number or
name; what is there is adopted, and only what is provably absent is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from connectors.errors import ConnectorError, OutcomeUnknown, Refused
from connectors.protocols import Change, Changes, Held, Ledger, Rendered, ReportsChanges
from mappings.canonical.book import Book
from mappings.canonical.record import Reference
from worker.delivery.foresight import Fate, seen
from worker.delivery.step import Park
from worker.flows import steps
from worker.flows.looking import look_up
from worker.flows.ports import Ports, Timing
from worker.flows.sending import facts
from worker.store import audit, deliveries, lanes, metering, references
from worker.store.deliveries import Delivery
from worker.store.engine import Connection
from worker.store.lanes import Lane

log = structlog.get_logger()

_AGAIN = timedelta(seconds=30)
_TOLERANCE = timedelta(milliseconds=1)
"""The file outside carries instants as text; a database keeps microseconds."""


def guard_of(ports: Ports, book: Book, ledger: Ledger, lane: Lane, timing: Timing) -> Guard | None:
    """The guard of a lane that must verify; None for one that need not.

    A lane that sent something after what its own row remembers was restored: it begins to verify now.
    """
    since = lane.verify_since
    outside = ports.watermark.last_sent(book.code)
    if since is None and outside is not None and outside > lane.pacing.last_call_at + _TOLERANCE:
        since = lane.pacing.last_call_at
        now = ports.clock.now()

        def work(connection: Connection) -> None:
            lanes.verify(connection, now=now, book=book.code)
            body = {"database": lane.pacing.last_call_at, "outside": outside}
            audit.record(
                connection,
                actor=ports.holder,
                act="book.verify",
                subject=f"book {book.code}",
                body=body,
                now=now,
            )

        ports.store.transact(work)
        log.warning("book.restored", book=book.code, since=str(since))
    return None if since is None else Guard(ports, book, ledger, timing, since)


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look into the book told: what it holds for each delivery, or why it could not be read.

    `unready` are those that lack something to be rendered; `changes` what changed since the backup, where
    this look asked for it.
    """

    ready: tuple[Delivery, ...]
    unready: tuple[Delivery, ...]
    held: tuple[Held | None, ...] = ()
    changes: Changes | None = None
    reads: int = 0
    failed: ConnectorError | None = None


@dataclass
class Guard:
    """Lets a delivery of one stay pass only after the book was read for it. `absent`: read, not there."""

    ports: Ports
    book: Book
    ledger: Ledger
    timing: Timing
    since: datetime
    absent: set[str] = field(default_factory=set)
    by_marker: dict[str, Change] | None = None

    def prepared(self, chosen: Sequence[str]) -> Looked:
        """What a look at these deliveries (ids) will ask for; touches no row and makes no call."""
        with self.ports.store.read() as connection:
            waiting = tuple(deliveries.get_many(connection, chosen).values())
            needed = {reference for one in waiting for reference in self.ledger.needs(one.record)}
            bound = references.bound_of(connection, self.book.code, needed)
        rendered = [(one, self._rendered(one, bound)) for one in waiting]
        ready = [
            replace(one, wire=made.body, lookup=made.lookup, expect=made.expect)
            for one, made in rendered
            if made is not None
        ]
        return Looked(tuple(ready), tuple(one for one, made in rendered if made is None))

    def look(self, asked: Looked) -> Looked:
        """Read the book; runs in a thread of the lane, touches no row and never raises."""
        try:
            told = self._told() if asked.ready and self.by_marker is None else None
            found, reads = look_up(self.ledger, [one.shipment for one in asked.ready])
        except ConnectorError as error:
            return replace(asked, failed=error)
        except Exception as error:  # the connector's door: a failed look proves nothing
            log.exception("verify.connector-failed", book=self.book.code)
            return replace(asked, failed=OutcomeUnknown(f"Our connector failed with {type(error).__name__}."))
        reads += told.reads if told is not None else 0
        return replace(asked, held=tuple(found), changes=told, reads=reads)

    def _told(self) -> Changes | None:
        """What changed since the backup, as far back as the ledger tells; read once a stay."""
        if not isinstance(self.ledger, ReportsChanges):
            return None
        earliest = self.ports.clock.now() - self.ledger.look_back + timedelta(minutes=1)
        return self.ledger.changes(max(self.since, earliest))

    def settle(self, lane: Lane, looked: Looked) -> bool:
        """Adopt what is there, park what differs, and let the rest pass; False when the lane was lost."""
        if looked.failed is not None:
            log.warning("verify.failed", book=self.book.code, why=type(looked.failed).__name__)
            until = self.ports.clock.now() + _AGAIN
            self.ports.store.transact(partial(lanes.put_off, book=lane.book, until=until))
            return True
        if self.by_marker is None and looked.ready:
            changes = looked.changes.changes if looked.changes is not None else ()
            documents = (one for one in changes if one.kind in ("invoice", "credit_note"))
            self.by_marker = {one.marker: one for one in documents if one.marker}
        found = [
            (one, held, self._fate(one, held)) for one, held in zip(looked.ready, looked.held, strict=True)
        ]
        if not self._written(lane, found, reads=looked.reads):
            return False
        self.absent |= {one.id for one in looked.unready}  # the write-ahead says what they lack
        self.absent |= {one.id for one, _, fate in found if fate.prospect == "create"}
        return True

    def _rendered(self, delivery: Delivery, bound: Mapping[Reference, str]) -> Rendered | None:
        if any(reference not in bound for reference in self.ledger.needs(delivery.record)):
            return None
        try:
            return self.ledger.render(delivery.record, marker=delivery.marker, bound=bound)
        except Refused:
            return None

    def _fate(self, delivery: Delivery, held: Held | None) -> Fate:
        """By number or name, and by our marker wherever it is: a restored database may number anew."""
        elsewhere = (self.by_marker or {}).get(delivery.marker)
        if elsewhere is not None and elsewhere.is_live and elsewhere.lookup != delivery.lookup:
            why = f"The book holds it as {elsewhere.lookup} (id {elsewhere.ledger_id})."
            return Fate("blocked", why, "differs_there")
        looked_for = replace(delivery, send_started_at=self.ports.clock.now())
        return seen(held, facts(looked_for, self.timing))

    def _written(
        self, lane: Lane, found: Sequence[tuple[Delivery, Held | None, Fate]], *, reads: int
    ) -> bool:
        """The look's verdicts, in one transaction; False when the lane was lost."""
        now = self.ports.clock.now()

        def work(connection: Connection) -> bool:
            if lanes.lock_mine(connection, lane, now=now, margin=lanes.SEND_MARGIN) is None:
                return False
            metering.count_reads(connection, lane.book, reads, now=now)
            adopted = []
            for delivery, held, fate in found:
                if fate.prospect == "nothing" and held is not None:
                    _adopt(connection, delivery, held, now)
                    adopted.append(delivery.id)
                elif fate.prospect == "blocked":
                    hint = "Compare the record in the book with ours, then replay."
                    steps.apply(connection, delivery, _parked(fate, hint), now=now)
            deliveries.wake_dependents(connection, adopted, now=now)
            return True

        return self.ports.store.transact(work)


def _parked(fate: Fate, hint: str) -> Park:
    """The park of what the book holds otherwise; the reason is one of those a read gives."""
    match fate.reason:
        case "number_taken":
            return Park("number_taken", fate.sentence, hint, False)
        case "voided_there":
            return Park("voided_there", fate.sentence, hint, True)
        case _:
            return Park("differs_there", fate.sentence, hint, True)


def _adopt(connection: Connection, delivery: Delivery, held: Held, now: datetime) -> None:
    """Take a waiting delivery to posted with the evidence of a read: by way of parked, the edge there is."""
    assert delivery.wire is not None, "rendered before it was looked for"
    why = "Found in the book after a restore, and adopted."
    if not deliveries.move(connection, delivery, "parked", now=now, reason="", why=why):
        return
    known: dict[str, object] = {
        "ledger_id": held.ledger_id,
        "ledger_version": held.version,
        "lookup": delivery.lookup,
        "wire": deliveries.pack(delivery.wire),
        "wire_hash": hashlib.sha256(delivery.wire).hexdigest(),
        "expect": deliveries.expect_json(delivery.expect),
    }
    parked = deliveries.with_state(delivery, "parked")
    deliveries.move(connection, parked, "posted", now=now, reason="", why=why, hint="", **known)
    references.bind(
        connection,
        delivery.book,
        Reference(delivery.kind, delivery.ref),
        ledger_id=held.ledger_id,
        version=held.version,
        origin="found",
    )


def restored(ports: Ports, *, actor: str, reason: str) -> tuple[str, ...]:
    """The database was restored: every lane reads before it creates; returns the books that now do."""
    now = ports.clock.now()

    def work(connection: Connection) -> tuple[str, ...]:
        begun = lanes.verify(connection, now=now)
        if begun:
            audit.record(
                connection,
                actor=actor,
                act="db.restored",
                subject=f"{len(begun)} books",
                reason=reason,
                now=now,
            )
        return begun

    return ports.store.transact(work)


def verified(ports: Ports, book: Book, *, actor: str, reason: str) -> bool:
    """A person says that a book and we agree again; False when its lane was not verifying."""
    now = ports.clock.now()

    def work(connection: Connection) -> bool:
        ended = lanes.end_verify(connection, book.code)
        if ended:
            audit.record(
                connection,
                actor=actor,
                act="book.verified",
                subject=f"book {book.code}",
                reason=reason,
                now=now,
            )
        return ended

    return ports.store.transact(work)
