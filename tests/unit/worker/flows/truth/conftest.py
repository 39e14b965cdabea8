"""A store, the flows, and a QuickBooks company behind a real socket: where ledger truth is tested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from connectors.ledgers.quickbooks.simulator import CompanyConfig, CustomerSeed, ItemSeed
from mappings.canonical.book import Book
from mappings.canonical.workspace import Setup, Workspace
from tests.contract.quickbooks.opened import US, Opened, opened
from tests.unit.connectors.ledgers.quickbooks import records
from tests.unit.worker.flows.conftest import Bell
from tests.unit.worker.small_world import CHART, PRODUCT, SETUP, WORLD, party
from worker.flows import bill, release, workspace
from worker.flows.ports import Ports, Timing
from worker.flows.push import Drained, drain
from worker.store import setup
from worker.store.deliveries import DELIVERY
from worker.store.engine import Store

TIMING = Timing(server_limit_s=0, recheck_s=0)
JANUARY = date(2026, 1, 31)
COMPANY = replace(
    US,
    items=(ItemSeed("41", "Office seat"),),
    customers=(CustomerSeed("101", "NORTH Ltd", "USD"), CustomerSeed("102", "LONE Ltd", "EUR")),
    vendors=(),
    classes=(),
)


@dataclass
class Truth:
    """One installation with one QuickBooks book; `said` are the words of its bell."""

    store: Store
    company: Opened
    book: Book
    bell: Bell = field(default_factory=Bell)

    @property
    def ports(self) -> Ports:
        return Ports(
            self.store, self.company.clock, lambda _book: self.company.ledger, self.bell, "one", lambda: 0.5
        )

    @property
    def books(self) -> dict[str, tuple[Book, Timing]]:
        return {self.book.code: (self.book, TIMING)}

    def import_(self, **changes: Any) -> None:
        """The small world with a QuickBooks book; `changes` replace fields of the set-up."""
        codes = tuple(
            replace(code, ledger_ids={"US-BOOK": "79"}) if code.code == "REV" else code
            for code in CHART.codes
        )
        whole = replace(
            SETUP,
            charts=(replace(CHART, codes=codes),),
            books=(self.book,),
            products=(replace(PRODUCT, ledger_ids={}),),
        )
        whole = replace(whole, parties=(party("HOLD"), party("NORTH", "HOLD"), party("SOUTH", "HOLD"),
                                        party("LONE")))  # fmt: skip
        workspace.import_workspace(self.ports, Workspace(setup=replace(whole, **changes)))

    def subscribe(self) -> None:
        """The small world's subscriptions: three documents a month."""
        workspace.import_workspace(
            self.ports,
            Workspace(setup=Setup(), subscriptions=WORLD.subscriptions, versions=WORLD.versions),
        )

    def release(self, until: date = JANUARY) -> None:
        """Bill until the end of a day and release what may go."""
        bill.run(self.ports, as_of=until)
        release.run(self.ports)

    def drain(self) -> Drained:
        with self.store.read() as connection:
            known = setup.book(connection, self.book.code)
        return drain(self.ports, known or self.book, TIMING)

    def run(self, until: date = JANUARY) -> None:
        """Bill, release and send; everything must arrive."""
        self.release(until)
        self.drain()

    def rows(self, kind: str = "") -> list[dict[str, Any]]:
        query = select(DELIVERY).order_by(DELIVERY.c.kind, DELIVERY.c.sort_key, DELIVERY.c.id)
        with self.store.read() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return [row for row in rows if not kind or row["kind"] == kind]

    def states(self, kind: str = "invoice") -> list[str]:
        return [str(row["state"]) for row in self.rows(kind)]

    def dump(self, entity: str) -> list[dict[str, Any]]:
        """Every record of an entity that the company holds."""
        found = self.company.ledger._client.query(
            f"select * from {entity}" + (" where Active in (true, false)" if entity in LISTS else "")
        )
        return list((found.payload["QueryResponse"] or {}).get(entity, ()))


LISTS = ("Customer", "Item")


def book_at(company: Opened, **changes: Any) -> Book:
    known = records.book(api_base=company.running.url)
    settings = {name: value for name, value in known.settings.items() if name != "client_secret"}
    return replace(known, code="US-BOOK", issuer="US", chart="US-CHART", settings=settings, **changes)


@pytest.fixture
def company() -> CompanyConfig:
    """What the company holds; a test module may say otherwise."""
    return COMPANY


@pytest.fixture
def truth(store: Store, company: CompanyConfig) -> Iterator[Truth]:
    with opened(company) as running:
        bench = Truth(store, running, book_at(running))
        bench.import_()
        bench.subscribe()
        yield bench
