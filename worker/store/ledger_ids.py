"""What the workspace file says exists in a book already (`ledger_ids`), as external references."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, delete, select

from mappings.canonical.book import Chart
from mappings.canonical.contract import Contract
from mappings.canonical.party import Party
from mappings.canonical.record import Reference, customer_code
from mappings.canonical.workspace import Setup
from mappings.chart import item_code, rule_for
from worker.store import bulk
from worker.store.grouping import payer_named
from worker.store.tables import ExternalReference, table_of

REFERENCE = table_of(ExternalReference)
ORIGIN = "workspace"
_COLUMNS = ("book", "kind", "code", "ledger_id", "version", "origin", "name")


def bind_ledger_ids(connection: Connection, setup: Setup) -> int:
    """Make the references of origin `workspace` say what the whole set-up says; returns how many changed.

    The file wins over an id that a posting brought, since a person wrote it. An id that is taken out of
    the file is unbound.
    """
    claimed = dict(_claims(setup))
    query = select(REFERENCE.c.book, REFERENCE.c.kind, REFERENCE.c.code, REFERENCE.c.ledger_id).where(
        REFERENCE.c.origin == ORIGIN
    )
    stored = {(row.book, Reference(row.kind, row.code)): row.ledger_id for row in connection.execute(query)}
    changed = [place for place, ledger_id in claimed.items() if stored.get(place) != ledger_id]
    gone = [place for place in stored if place not in claimed]
    rows = [(book, ours.kind, ours.code, claimed[book, ours], "", ORIGIN, "") for book, ours in changed]
    bulk.upsert(connection, REFERENCE, _COLUMNS, rows, unique=("book", "kind", "code"))
    for book, ours in gone:
        connection.execute(
            delete(REFERENCE).where(
                REFERENCE.c.book == book, REFERENCE.c.kind == ours.kind, REFERENCE.c.code == ours.code
            )
        )
    return len(changed) + len(gone)


def _claims(setup: Setup) -> Iterator[tuple[tuple[str, Reference], str]]:
    """((book, our reference), ledger id) of everything that names one."""
    currencies = _Currencies(setup)
    for party in setup.parties:
        for book, ledger_id in party.ledger_ids.items():
            for currency in currencies.of(party, book):
                yield (book, Reference("customer", customer_code(party.code, currency))), ledger_id
    chart_of = _charts(setup)
    for product in setup.products:
        for book, ledger_id in product.ledger_ids.items():
            rule = rule_for(chart_of[book], product) if book in chart_of else None
            code = product.code if rule is None else item_code(rule, product)
            yield (book, Reference("item", code)), ledger_id
    for chart in setup.charts:
        for target in chart.codes:
            for book, ledger_id in target.ledger_ids.items():
                yield (book, Reference(target.kind, target.code)), ledger_id


def _charts(setup: Setup) -> Mapping[str, Chart]:
    """Book code -> its chart."""
    charts = {chart.code: chart for chart in setup.charts}
    return {book.code: charts[book.chart] for book in setup.books if book.chart in charts}


class _Currencies:
    """In which currencies a party may be billed in a book.

    A customer of a book is (party, currency), but the file names one id per party and book. It is bound
    for the currency of every price list in a contract of the book's issuer that the party holds, that a
    party above or below it holds, or that names it as payer or reseller; when there is none, for the
    book's home currency. A ledger whose customers have one currency refuses a wrong one by itself.
    """

    def __init__(self, setup: Setup) -> None:
        self._books = {book.code: book for book in setup.books}
        self._list_currency = {prices.code: prices.currency for prices in setup.price_lists}
        self._above: Mapping[str, tuple[str, ...]] = {
            party.code: tuple(edge.parent for edge in party.parents) for party in setup.parties
        }
        below: defaultdict[str, list[str]] = defaultdict(list)
        for code, parents in self._above.items():
            for parent in parents:
                below[parent].append(code)
        self._below: Mapping[str, list[str]] = below
        by_party: defaultdict[str, list[Contract]] = defaultdict(list)
        for contract in setup.contracts:
            for code in {contract.party, payer_named(contract), contract.reseller} - {""}:
                by_party[code].append(contract)
        self._contracts: Mapping[str, list[Contract]] = by_party

    def of(self, party: Party, book: str) -> tuple[str, ...]:
        if book not in self._books:
            return ()
        issuer = self._books[book].issuer
        family = _reach(party.code, self._above) | _reach(party.code, self._below)
        found = {
            self._list_currency[contract.price_list]
            for code in family
            for contract in self._contracts.get(code, ())
            if contract.issuer == issuer and contract.price_list in self._list_currency
        }
        return tuple(sorted(found)) or (self._books[book].home_currency,)


def _reach(code: str, edges: Mapping[str, tuple[str, ...]] | Mapping[str, list[str]]) -> set[str]:
    """The code and everything reachable along the edges."""
    seen, ahead = {code}, [code]
    while ahead:
        for other in edges.get(ahead.pop(), ()):
            if other not in seen:
                seen.add(other)
                ahead.append(other)
    return seen
