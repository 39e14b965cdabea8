"""A session of ours on a simulated company, with everything a test wants to do to that company."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.ledgers.quickbooks import open_book
from connectors.ledgers.quickbooks.ledger import QuickBooksLedger
from connectors.ledgers.quickbooks.simulator import (
    CompanyConfig,
    CustomerSeed,
    Fault,
    ItemSeed,
    Limits,
    NameSeed,
    OAuthConfig,
    Running,
    SimulatorConfig,
    serve,
)
from connectors.protocols import Posted, Shipment, Token
from mappings.canonical.record import Record, Reference
from tests.unit.connectors.http.loopback import MemoryTokens
from tests.unit.connectors.ledgers.quickbooks import records as make

US = CompanyConfig(
    realm_id="9341450000000001",
    name="Seller Inc.",
    items=(ItemSeed("41", "Seats"),),
    customers=(CustomerSeed("101", "Acme Existing", "USD"), CustomerSeed("102", "Acme Europe", "EUR")),
    classes=(NameSeed("5000000000000007280", "EMEA"),),
    vendors=(NameSeed("201", "Shared Name Ltd"),),
)
GB = replace(
    US,
    name="Seller Ltd",
    country="GB",
    home_currency="GBP",
    customers=(CustomerSeed("103", "Acme UK", "GBP"), CustomerSeed("102", "Acme Europe", "EUR")),
)


@dataclass
class PassingClock:
    """Real time; a wait between two tries of a read is only written down."""

    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass(frozen=True)
class Opened:
    """The ledger under test, its tokens, and the company behind it."""

    ledger: QuickBooksLedger
    tokens: MemoryTokens
    running: Running
    company: CompanyConfig
    clock: PassingClock

    @property
    def realm(self) -> str:
        return self.company.realm_id

    def expire(self) -> Opened:
        """The same company in a new session whose stored access token is about to expire."""
        assert self.tokens.stored is not None
        soon = self.clock.now() + timedelta(seconds=60)
        self.tokens.stored = replace(self.tokens.stored, access_expires_at=soon)
        return replace(self, ledger=_session(self.running, self.company, self.tokens, self.clock))

    def shipment(self, record: Record, **facts: Any) -> Shipment:
        """A record rendered by the ledger itself."""
        country = "US" if self.company.is_us else "GB"
        bound: Mapping[Reference, str] = {**make.BOUND, **facts.pop("bound", {})}
        return make.shipment(record, country=country, bound=bound, **facts)

    def misbehave(self, *faults: Fault) -> None:
        self.running.simulator.add_faults(*faults)

    def reconfigure(self, **changes: Any) -> None:
        self.running.simulator.reconfigure(self.realm, replace(self.company, **changes))

    def human(self) -> Any:
        return self.running.simulator.human(self.realm)

    def calls(self, kind: str) -> int:
        """Calls the company counted: reads, writes, batches."""
        return self.running.simulator.calls[self.realm].as_counts()[kind]

    def documents(self, entity: str = "Invoice") -> int:
        """How many documents the company holds, by a query of our own."""
        rows = self.ledger._client.query(f"select count(*) from {entity}").payload["QueryResponse"]
        return int(rows["totalCount"])


@contextmanager
def opened(
    company: CompanyConfig = US, *, oauth: OAuthConfig | None = None, access_lives_s: int = 3600
) -> Iterator[Opened]:
    """A running simulator with one company, and our ledger connected to it."""
    config = SimulatorConfig(companies=(company,), oauth=oauth or OAuthConfig(), limits=Limits(enabled=False))
    clock = PassingClock()
    with serve(config) as running:
        tokens = MemoryTokens(
            Token(
                running.access_token(company.realm_id),
                running.refresh_token(company.realm_id),
                clock.now() + timedelta(seconds=access_lives_s),
                version=1,
            )
        )
        ledger = _session(running, company, tokens, clock)
        yield Opened(ledger, tokens, running, company, clock)


def _session(
    running: Running, company: CompanyConfig, tokens: MemoryTokens, clock: PassingClock
) -> QuickBooksLedger:
    book = make.book(
        "US" if company.is_us else "GB",
        api_base=running.url,
        client_id=running.client_id,
        client_secret=running.client_secret,
    )
    return open_book(book, clock=clock, tokens=tokens)


def one(outcomes: Any) -> Any:
    """The single outcome of a push or find."""
    (outcome,) = outcomes
    return outcome


def posted(outcomes: Any) -> tuple[Posted, ...]:
    """The outcomes, all of which must be postings."""
    done = tuple(outcome for outcome in outcomes if isinstance(outcome, Posted))
    assert len(done) == len(outcomes), outcomes
    return done
