"""Mapping: customers and items that a book has already are adopted, by suggestion and by a person's word.

Protects: nothing that exists is created again, and nothing is linked by a guess: a suggestion changes
nothing until its file is imported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from connectors.protocols import ReadsReferenceData
from mappings.canonical.book import Book, Chart
from mappings.canonical.party import Party
from mappings.canonical.record import Reference, customer_code
from mappings.canonical.workspace import Setup
from mappings.chart import item_code, rule_for
from mappings.identity import DeliveryIdentity
from mappings.resolve import paying_parties
from worker.delivery.matching import Match, Ours, match
from worker.flows import mapping_check, mapping_file
from worker.flows.mapping_check import Compared
from worker.flows.mapping_file import Finding, MappingRefused, Row
from worker.flows.ports import Ports
from worker.store import audit, freeing, references, setup
from worker.store.engine import Connection
from worker.store.freeing import Freed

log = structlog.get_logger()

ORIGIN = "mapping"


class CannotList(Exception):
    """The book's ledger cannot list its customers and items: name them under ledger_ids instead."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What a book has for what we will need there. `bound` are linked already, and left out."""

    book: str
    matches: tuple[Match, ...]
    bound: int
    reads: int

    def count(self, grade: str) -> int:
        """How many have this grade."""
        return sum(one.grade == grade for one in self.matches)


@dataclass(frozen=True, slots=True)
class MappingImport:
    """What an import did, or would do: links that are new, and those that now name another record.

    `unasked` books could not say whether they have these records.
    """

    added: int
    changed: tuple[str, ...]
    unchanged: int
    freed: Freed = field(default_factory=Freed)
    unasked: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """The second import of the same file."""
        return not (self.added or self.changed or not self.freed.is_empty)


def suggest(ports: Ports, book: Book) -> Suggestions:
    """Match every customer and item that documents will need with what the book lists. Changes nothing.

    One metered read per thousand records. Raises `CannotList`, or a `ConnectorError` when it cannot be read.
    """
    ledger = ports.open_ledger(book)
    if not isinstance(ledger, ReadsReferenceData):
        raise CannotList(f"the ledger of book {book.code} cannot list its customers and items")
    with ports.store.read() as connection:
        known = setup.load_setup(connection)
        wanted = tuple(_wanted(known, book))
        bound = references.bound_of(connection, book.code, {_reference(one) for one in wanted})
    missing = [one for one in wanted if _reference(one) not in bound]
    held, reads = mapping_check.listed(ports, book.code, ledger, {one.kind for one in missing})
    return Suggestions(book.code, match(missing, held), len(wanted) - len(missing), reads)


def as_file(suggestions: Suggestions) -> str:
    """The suggestions as a file to correct; a row whose ledger_id stays empty links nothing.

    Only exact matches have their id filled in: a likely one is for a person to confirm, from `others`.
    """
    return mapping_file.write(_cells(suggestions.book, one) for one in suggestions.matches)


def import_(
    ports: Ports, raw: bytes, *, name: str, actor: str, reason: str = "", dry_run: bool = False
) -> MappingImport:
    """Link what a file says, all of it or nothing; what waited for it goes on by itself.

    Importing it again changes nothing. Raises `MappingRefused` with every wrong row, also where the book has
    no such record or one in another currency.
    """
    rows = mapping_file.read(raw, name=name)
    told = _compared(ports, rows, name=name)

    def work(connection: Connection) -> MappingImport:
        now = ports.clock.now()
        known = setup.load_setup(connection)
        findings = tuple(_findings(connection, known, rows))
        if findings:
            raise MappingRefused(findings, name=name)
        done = replace(_link(connection, rows), unasked=told.unasked)
        if done.added or done.changed:
            freed = freeing.free_bound(connection, now=now, books={row.book for row in rows})
            done = replace(done, freed=freed)
            body = {"added": done.added, "changed": done.changed, "freed": len(done.freed.due)}
            audit.record(
                connection, actor=actor, act="mapping.import", subject=name, reason=reason, body=body, now=now
            )
        return done

    done = ports.store.transact(work)
    for book in done.freed.books:
        ports.doorbell.ring("drain_book", book)
    log.info("mapping.imported", file=name, is_dry=dry_run, added=done.added, changed=len(done.changed))
    return done


def _compared(ports: Ports, rows: Sequence[Row], *, name: str) -> Compared:
    """What the books say of rows that change something; raises `MappingRefused` where we or they say no."""
    with ports.store.read() as connection:
        known = setup.load_setup(connection)
        findings = tuple(_findings(connection, known, rows))
        before = _bound(connection, rows)
    if findings:
        raise MappingRefused(findings, name=name)
    fresh = [row for row in rows if before[row.book].get(_of_row(row)) != row.ledger_id]
    told = mapping_check.compared(ports, fresh, {book.code: book for book in known.books})
    if told.findings:
        raise MappingRefused(told.findings, name=name)
    return told


