"""Asking a book whether we can work with it: its settings, our access, and what its ledger says."""

from __future__ import annotations

from dataclasses import dataclass

from connectors import registry
from mappings.canonical.book import Book
from worker.flows.ports import Ports
from worker.store.vault import BadKeys


@dataclass(frozen=True, slots=True)
class BookCheck:
    """What a check found; `problems` are plain sentences, empty = fine."""

    book: str
    ledger: str
    is_practice: bool
    company_id: str
    company_name: str
    home_currency: str
    problems: tuple[str, ...]


def check(ports: Ports, book: Book) -> BookCheck:
    """One look at a book, changing nothing. Raises a `ConnectorError` when it cannot be asked."""
    kind = registry.ledger(book.ledger)
    wrong = registry.findings(book)
    if wrong:
        return BookCheck(book.code, kind.title, kind.is_practice(book), "", "", "", wrong)
    try:
        ledger = ports.open_ledger(book)
    except BadKeys:
        raise
    except ValueError as unusable:  # what a ledger says about settings it cannot work with
        return BookCheck(book.code, kind.title, kind.is_practice(book), "", "", "", (str(unusable),))
    state = ledger.check()
    return BookCheck(
        book=book.code,
        ledger=kind.title,
        is_practice=kind.is_practice(book),
        company_id=state.company_id,
        company_name=state.company_name,
        home_currency=state.home_currency,
        problems=state.problems,
    )
