"""What a ledger's folder gives the registry: one value, its whole entry in the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from connectors.conformance.stage import StageOpener
from connectors.protocols import Capabilities, Clock, Consent, Ledger, TokenStore
from connectors.simulation.opening import SimulatorOpener
from mappings.canonical.book import Book


@dataclass(frozen=True, slots=True)
class LedgerKind:
    """What a ledger's folder gives the registry.

    `settings` are the names of the book settings it knows (name -> one sentence); `open` makes a
    session, of the class `session`, which tells its optional abilities. `is_practice(book)` tells a
    practice book, so that real books are never surprised. `path_settings` name files on this machine: a
    relative one lies beside an embedded database. `stage` opens a practice book for the conformance kit.
    `tokens_of(book)` is the code of the book whose token pair it uses, where one consent covers several
    companies; None = each book has its own. `simulator` runs a practice ledger on this machine for anybody.
    """

    name: str
    title: str
    capabilities: Capabilities
    settings: Mapping[str, str]
    required_settings: frozenset[str]
    open: LedgerOpener
    is_practice: PracticeTest
    stage: StageOpener
    consent: Consent | None = None
    session: type | None = None
    path_settings: frozenset[str] = frozenset()
    tokens_of: TokensOf | None = None
    simulator: SimulatorOpener | None = None


class LedgerOpener(Protocol):
    def __call__(self, book: Book, *, clock: Clock, tokens: TokenStore) -> Ledger: ...


class PracticeTest(Protocol):
    def __call__(self, book: Book) -> bool: ...


class TokensOf(Protocol):
    def __call__(self, book: Book) -> str: ...