def _bound(connection: Connection, rows: Sequence[Row]) -> dict[str, Mapping[Reference, str]]:
    """Book -> what is linked there of the rows' references."""
    return {
        book: references.bound_of(connection, book, {_of_row(row) for row in rows if row.book == book})
        for book in {row.book for row in rows}
    }


def _link(connection: Connection, rows: Sequence[Row]) -> MappingImport:
    added, changed, unchanged = 0, [], 0
    before = _bound(connection, rows)
    for row in {(row.book, _of_row(row)): row for row in rows}.values():
        reference = _of_row(row)
        held = before[row.book].get(reference)
        if held == row.ledger_id:
            unchanged += 1
            continue
        references.bind(connection, row.book, reference, ledger_id=row.ledger_id, version="", origin=ORIGIN)
        if held is None:
            added += 1
        else:
            changed.append(f"{row.book}: {reference} was {held}, is {row.ledger_id} now")
    return MappingImport(added, tuple(changed), unchanged)


def _findings(connection: Connection, known: Setup, rows: Sequence[Row]) -> Iterator[Finding]:
    """What is wrong with rows that are well formed: unknown books and codes, ids the workspace file owns."""
    books = {book.code: book for book in known.books}
    codes = {
        code: _codes(known, book) for code, book in books.items() if any(row.book == code for row in rows)
    }
    owned = references.of_origin(connection, "workspace", books=codes)
    for row in rows:
        reference = _of_row(row)
        if row.book not in books:
            yield Finding(row.number, f"There is no book {row.book}.")
        elif reference not in codes[row.book]:
            yield Finding(row.number, f"Book {row.book} needs no {reference}: check kind and code.")
        elif owned.get((row.book, reference), row.ledger_id) != row.ledger_id:
            there = owned[row.book, reference]
            yield Finding(
                row.number,
                f"The workspace file says {there} for {reference} under ledger_ids: change it there.",
            )


def _codes(known: Setup, book: Book) -> set[Reference]:
    """Everything of ours that may be linked in a book, also what no contract bills at present."""
    found = {_reference(one) for one in _wanted(known, book)}
    currencies = {prices.currency for prices in known.price_lists} | {book.home_currency}
    found |= {
        Reference("customer", customer_code(party.code, currency))
        for party in known.parties
        for currency in currencies
    }
    chart = _chart(known, book)
    if chart is not None:
        found |= {Reference(code.kind, code.code) for code in chart.codes}
        found |= {Reference("item", code) for code in _item_codes(known, chart)}
    return found


def _wanted(known: Setup, book: Book) -> Iterator[Ours]:
    """Customers and items that documents of the book's issuer will need, by code."""
    mine = tuple(one for one in known.contracts if one.issuer == book.issuer)
    parties = {party.code: party for party in known.parties}
    for code, currency in sorted(paying_parties(replace(known, contracts=mine))):
        if code in parties:
            yield _customer(parties[code], currency, book)
    chart = _chart(known, book)
    if chart is None:
        return
    lists = {name for one in mine for name in (one.price_list, one.usage_price_list)}
    sold = {price.product for prices in known.price_lists if prices.code in lists for price in prices.prices}
    for item, products in sorted(_item_codes(known, chart).items()):
        if sold.intersection(products):
            yield _item(known, item, products, book)


def _customer(party: Party, currency: str, book: Book) -> Ours:
    code = customer_code(party.code, currency)
    names = (party.name, f"{party.name} ({currency})", party.legal_name)
    return Ours(
        kind="customer",
        code=code,
        marker=DeliveryIdentity(book.code, "customer", code).marker,
        names=tuple(dict.fromkeys(filter(None, names))),
        currency=currency,
        emails=party.emails,
        tax_ids=tuple(one.id for one in party.tax_ids),
    )


def _item(known: Setup, code: str, products: Sequence[str], book: Book) -> Ours:
    own = next((one for one in known.products if one.code == code and code in products), None)
    return Ours(
        kind="item",
        code=code,
        marker=DeliveryIdentity(book.code, "item", code).marker,
        names=(own.name, code) if own is not None else (code,),
        sku=own.sku if own is not None else "",
    )


def _item_codes(known: Setup, chart: Chart) -> Mapping[str, list[str]]:
    """Item code -> the products that are sold as it."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for product in known.products:
        rule = rule_for(chart, product)
        if rule is not None:
            found[item_code(rule, product)].append(product.code)
    return found


def _chart(known: Setup, book: Book) -> Chart | None:
    return next((one for one in known.charts if one.code == book.chart), None)


def _reference(ours: Ours) -> Reference:
    return Reference(ours.kind, ours.code)


def _of_row(row: Row) -> Reference:
    return freeing.reference_of(f"{row.kind} {row.code}")


def _cells(book: str, one: Match) -> tuple[str, ...]:
    is_exact = one.grade == "exact"
    candidates = [] if is_exact or not one.ledger_id else [f"{one.ledger_id} {one.their_name}"]
    others = "; ".join((*candidates, *one.others))
    ledger_id = one.ledger_id if is_exact else ""
    return (book, one.kind, one.code, one.name, one.grade, ledger_id, one.their_name,
            ", ".join(one.because), others, one.note)  # fmt: skip
