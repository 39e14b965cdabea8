"""A simulated organisation for the conformance kit, with its trouble by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from connectors.conformance.stage import Ground, NotOffered, Stage, Trouble
from connectors.conformance.tokens import MemoryTokens
from connectors.ledgers.xero import open_book
from connectors.ledgers.xero.ledger import XeroLedger
from connectors.ledgers.xero.simulator import (
    Fault,
    Limits,
    OrganisationConfig,
    Running,
    SimulatorConfig,
    serve,
)
from connectors.protocols import Clock, Token
from mappings.canonical.book import Book
from mappings.canonical.party import Address
from mappings.canonical.record import Reference

_DAY = date(2026, 2, 2)
_ORGANISATION = OrganisationConfig(
    tenant_id="c0f0c0f0-0000-4000-8000-000000000001",
    name="Conformance Ltd",
    currencies=("EUR", "USD", "JPY", "KWD"),
)
_STRIKES: Mapping[Trouble, tuple[Fault, ...]] = {
    "lost_answer": (Fault("commit_then_drop", method="PUT"), Fault("commit_then_drop", method="POST")),
    "lost_request": (Fault("drop_before_commit", method="PUT"), Fault("drop_before_commit", method="POST")),
    "throttled": (Fault("429", method="PUT", retry_after="7"), Fault("429", method="POST", retry_after="7")),
    "unknown_answer": (
        Fault("fault", method="PUT", detail="A rule that nobody has written down"),
        Fault("fault", method="POST", detail="A rule that nobody has written down"),
    ),
}


@contextmanager
def practice(folder: Path, *, clock: Clock) -> Iterator[Stage]:
    """A fresh organisation on loopback, in memory: the kit needs nothing of it afterwards, so no folder."""
    config = SimulatorConfig(organisations=(_ORGANISATION,), limits=Limits(enabled=False))
    with serve(config) as running:
        yield XeroStage(_ground(running), running, MemoryTokens(_token(running, clock)), clock)


@dataclass(frozen=True, slots=True)
class XeroStage:
    """See `connectors.conformance.stage.Stage`."""

    ground: Ground
    running: Running
    tokens: MemoryTokens
    clock: Clock
    is_practice: bool = True

    def open(self) -> XeroLedger:
        return open_book(self.ground.book, clock=self.clock, tokens=self.tokens)

    @contextmanager
    def trouble(self, what: Trouble, *, about: str = "") -> Iterator[None]:
        """The simulator's fault script for calls; what people do, by its human."""
        simulator, tenant = self.running.simulator, _ORGANISATION.tenant_id
        if what in _STRIKES:
            simulator.add_faults(*_STRIKES[what])
        elif what == "token_expired":
            self.tokens.expire()
        elif what == "consent_withdrawn":
            simulator.oauth.revoke_tenant(tenant)
        elif what == "period_closed":
            simulator.reconfigure(tenant, replace(_ORGANISATION, period_lock_date=_DAY))
        elif what == "customer_inactive":
            simulator.human(tenant).archive(about)
        elif what == "edited_there":
            simulator.human(tenant).edit("Invoices", about, {"DueDate": "/Date(1788220800000+0000)/"})
        else:
            raise NotOffered("Xero keeps no version of a record that a change could conflict with")
        try:
            yield
        finally:
            self._end(what, about)

    def _end(self, what: Trouble, about: str) -> None:
        simulator, tenant = self.running.simulator, _ORGANISATION.tenant_id
        simulator.script.clear()
        if what == "consent_withdrawn":
            fresh = _token(self.running, self.clock)
            self.tokens.save(fresh, expected_version=self.tokens.read().version)
        elif what == "period_closed":
            simulator.reconfigure(tenant, _ORGANISATION)
        elif what == "customer_inactive":
            simulator.human(tenant).archive(about, is_active=True)

    def count(self, number: str) -> int:
        """Sales invoices and credit notes of the organisation's own list, those that were not deleted."""
        organisation = self.running.simulator.organisations[_ORGANISATION.tenant_id]
        with organisation.lock:
            return sum(
                row.body["Status"] != "DELETED" and row.body["Type"] != "ACCPAY"
                for kind in ("Invoices", "CreditNotes")
                for row in organisation.by_number(kind, number)
            )


def _ground(running: Running) -> Ground:
    settings = {
        "tenant_id": _ORGANISATION.tenant_id,
        "environment": "simulator",
        "client_id": running.client_id,
        "client_secret": running.client_secret,
        "api_base": running.api_base,
        "token_endpoint": running.token_endpoint,
        "multicurrency": "yes",
    }
    return Ground(
        book=Book("KIT", "KIT", "xero", "KIT", "GBP", settings=settings),
        day=_DAY,
        address=Address("1 Example Way", "Floor 2", "Leeds", "", "LS1 1AA", "GB"),
        revenue_account="4000",
        receivable_account="1200",
        tax_account="2200",
        rounding_account="9990",
        tax_code="VAT20",
        tax_percent=Decimal(20),
        untaxed_code="VAT0",
        foreign_currency="EUR",
        bound={
            Reference("account", "4000"): "200",
            Reference("tax_code", "VAT20"): "OUTPUT2",
            Reference("tax_code", "VAT0"): "ZERORATEDOUTPUT",
        },
    )


def _token(running: Running, clock: Clock) -> Token:
    access, refresh = running.simulator.oauth.new_pair(_ORGANISATION.tenant_id)
    return Token(access, refresh, clock.now() + timedelta(minutes=30))
