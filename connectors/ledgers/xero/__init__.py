"""Xero: what the registry takes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from connectors.conformance.stage import Stage
from connectors.http.oauth import Access
from connectors.http.session import HttpSession
from connectors.ledger_kind import LedgerKind
from connectors.ledgers.xero.client import XeroClient
from connectors.ledgers.xero.consent import XeroConsent
from connectors.ledgers.xero.ledger import XeroLedger
from connectors.ledgers.xero.limits import CAPABILITIES
from connectors.ledgers.xero.organisation import (
    REQUIRED_SETTINGS,
    SETTINGS,
    is_practice,
    organisation_of,
    tokens_of,
)
from connectors.protocols import Clock, TokenStore
from connectors.simulation.opening import Asked
from mappings.canonical.book import Book

__all__ = ["LEDGER", "open_book"]


def open_book(book: Book, *, clock: Clock, tokens: TokenStore) -> XeroLedger:
    """A session of one book; calls nothing yet. Raises ValueError for settings that cannot work."""
    organisation = organisation_of(book)
    session = HttpSession(clock, in_flight=CAPABILITIES.rates.in_flight)
    access = Access(organisation.provider, tokens=tokens, session=session, clock=clock, book=book.code)
    client = XeroClient(organisation, session=session, access=access, clock=clock)
    return XeroLedger(organisation, client=client, clock=clock)


def open_stage(folder: Path, *, clock: Clock) -> AbstractContextManager[Stage]:
    """A simulated organisation for the conformance kit."""
    from connectors.ledgers.xero.stage import practice  # the simulator is loaded for trials only

    return practice(folder, clock=clock)


def open_simulator(asked: Asked) -> AbstractContextManager[Mapping[str, object]]:
    """See `SimulatorOpener`."""
    from connectors.ledgers.xero.simulator.opening import opened  # loaded when somebody asks for it

    return opened(asked)


LEDGER = LedgerKind(
    name="xero",
    title="Xero",
    capabilities=CAPABILITIES,
    settings=SETTINGS,
    required_settings=REQUIRED_SETTINGS,
    open=open_book,
    is_practice=is_practice,
    stage=open_stage,
    simulator=open_simulator,
    session=XeroLedger,
    consent=XeroConsent(),
    tokens_of=tokens_of,
)
