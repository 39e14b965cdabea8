"""One book, a ledger that misbehaves, and workers that freeze and die: words for fault stories."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from mappings.canonical.book import Book
from mappings.canonical.record import RecordKind
from tests.fakes.clock import VirtualClock
from tests.fakes.documents import a_customer, a_document, a_record
from tests.faults.invariants import Violation, violations
from tests.faults.unreliable import MortalStore, UnreliableLedger, WorkerDied, quick_store
from tests.servers.databases import SqliteDatabases
from worker.flows import replay, sending
from worker.flows.ports import Ports, Timing
from worker.flows.push import Drained, drain
from worker.flows.sweep import sweep
from worker.store import deliveries, lanes, planning
from worker.store.columns import new_id
from worker.store.deliveries import DELIVERY
from worker.store.engine import Store
from worker.store.lanes import LEASE, Lane
from worker.store.planning import PlannedDocument

KINDS: frozenset[RecordKind] = frozenset({"customer", "item", "invoice", "credit_note"})
BOOK = Book("DE-BOOK", "DE", "memory", "DE-CHART", "EUR")
TIMING = Timing(server_limit_s=120, recheck_s=10)
STEPS_MAX = 400


@dataclass
class Queue:
    """A broker that keeps every ring until somebody takes or loses it."""

    rung: deque[tuple[str, str]] = field(default_factory=deque)

    def ring(self, name: str, row_id: str) -> None:
        """Queue it."""
        self.rung.append((name, row_id))


@dataclass(frozen=True, slots=True)
class Frozen:
    """A worker that stopped between its write-ahead and its call."""

    ports: Ports
    lane: Lane
    parcel: sending.Parcel


@dataclass
class World:
    """A store, a clock, a ledger, and how long the worker believes the server may still commit."""

    store: Store
    clock: VirtualClock
    ledger: UnreliableLedger
    timing: Timing = TIMING
    planned: list[str] = field(default_factory=list)
    bell: Queue = field(default_factory=Queue)

    def ports(self, holder: str, *, store: Store | None = None, clock: VirtualClock | None = None) -> Ports:
        return Ports(
            store or self.store,
            clock or self.clock,
            lambda _book: self.ledger,
            self.bell,
            holder,
            lambda: 0.5,
        )

    def plan(self, *numbers: str) -> None:
        """Release documents of one customer into the book."""
        self.planned.extend(numbers)
        rows = [
            PlannedDocument(
                book=BOOK.code,
                document_id=new_id(),
                record=a_record(a_document(number)),
                companions=(a_customer(),),
                create_missing="always",
                takes=KINDS,
                sort_key=number,
            )
            for number in numbers
        ]
        with self.store.write() as connection:
            planning.plan(connection, rows, now=self.clock.now())
        self.bell.ring("drain_book", BOOK.code)

    def drain(self, holder: str = "one", *, clock: VirtualClock | None = None) -> Drained:
        return drain(self.ports(holder, clock=clock), BOOK, self.timing)

    def drain_and_die(self, store: MortalStore, holder: str = "mortal") -> bool:
        """Drain with a worker that dies at its store's chosen write; whether it came to that."""
        try:
            drain(self.ports(holder, store=store), BOOK, self.timing)
        except WorkerDied:
            return True
        return False

    def freeze(self, holder: str = "frozen", *, limit: int = 5) -> Frozen | None:
        """Let a worker get as far as the write-ahead; None when it has nothing to send now."""
        ports, now = self.ports(holder), self.clock.now()
        with self.store.write() as connection:
            lane = lanes.take(connection, BOOK.code, holder=holder, now=now)
            due = () if lane is None else deliveries.due(connection, BOOK.code, now=now, limit=limit)
        if lane is None:
            return None
        ids = [one.id for one in due[:1]]
        parcel = sending.write_ahead(ports, lane, self.ledger, ids, pacing=lane.pacing) if ids else None
        if parcel is None:
            with self.store.write() as connection:
                lanes.release(connection, lane)
            return None
        return Frozen(ports, lane, parcel)

    def thaw(self, frozen: Frozen) -> None:
        """The frozen worker goes on where it stopped: it sends, hears and writes down."""
        answer = sending.call(self.ledger, frozen.parcel, clock=self.clock)
        sending.settle(frozen.ports, frozen.lane, answer, self.timing)

    def sweep(self) -> tuple[str, ...]:
        """Let the sweeper ring for what is due; returns what it rang for."""
        return sweep(self.ports("sweeper"))

    def come_to_rest(self, holder: str = "last") -> None:
        """Drain until nothing goes on by itself; time passes, leases expire, consent is given again.

        Whatever a drain finds to call for, the sweeper had rung for: nothing waits for a lost message.
        """
        for _ in range(STEPS_MAX):
            rung = self.sweep()
            drained = self.drain(holder)
            assert BOOK.code in rung or not drained.calls, "the sweeper did not see that something is due"
            if drained.why.startswith("paused"):
                with self.store.write() as connection:
                    lanes.resume(connection, BOOK.code)
            elif drained.why == "held by another worker":
                self.clock.advance(LEASE.total_seconds())
            elif drained.wake_at is None:
                self.ledger.catch_up()
                return
            else:
                self.clock.advance(max(0.001, (drained.wake_at - self.clock.now()).total_seconds()))
        raise AssertionError("the lane never came to rest")

    def replay_all(self) -> None:
        """An operator replays everything that waits for a person."""
        with self.store.read() as connection:
            query = select(DELIVERY.c.id).where(DELIVERY.c.state.in_(("parked", "blocked")))
            waiting = list(connection.scalars(query))
        for delivery_id in waiting:
            replay.replay(self.ports("operator"), delivery_id, actor="tester", reason="fixed")

    def forgotten(self) -> set[str]:
        """Numbers that were released and have no delivery row any more."""
        with self.store.read() as connection:
            return set(self.planned) - set(connection.scalars(select(DELIVERY.c.lookup)))

    def violations(self) -> tuple[Violation, ...]:
        return violations(self.store, self.ledger)

    def laws_broken(self) -> set[str]:
        return {one.law for one in self.violations()}


@contextmanager
def a_world(
    databases: SqliteDatabases, ledger_of: Callable[[VirtualClock], UnreliableLedger] | None = None
) -> Iterator[World]:
    """A fresh world on a SQLite file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        store = quick_store(databases.migrated(Path(folder)))
        clock = VirtualClock()
        with store.write() as connection:
            lanes.ensure(connection, [BOOK.code])
        ledger = ledger_of(clock) if ledger_of is not None else UnreliableLedger(clock=clock)
        try:
            yield World(store, clock, ledger)
        finally:
            store.close()
