"""Laws of bills in a database: released documents never change, and no order of groups or chunks matters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from connectors.protocols import Ledger
from mappings.canonical.book import Book
from mappings.canonical.catalog import Pool
from mappings.canonical.subscription import SubscriptionVersion
from mappings.canonical.workspace import Workspace
from tests.fakes.clock import VirtualClock
from tests.servers.databases import SqliteDatabases
from tests.unit.worker.small_world import NOW, SETUP, START, WORLD, contract, version
from worker.flows import bill, release
from worker.flows.bill_chunk import ChunkDone, ChunkOrder
from worker.flows.bill_spread import Work, here
from worker.flows.ports import Ports
from worker.store.engine import Store, open_store
from worker.store.tables import Row
from worker.store.workspace import store_workspace

EXAMPLES = settings().max_examples
LAW = settings(
    # Each example bills and releases in a database: as many as anywhere in CI, fewer while working.
    max_examples=EXAMPLES if EXAMPLES >= 300 else EXAMPLES // 4,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

days = st.integers(0, 120).map(lambda n: START + timedelta(days=n))
run_days = st.lists(days, min_size=1, max_size=2).map(sorted)


@st.composite
def worlds(draw: Any) -> Workspace:
    """The small world with a pool, a refund method, and seats that change on any day."""
    refund = draw(st.sampled_from(["credit_note", "net_next"]))
    pools = draw(st.sampled_from([(), (Pool("P", "HOLD", ("SEAT",), "peak"),)]))
    agreed = (contract("C-HOLD", "HOLD", refund_method=refund), contract("C-LONE", "LONE"))
    changes = draw(
        st.lists(st.tuples(st.sampled_from(WORLD.subscriptions), days, st.integers(0, 40)), max_size=6)
    )
    versions = (
        version(one.code, quantity, on, number) for number, (one, on, quantity) in enumerate(changes, 2)
    )
    return replace(
        WORLD, setup=replace(SETUP, contracts=agreed, pools=pools), versions=(*WORLD.versions, *versions)
    )


class _Silent:
    def ring(self, name: str, row_id: str) -> None: ...


def no_ledger(book: Book) -> Ledger:
    raise AssertionError(f"a bill opens no book, and not {book.code}")


@pytest.fixture
def store(sqlite_databases: SqliteDatabases, tmp_path: Path) -> Iterator[Store]:
    """One file for all examples: each begins by emptying it."""
    opened = open_store(sqlite_databases.migrated(tmp_path))
    yield opened
    opened.close()


def begin(store: Store, world: Workspace) -> None:
    with store.write() as connection:
        for table in reversed(Row.metadata.sorted_tables):
            connection.execute(table.delete())
        store_workspace(connection, world, now=NOW)


def bill_and_release(store: Store, as_of: date, work: Work | None = None) -> None:
    ports = Ports(store, VirtualClock(NOW), no_ledger, _Silent(), "test", lambda: 0.5)
    done = bill.run(ports, as_of=as_of, work=work)
    assert not done.failed
    release.run(ports)


def documents(store: Store, *, state: str = "") -> dict[str, tuple[object, ...]]:
    """Reference -> what a document is, for those in a state."""
    table = Row.metadata.tables["document"]
    columns = ("state", "number", "document_date", "gross_minor", "fingerprint", "body", "group_code")
    with store.read() as connection:
        rows = connection.execute(select(table.c.ref, *(table.c[name] for name in columns))).all()
    return {row.ref: tuple(row) for row in rows if state in ("", row.state)}


class TestAReleasedDocument:
    @LAW
    @given(worlds(), run_days)
    def test_never_changes(self, store: Store, world: Workspace, runs: list[date]) -> None:
        begin(store, replace(world, versions=WORLD.versions))
        bill_and_release(store, runs[0])
        issued = documents(store, state="released")

        later: tuple[SubscriptionVersion, ...] = world.versions
        with store.write() as connection:
            store_workspace(connection, replace(world, versions=later), now=NOW)
        for as_of in (*runs[1:], START + timedelta(days=150)):
            bill_and_release(store, as_of)

        now = documents(store)
        assert {ref: now.get(ref) for ref in issued} == issued


class TestTheOrderOfChunks:
    @LAW
    @given(worlds(), run_days, st.integers(0, 2**16))
    def test_changes_nothing(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, world: Workspace, runs: list[date], seed: int
    ) -> None:
        """Three subscriptions of two groups: in one chunk, and a chunk for each group in any order."""

        def shuffled(orders: Iterable[ChunkOrder]) -> Iterator[ChunkDone]:
            mixed = list(orders)
            Random(seed).shuffle(mixed)
            return here(store)(mixed)

        outcomes = []
        for size, work in ((1000, None), (1, shuffled)):
            monkeypatch.setattr("worker.flows.bill.CHUNK_SUBSCRIPTIONS", size)
            begin(store, world)
            for as_of in runs:
                bill_and_release(store, as_of, work)
            outcomes.append(documents(store))

        assert outcomes[0] == outcomes[1]
