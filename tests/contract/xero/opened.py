"""A session of ours on a simulated organisation, with everything a test wants to do to that organisation."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.ledgers.xero import open_book
from connectors.ledgers.xero.ledger import XeroLedger
from connectors.ledgers.xero.simulator import (
    ContactSeed,
    Fault,
    ItemSeed,
    Limits,
    OrganisationConfig,
    Running,
    SimulatorConfig,
    serve,
)
from connectors.protocols import Posted, Shipment, Token
from mappings.canonical.record import Record
from tests.unit.connectors.http.loopback import MemoryTokens
from tests.unit.connectors.ledgers.xero import records as make

UK = OrganisationConfig(
    tenant_id=make.TENANT,
    name="Seller Ltd",
    items=(ItemSeed("M365", "Seats"),),
    contacts=(
        ContactSeed(make.ACME, "Acme Existing", "GBP"),
        ContactSeed(make.ACME_EUR, "Acme Europe", "EUR"),
        ContactSeed(make.ACME_JPY, "Acme Japan", "JPY"),
    ),
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
    """The ledger under test, its tokens, and the organisation behind it."""

    ledger: XeroLedger
    tokens: MemoryTokens
    running: Running
    clock: PassingClock

    def again(self) -> XeroLedger:
        """A new session of the same book, as another process would have it."""
        return open_book(self._book(), clock=self.clock, tokens=self.tokens)

    def shipment(self, record: Record, **facts: Any) -> Shipment:
        bound: Mapping[Any, str] = {**make.BOUND, **facts.pop("bound", {})}
        return make.shipment(record, bound=bound, **facts)

    def misbehave(self, *faults: Fault) -> None:
        self.running.simulator.add_faults(*faults)

    def reconfigure(self, **changes: Any) -> None:
        self.running.simulator.reconfigure(make.TENANT, replace(UK, **changes))

    def human(self) -> Any:
        return self.running.simulator.human(make.TENANT)

    def calls(self, kind: str) -> int:
        """Calls that the organisation counted: reads, writes, batches, replayed."""
        return self.running.simulator.calls[make.TENANT].as_counts()[kind]

    def held(self, kind: str = "Invoices") -> list[dict[str, Any]]:
        """What the organisation holds, by its own list."""
        return self.running.simulator.dump(make.TENANT)[kind]

    def _book(self) -> Any:
        return make.book(
            api_base=self.running.api_base,
            token_endpoint=self.running.token_endpoint,
            client_secret=self.running.client_secret,
        )


@contextmanager
def opened(
    organisation: OrganisationConfig = UK,
    *,
    limits: Limits | None = None,
    key_window_s: float = 360.0,
    access_lives_s: int = 1800,
) -> Iterator[Opened]:
    """A running simulator with one organisation, and our ledger connected to it."""
    config = SimulatorConfig(
        organisations=(organisation,), limits=limits or Limits(enabled=False), key_window_s=key_window_s
    )
    clock = PassingClock()
    with serve(config) as running:
        access, refresh = running.simulator.oauth.new_pair(organisation.tenant_id)
        ends = clock.now() + timedelta(seconds=access_lives_s)
        tokens = MemoryTokens(Token(access, refresh, ends, version=1))
        book = make.book(
            api_base=running.api_base,
            token_endpoint=running.token_endpoint,
            client_secret=running.client_secret,
        )
        yield Opened(open_book(book, clock=clock, tokens=tokens), tokens, running, clock)


def posted(outcomes: Any) -> tuple[Posted, ...]:
    """The outcomes, all of which must be postings."""
    done = tuple(outcome for outcome in outcomes if isinstance(outcome, Posted))
    assert len(done) == len(outcomes), outcomes
    return done


def one(outcomes: Any) -> Any:
    """The single outcome of a push or find."""
    (outcome,) = outcomes
    return outcome
