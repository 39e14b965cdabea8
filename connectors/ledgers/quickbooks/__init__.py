"""QuickBooks Online: what the registry takes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from connectors.conformance.stage import Stage
from connectors.http.oauth import Access
from connectors.http.session import HttpSession
from connectors.ledger_kind import LedgerKind
from connectors.ledgers.quickbooks.client import QuickBooksClient
from connectors.ledgers.quickbooks.company import REQUIRED_SETTINGS, SETTINGS, company_of, is_practice
from connectors.ledgers.quickbooks.consent import QuickBooksConsent
from connectors.ledgers.quickbooks.ledger import QuickBooksLedger
from connectors.ledgers.quickbooks.limits import CAPABILITIES
from connectors.protocols import Clock, TokenStore
from connectors.simulation.opening import Asked
from mappings.canonical.book import Book

__all__ = ["LEDGER", "open_book"]


def open_book(book: Book, *, clock: Clock, tokens: TokenStore) -> QuickBooksLedger:
    """A session of one book; calls nothing yet. Raises ValueError for settings that cannot work."""
    company = company_of(book)
    session = HttpSession(clock, in_flight=CAPABILITIES.rates.in_flight)
    access = Access(company.provider, tokens=tokens, session=session, clock=clock, book=book.code)
    client = QuickBooksClient(company, session=session, access=access, clock=clock)
    return QuickBooksLedger(company, client=client, clock=clock)


def open_stage(folder: Path, *, clock: Clock) -> AbstractContextManager[Stage]:
    """A simulated company for the conformance kit."""
    from connectors.ledgers.quickbooks.stage import practice  # the simulator is loaded for trials only

    return practice(folder, clock=clock)


def open_simulator(asked: Asked) -> AbstractContextManager[Mapping[str, object]]:
    """See `SimulatorOpener`."""
    from connectors.ledgers.quickbooks.simulator.opening import opened  # loaded when somebody asks for it

    return opened(asked)


LEDGER = LedgerKind(
    name="quickbooks",
    title="QuickBooks Online",
    capabilities=CAPABILITIES,
    settings=SETTINGS,
    required_settings=REQUIRED_SETTINGS,
    open=open_book,
    is_practice=is_practice,
    stage=open_stage,
    simulator=open_simulator,
    session=QuickBooksLedger,
    consent=QuickBooksConsent(),
)
