"""The database goes away, or makes us wait: what was sent is not forgotten, and nothing is sent twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from connectors.errors import ConnectorError, OutcomeUnknown
from connectors.protocols import Shipment
from tests.fakes.ledger import MemoryLedger
from tests.faults.unreliable import committing
from tests.faults.world import BOOK, World, a_world
from tests.servers.databases import SqliteDatabases
from worker.flows.push import KEEP_S, drain
from worker.store.engine import Store, open_store


class AwayStore(Store):
    """A store whose server is away for its next writes, from the moment it is told so."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.away_for = 0

    @contextmanager
    def write(self) -> Iterator[Connection]:
        if self.away_for > 0:
            self.away_for -= 1
            raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))
        with super().write() as connection:
            yield connection


@dataclass
class Outage:
    """A ledger's fault: it answers well or not, and by then our database is away for some writes."""

    store: AwayStore
    writes: int
    error: ConnectorError | None = None
    calls: int = field(default=0)

    def __call__(self, ledger: MemoryLedger, shipments: object) -> object:
        assert isinstance(shipments, list)
        self.calls += 1
        self.store.away_for = self.writes
        if self.error is not None:
            return committing(self.error)(ledger, shipments)
        return ledger.commit(shipments)


@pytest.fixture
def world(sqlite_databases: SqliteDatabases) -> Iterator[World]:
    """A book that holds its customer already, with INV-1 waiting."""
    with a_world(sqlite_databases) as made:
        made.plan("INV-0")
        made.come_to_rest()
        made.plan("INV-1")
        yield made


def drain_through(world: World, store: AwayStore) -> None:
    drain(world.ports("one", store=store), BOOK, world.timing)


class TestOutcome:
    def test_is_kept_while_the_database_is_away_and_written_down_after(self, world: World) -> None:
        """Rows 49, 50: a minute without a database, the lane lost meanwhile: no read, no second call."""
        store = AwayStore(world.store.engine)
        world.ledger.faults = [Outage(store, writes=120)]  # type: ignore[list-item]  # a Fault with a memory
        finds = world.ledger.finds

        drain_through(world, store)
        world.come_to_rest()

        assert (world.ledger.finds, world.violations()) == (finds, ())
        assert world.ledger.documents() == ["INV-0", "INV-1"]

    def test_that_is_unknown_is_kept_as_well(self, world: World) -> None:
        """Row 50: what nobody answered is looked up later, by the time its sending began."""
        store = AwayStore(world.store.engine)
        lost = Outage(store, writes=3, error=OutcomeUnknown("reset"))
        world.ledger.faults = [lost]  # type: ignore[list-item]  # a Fault with a memory

        drain_through(world, store)
        world.come_to_rest()

        assert (lost.calls, world.violations()) == (1, ())
        assert world.ledger.documents() == ["INV-0", "INV-1"]

    def test_is_found_by_a_read_when_the_outage_was_too_long(self, world: World) -> None:
        """Row 50: given up after five minutes; the next holder reads the book and adopts."""
        store = AwayStore(world.store.engine)
        world.ledger.faults = [Outage(store, writes=int(KEEP_S / 0.5) + 5)]  # type: ignore[list-item]  # as above

        with pytest.raises(OperationalError):
            drain_through(world, store)
        world.clock.advance(3600)
        world.come_to_rest()

        assert world.violations() == ()
        assert world.ledger.documents() == ["INV-0", "INV-1"]

    def test_of_a_call_that_is_open_when_the_database_goes_is_not_lost(self, world: World) -> None:
        """Row 49: the lane cannot renew its lease any more; what it has sent is heard all the same."""
        store = AwayStore(world.store.engine)
        world.plan(*(f"INV-{number}" for number in range(2, 12)))

        def stay_away(ledger: MemoryLedger, shipments: list[Shipment]) -> object:
            store.away_for = 4
            return ledger.commit(shipments)

        world.ledger.faults = [stay_away]  # type: ignore[list-item]  # shorter than a Fault's own types
        drain_through(world, store)
        world.come_to_rest()

        assert world.violations() == ()
        assert len(world.ledger.documents()) == 12


class TestTransaction:
    def test_waits_its_turn_behind_another_writer(self, sqlite_url: str) -> None:
        """Row 52: SQLite is busy; only our own work is tried again."""
        first, second = open_store(sqlite_url), open_store(sqlite_url)
        begun, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            with first.write() as connection:
                connection.execute(text("UPDATE lane SET calls = calls"))
                begun.set()
                go_on.wait(30)

        holder = threading.Thread(target=hold)
        holder.start()
        begun.wait(30)
        threading.Timer(0.2, go_on.set).start()
        tries = second.transact(lambda connection: connection.execute(text("SELECT 1")).scalar_one())
        holder.join()
        first.close()
        second.close()

        assert tries == 1

    def test_is_tried_again_after_a_deadlock(self, postgres_url: str) -> None:
        """Row 52: two sessions lock the same two rows crosswise; one is told so, and both get through."""
        store = open_store(postgres_url)
        with store.write() as connection:
            connection.execute(text("CREATE TABLE pair (id int PRIMARY KEY, n int)"))
            connection.execute(text("INSERT INTO pair VALUES (1, 0), (2, 0)"))
        meet = threading.Barrier(2)
        tries: list[int] = []

        def cross(first: int, second: int) -> None:
            def work(connection: Connection) -> None:
                tries.append(first)
                connection.execute(text("UPDATE pair SET n = n + 1 WHERE id = :id"), {"id": first})
                if len(tries) <= 2:
                    meet.wait(30)
                connection.execute(text("UPDATE pair SET n = n + 1 WHERE id = :id"), {"id": second})

            store.transact(work)

        threads = [threading.Thread(target=cross, args=pair) for pair in ((1, 2), (2, 1))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with store.read() as connection:
            counted = list(connection.execute(text("SELECT n FROM pair ORDER BY id")).scalars())
        store.close()

        assert (counted, len(tries)) == ([2, 2], 3)
