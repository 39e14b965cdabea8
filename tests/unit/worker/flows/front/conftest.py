"""A store of both kinds with the small world in it, and ports that ring nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from connectors.protocols import Ledger
from mappings.canonical.book import Book
from mappings.canonical.workspace import Workspace
from tests.fakes.clock import VirtualClock
from tests.unit.worker.small_world import NOW, WORLD
from worker.flows import bill, release
from worker.flows.bill import BillRun
from worker.flows.ports import Ports
from worker.flows.release import ReleaseRun
from worker.store.engine import Store
from worker.store.tables import Row
from worker.store.workspace import WorkspaceChange, store_workspace

JANUARY = date(2026, 1, 31)


@dataclass
class Bell:
    """Remembers what was rung."""

    rung: list[tuple[str, str]] = field(default_factory=list)

    def ring(self, name: str, row_id: str) -> None:
        self.rung.append((name, row_id))


def no_ledger(book: Book) -> Ledger:
    raise AssertionError("the front flows open no book")


@dataclass
class Front:
    """Import, bill and release on one store, and what its tables hold."""

    store: Store
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))
    bell: Bell = field(default_factory=Bell)

    @property
    def ports(self) -> Ports:
        return Ports(self.store, self.clock, no_ledger, self.bell, "test", lambda: 0.5)

    def load(self, workspace: Workspace = WORLD, *, restate: bool = False) -> WorkspaceChange:
        now = self.clock.now()
        return self.store.transact(lambda c: store_workspace(c, workspace, now=now, restate=restate))

    def bill(self, as_of: date = JANUARY, *, dry_run: bool = False) -> BillRun:
        return bill.run(self.ports, as_of=as_of, dry_run=dry_run)

    def release(self) -> ReleaseRun:
        return release.run(self.ports)

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """The rows of a table in the order of their values."""
        kept = Row.metadata.tables[table]
        chosen = [kept.c[name] for name in columns or kept.c.keys()]
        with self.store.read() as connection:
            return sorted((tuple(row) for row in connection.execute(select(*chosen))), key=str)

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        return {name: self.rows(name) for name in Row.metadata.tables}


@pytest.fixture
def store(both_stores: Store) -> Store:
    """Instead of the one kind that drain tests use."""
    return both_stores


@pytest.fixture
def front(store: Store) -> Front:
    """The small world, imported."""
    found = Front(store)
    found.load()
    return found
