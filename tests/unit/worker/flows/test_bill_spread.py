"""Chunks over processes, on a real PostgreSQL: whoever does them, in any order, the rows are the same."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator

import pytest
from sqlalchemy import select

from connectors.protocols import Ledger
from mappings.canonical.book import Book
from mappings.canonical.workspace import Workspace
from tests.bench import loading, sellers
from tests.bench.sellers import AS_OF, NOW, Group
from tests.fakes.clock import VirtualClock
from tests.servers import PostgresServer
from worker.flows import bill
from worker.flows.bill import BillRun
from worker.flows.bill_chunk import ChunkDone, ChunkOrder
from worker.flows.bill_spread import Work, here, spread
from worker.flows.ports import Ports
from worker.store import migrate
from worker.store.engine import Store, open_store
from worker.store.tables import Row
from worker.store.workspace import store_workspace

GROUPS = 6
SEED = 7


class _Silent:
    def ring(self, name: str, row_id: str) -> None: ...


def no_ledger(book: Book) -> Ledger:
    raise AssertionError(f"a bill opens no book, and not {book.code}")


def run(store: Store, work: Work | None = None) -> BillRun:
    ports = Ports(store, VirtualClock(NOW), no_ledger, _Silent(), "test", lambda: 0.5)
    return bill.run(ports, as_of=AS_OF, work=work)


def rows(store: Store, table: str, *columns: str) -> list[tuple[object, ...]]:
    found = Row.metadata.tables[table]
    with store.read() as connection:
        return sorted(tuple(row) for row in connection.execute(select(*(found.c[name] for name in columns))))


def outcome(store: Store) -> tuple[object, ...]:
    return (
        rows(store, "document", "ref", "state", "fingerprint", "group_code", "sort_key", "gross_minor"),
        rows(store, "charge", "subscription", "cycle_start", "revision", "body"),
        rows(store, "billing_group", "code", "is_dirty", "billed_as_of", "account"),
    )


def groups() -> list[Group]:
    return list(sellers.groups(SEED, range(GROUPS)))


@pytest.fixture
def store(postgres_server: PostgresServer) -> Iterator[Store]:
    """A seller of six groups, loaded as the bench does."""
    url = postgres_server.create_database()
    migrate.upgrade(url)
    opened = open_store(url)
    opened.transact(
        lambda connection: store_workspace(connection, Workspace(sellers.shared_setup(SEED)), now=NOW)
    )
    opened.transact(lambda connection: loading.load_groups(connection, groups()))
    yield opened
    opened.close()
    postgres_server.drop_database(url)


@pytest.fixture
def expected(postgres_store: Store) -> tuple[object, ...]:
    """What one process makes of the same seller, imported as a workspace."""
    with postgres_store.write() as connection:
        for table in Row.metadata.tables.values():
            connection.execute(table.delete())
    found = groups()
    setup = sellers.shared_setup(SEED, groups=found)
    state = [one for group in found for one in group.subscriptions]
    versions = [one for group in found for one in group.versions]
    workspace = Workspace(setup, tuple(state), tuple(versions))
    postgres_store.transact(lambda connection: store_workspace(connection, workspace, now=NOW))
    run(postgres_store)
    return outcome(postgres_store)


@pytest.mark.usefixtures("small_chunks")
class TestASpreadBill:
    @pytest.fixture
    def small_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("worker.flows.bill.CHUNK_SUBSCRIPTIONS", 20)

    def test_writes_what_one_process_writes(self, store: Store, expected: tuple[object, ...]) -> None:
        with spread(store, 2) as work:
            done = run(store, work)

        assert (done.change.written, done.failed) == (60, {})
        assert outcome(store) == expected

    def test_goes_on_here_when_its_processes_die(self, store: Store, expected: tuple[object, ...]) -> None:
        with spread(store, 2) as work:
            for child in multiprocessing.active_children():
                child.kill()
            done = run(store, work)

        assert done.change.written == 60
        assert outcome(store) == expected

    def test_does_not_depend_on_the_order_of_chunks(self, store: Store, expected: tuple[object, ...]) -> None:
        def backwards(orders: Iterable[ChunkOrder]) -> Iterator[ChunkDone]:
            return here(store)(reversed(list(orders)))

        run(store, backwards)

        assert outcome(store) == expected

    def test_bills_every_subscription_of_the_bench_with_three_lines(self, store: Store) -> None:
        done = run(store)

        bodies = [str(body) for (body,) in rows(store, "document", "body")]
        assert {body.count('"sold_to":') for body in bodies} == {3}
        assert done.sentence.startswith("120 active subscriptions = 120 billed + 0 nothing due + 0 held")
