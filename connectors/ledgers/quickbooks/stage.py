"""A simulated US company for the conformance kit, with its trouble by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from connectors.conformance.stage import Ground, Stage, Trouble
from connectors.conformance.tokens import MemoryTokens
from connectors.ledgers.quickbooks import open_book
from connectors.ledgers.quickbooks.ledger import QuickBooksLedger
from connectors.ledgers.quickbooks.simulator import (
    CompanyConfig,
    Fault,
    Limits,
    OAuthConfig,
    Running,
    SimulatorConfig,
    serve,
)
from connectors.protocols import Clock, Token
from mappings.canonical.book import Book
from mappings.canonical.party import Address
from mappings.canonical.record import Reference

_DAY = date(2026, 2, 2)
_COMPANY = CompanyConfig(realm_id="9341450000000001", name="Conformance Inc.")
_STRIKES: Mapping[Trouble, Fault] = {
    "lost_answer": Fault("commit_then_drop", method="POST"),
    "lost_request": Fault("drop_before_commit", method="POST"),
    "throttled": Fault("429", method="POST", retry_after="7"),
    "unknown_answer": Fault("fault", method="POST", code="9999", status=400),
    "version_conflict": Fault("fault", operation="void", code="5010"),
}


@contextmanager
def practice(folder: Path, *, clock: Clock) -> Iterator[Stage]:
    """A fresh company on loopback, in memory: the kit needs nothing of it afterwards, so no folder."""
    config = SimulatorConfig(
        companies=(_COMPANY,), oauth=OAuthConfig(rotation="always"), limits=Limits(enabled=False)
    )
    with serve(config) as running:
        yield QuickBooksStage(_ground(running), running, MemoryTokens(_token(running, clock)), clock)


@dataclass(frozen=True, slots=True)
class QuickBooksStage:
    """See `connectors.conformance.stage.Stage`."""

    ground: Ground
    running: Running
    tokens: MemoryTokens
    clock: Clock
    is_practice: bool = True

    def open(self) -> QuickBooksLedger:
        return open_book(self.ground.book, clock=self.clock, tokens=self.tokens)

    @contextmanager
    def trouble(self, what: Trouble, *, about: str = "") -> Iterator[None]:
        """The simulator's fault script for calls; what people do, by its human."""
        simulator, realm = self.running.simulator, _COMPANY.realm_id
        if what in _STRIKES:
            simulator.add_faults(_STRIKES[what])
        elif what == "token_expired":
            self.tokens.expire()
        elif what == "consent_withdrawn":
            simulator.oauth.revoke_realm(realm)
        elif what == "period_closed":
            simulator.reconfigure(realm, replace(_COMPANY, book_close_date=_DAY))
        elif what == "customer_inactive":
            simulator.human(realm).deactivate("Customer", about)
        else:
            simulator.human(realm).edit("Invoice", about, {"CustomerMemo": {"value": "edited by hand"}})
        try:
            yield
        finally:
            self._end(what, about)

    def _end(self, what: Trouble, about: str) -> None:
        simulator, realm = self.running.simulator, _COMPANY.realm_id
        simulator.script.clear()
        if what == "consent_withdrawn":
            fresh = _token(self.running, self.clock)
            self.tokens.save(fresh, expected_version=self.tokens.read().version)
        elif what == "period_closed":
            simulator.reconfigure(realm, _COMPANY)
        elif what == "customer_inactive":
            simulator.human(realm).edit("Customer", about, {"Active": True})

    def count(self, number: str) -> int:
        """Invoices and credit memos of the company's own list, those that were not deleted."""
        company = self.running.simulator.companies[_COMPANY.realm_id]
        with company.lock:
            return sum(len(company.by_number(entity, number)) for entity in ("Invoice", "CreditMemo"))


def _ground(running: Running) -> Ground:
    settings = {
        "realm_id": _COMPANY.realm_id,
        "environment": "simulator",
        "country": "US",
        "client_id": running.client_id,
        "client_secret": running.client_secret,
        "api_base": running.url,
        "token_endpoint": f"{running.url}/oauth2/v1/tokens/bearer",
        "multicurrency": "yes",
    }
    return Ground(
        book=Book("KIT", "KIT", "quickbooks", "KIT", "USD", settings=settings),
        day=_DAY,
        address=Address("1 Example Way", "Floor 2", "Seattle", "WA", "98101", "US"),
        revenue_account="4000",
        receivable_account="1200",
        tax_account="2200",
        rounding_account="9990",
        tax_code="TAX",
        tax_percent=Decimal("9.125"),
        untaxed_code="NON",
        foreign_currency="EUR",
        bound={Reference("account", "4000"): "79"},
    )


def _token(running: Running, clock: Clock) -> Token:
    realm = _COMPANY.realm_id
    in_an_hour = clock.now() + timedelta(hours=1)
    return Token(running.access_token(realm), running.refresh_token(realm), in_an_hour)
