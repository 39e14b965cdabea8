"""Asking the books whether the records that a mapping file names are there, and fit (row 65).

Protects: a wrong id, or a customer in another currency, is told with its row before anything is linked, not
by the ledger's refusal of the first invoice. A book that cannot be asked links unseen, and that is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from connectors.errors import ConnectorError
from connectors.protocols import HeldName, ReadsReferenceData
from mappings.canonical.book import Book
from mappings.canonical.record import currency_of_customer
from worker.flows.mapping_file import Finding, Row
from worker.flows.ports import Ports
from worker.store import metering

_KINDS: tuple[Literal["customer", "item"], ...] = ("customer", "item")


@dataclass(frozen=True, slots=True)
class Compared:
    """What the books say of a file's rows; `unasked` books were not there to ask, or cannot tell."""

    findings: tuple[Finding, ...] = ()
    unasked: tuple[str, ...] = ()


def compared(ports: Ports, rows: Sequence[Row], books: Mapping[str, Book]) -> Compared:
    """Look up the customers and items that rows link anew: one read per thousand records of a kind."""
    findings: list[Finding] = []
    unasked: list[str] = []
    for code in sorted({row.book for row in rows} & books.keys()):
        mine = [row for row in rows if row.book == code and row.kind in _KINDS]
        if not mine:
            continue
        try:
            ledger = ports.open_ledger(books[code])
            if not isinstance(ledger, ReadsReferenceData):
                continue
            held, _ = listed(ports, code, ledger, {row.kind for row in mine})
        except (ConnectorError, ValueError):
            unasked.append(code)
            continue
        there: dict[tuple[str, str], HeldName] = {(one.kind, one.ledger_id): one for one in held}
        findings += [Finding(row.number, sentence) for row in mine for sentence in _wrong(row, there)]
    return Compared(tuple(findings), tuple(unasked))


def listed(
    ports: Ports, book: str, ledger: ReadsReferenceData, kinds: Collection[str]
) -> tuple[list[HeldName], int]:
    """Every customer and item of a book, of the kinds that are wanted, and how many reads that took.

    The reads are counted also where a later one fails. Raises a `ConnectorError`.
    """
    held: list[HeldName] = []
    reads = 0
    try:
        for kind in _KINDS:
            if kind not in kinds:
                continue
            for page in ledger.reference_data(kind):
                reads += 1
                held.extend(page)
    finally:
        counted, now = reads, ports.clock.now()
        ports.store.transact(lambda connection: metering.count_reads(connection, book, counted, now=now))
    return held, reads


def _wrong(row: Row, there: Mapping[tuple[str, str], HeldName]) -> Iterator[str]:
    held = there.get((row.kind, row.ledger_id))
    if held is None:
        yield f"Book {row.book} has no {row.kind} with id {row.ledger_id}."
    elif row.kind == "customer":
        wanted = currency_of_customer(row.code)
        if held.currency and held.currency != wanted:
            yield (
                f"Customer {row.ledger_id} ({held.name}) of book {row.book} is in {held.currency}, and its"
                f" currency never changes: {row.code} needs one in {wanted}."
            )
