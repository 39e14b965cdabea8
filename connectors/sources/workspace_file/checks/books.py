"""Books and charts: whose they are, and the codes by which documents land in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from connectors.sources.workspace_file.checks.index import Index, reference
from connectors.sources.workspace_file.checks.words import (
    code_problems,
    currency_problems,
    duplicate_problems,
    name_problems,
)
from connectors.sources.workspace_file.finding import Path, Problem, shown
from connectors.sources.workspace_file.schema import BookEntry, ChartEntry, WorkspaceFile
from mappings.canonical.book import Book


def book_problems(file: WorkspaceFile, index: Index, known_books: Mapping[str, Book]) -> Iterator[Problem]:
    """Everything wrong with the section `books`; a book belongs to one issuer for good."""
    places: defaultdict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[int, BookEntry]]] = defaultdict(
        list
    )
    for position, book in enumerate(file.books):
        path = ("books", position)
        yield from code_problems((*path, "code"), book.code)
        yield from reference((*path, "issuer"), "issuer", book.issuer, index.issuers)
        yield from reference((*path, "chart"), "chart", book.chart, index.charts)
        if book.home_currency:
            yield from currency_problems((*path, "home_currency"), book.home_currency)
        earlier = known_books.get(book.code)
        if earlier is not None and earlier.issuer != book.issuer:
            yield Problem(
                (*path, "issuer"),
                f"book {book.code} belongs to issuer {earlier.issuer} already.",
                "One book belongs to one issuer; give the other issuer a book of its own.",
            )
        if book.settings:
            places[book.ledger, tuple(sorted(book.settings.items()))].append((position, book))
    for same in places.values():
        for position, book in same[1:]:
            yield Problem(
                ("books", position, "settings"),
                f"books {same[0][1].code} and {book.code} are the same place.",
                "Documents would be there twice; give each book its own.",
            )


def chart_problems(file: WorkspaceFile, index: Index) -> Iterator[Problem]:
    """Everything wrong with the section `charts`."""
    tax_codes = {rate.code for issuer in index.issuers.values() for rate in issuer.tax_rates}
    for position, chart in enumerate(file.charts):
        yield from _chart_problems(("charts", position), chart, index)
        for code in chart.tax_codes:
            yield from reference(
                ("charts", position, "tax_codes", code), "tax code of an issuer", code, tax_codes
            )


def _chart_problems(path: Path, chart: ChartEntry, index: Index) -> Iterator[Problem]:
    yield from code_problems((*path, "code"), chart.code)
    yield from duplicate_problems(
        "code",
        (((*path, "codes", at, "code"), f"{each.kind} {each.code}") for at, each in enumerate(chart.codes)),
    )
    of_kind = {
        kind: {each.code for each in chart.codes if each.kind == kind}
        for kind in ("account", "tax_code", "term", "class")
    }
    for key in ("receivable_account", "tax_account", "rounding_account"):
        yield from reference(
            (*path, key), f"account in chart {chart.code}", getattr(chart, key), of_kind["account"]
        )
    for at, each in enumerate(chart.codes):
        yield from code_problems((*path, "codes", at, "code"), each.code)
        yield from name_problems((*path, "codes", at, "name"), each.name)
        yield from ledger_id_problems((*path, "codes", at, "ledger_ids"), each.ledger_ids, index)
    for code, target in chart.tax_codes.items():
        yield from reference(
            (*path, "tax_codes", code), f"tax code in chart {chart.code}", target, of_kind["tax_code"]
        )
    for at, rule in enumerate(chart.rules):
        here = (*path, "rules", at)
        account = rule.revenue_account
        yield from reference(
            (*here, "revenue_account"), f"account in chart {chart.code}", account, of_kind["account"]
        )
        yield from reference((*here, "class"), f"class in chart {chart.code}", rule.class_, of_kind["class"])
        if rule.product != "*":
            yield from reference((*here, "product"), "product", rule.product, index.products)


def ledger_id_problems(path: Path, ledger_ids: dict[str, str], index: Index) -> Iterator[Problem]:
    """Ids of records that exist in a book: the book must, and the id is one short word."""
    for book, given in ledger_ids.items():
        yield from reference((*path, book), "book", book, index.books)
        if not given.strip() or not given.isprintable() or len(given) > 100:
            yield Problem((*path, book), f"{shown(given)} is not an id.", "Copy the id from the book.")
