"""The application that speaks for a book: what its provider limits over all of its books together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.protocols import Capabilities
from mappings.canonical.book import Book

SETTINGS = {
    "app_calls_per_minute": "Calls a minute that this application may make over all its books, where its "
    "provider limits them.",
    "reads_per_month": "Metered reads a month that the application's tier allows over all its books.",
}
"""Settings that overrule what a ledger's published limits say, for ledgers whose applications are limited."""


@dataclass(frozen=True, slots=True)
class Application:
    """One client of a provider; 0 = not limited."""

    name: str
    calls_per_minute: int
    reads_per_month: int


def application(book: Book, known: Capabilities) -> Application:
    """The application of a book, with its book's own figures where it has some."""
    return Application(
        f"{book.ledger} {book.settings.get('client_id', '')}".strip(),
        _figure(book, "app_calls_per_minute", known.app_calls_per_minute),
        _figure(book, "reads_per_month", known.reads_per_month),
    )


def wrong_settings(book: Book) -> Iterator[str]:
    """A sentence for each of these settings that is no whole number."""
    for name in SETTINGS:
        given = book.settings.get(name, "")
        if given and not (given.isascii() and given.isdigit()):
            yield f"Book {book.code}: {name} is {given!r}; give a whole number, 0 for no limit."


def _figure(book: Book, name: str, default: int) -> int:
    given = book.settings.get(name, "")
    return int(given) if given.isascii() and given.isdigit() else default
