"""A book with a fake ledger, a virtual clock and documents on their way: what drain tests start from."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from mappings.canonical.book import Book
from mappings.canonical.record import RecordKind
from tests.fakes.clock import VirtualClock
from tests.fakes.documents import a_customer, a_document, a_record
from tests.fakes.ledger import MemoryLedger
from worker.flows.ports import Ports, Timing
from worker.flows.push import Drained, drain
from worker.store import lanes, planning
from worker.store.columns import new_id
from worker.store.deliveries import DELIVERY
from worker.store.engine import Store
from worker.store.planning import PlannedDocument

KINDS: frozenset[RecordKind] = frozenset({"customer", "item", "invoice", "credit_note"})
TIMING = Timing(server_limit_s=120, recheck_s=10)
BOOK = Book("DE-BOOK", "DE", "memory", "DE-CHART", "EUR")


@dataclass
class Bell:
    """Remembers what was rung."""

    rung: list[tuple[str, str]] = field(default_factory=list)

    def ring(self, name: str, row_id: str) -> None:
        self.rung.append((name, row_id))


@dataclass
class Bench:
    """Everything a drain needs, and words for what tests ask."""

    store: Store
    clock: VirtualClock
    ledger: MemoryLedger
    bell: Bell
    timing: Timing = TIMING

    def ports(self, holder: str = "one") -> Ports:
        return Ports(self.store, self.clock, lambda _book: self.ledger, self.bell, holder, lambda: 1.0)

    def plan(self, *numbers: str, net: int = 10000, create_missing: str = "always") -> None:
        planned = [
            PlannedDocument(
                book=BOOK.code,
                document_id=new_id(),
                record=a_record(a_document(number, net=net)),
                companions=(a_customer(),),
                create_missing="always" if create_missing == "always" else "never",
                takes=KINDS,
                sort_key=number,
            )
            for number in numbers
        ]
        with self.store.write() as connection:
            planning.plan(connection, planned, now=self.clock.now())

    def drain(self, holder: str = "one") -> Drained:
        return drain(self.ports(holder), BOOK, self.timing)

    def drain_until_idle(self, *, steps: int = 50) -> None:
        """Drain, and move time to the next wake-up, until nothing waits."""
        for _ in range(steps):
            drained = self.drain()
            if drained.wake_at is None:
                return
            self.clock.advance(max(0.001, (drained.wake_at - self.clock.now()).total_seconds()))
        raise AssertionError("the lane never became idle")

    def states(self) -> dict[str, str]:
        """lookup -> state of every delivery."""
        with self.store.read() as connection:
            rows = connection.execute(select(DELIVERY.c.lookup, DELIVERY.c.state).order_by(DELIVERY.c.id))
            return {row.lookup: row.state for row in rows}

    def pause(self, reason: str) -> None:
        with self.store.write() as connection:
            lanes.pause(connection, BOOK.code, reason=reason, why="a test")

    def row(self, lookup: str) -> dict[str, object]:
        with self.store.read() as connection:
            row = connection.execute(select(DELIVERY).where(DELIVERY.c.lookup == lookup)).mappings().one()
            return dict(row)


@pytest.fixture
def bench(store: Store) -> Bench:
    with store.write() as connection:
        lanes.ensure(connection, [BOOK.code])
    return Bench(store, VirtualClock(), MemoryLedger(), Bell())
