"""One Beancount book as a `Ledger`: documents go into one plain-text file and are found there again."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from connectors.errors import Conflict, ConnectorError, Refused, Unreachable
from connectors.ledgers.beancount import balances, faults, wire
from connectors.ledgers.beancount.book_file import BookFile, LockedBook
from connectors.ledgers.beancount.index import (
    Index,
    commodity_lines,
    company_id,
    declarations_of,
    header,
    held_of,
    id_line,
    open_line,
)
from connectors.ledgers.beancount.limits import CAPABILITIES
from connectors.ledgers.beancount.reading import Declaration, Transaction, entries
from connectors.protocols import (
    Balance,
    BookState,
    Capabilities,
    Clock,
    Held,
    Outcome,
    Posted,
    Rendered,
    Shipment,
    TokenStore,
)
from mappings.canonical.book import Book
from mappings.canonical.record import DocumentRecord, Record, Reference


def open_book(book: Book, *, clock: Clock, tokens: TokenStore) -> BeancountLedger:
    """A session with the book's file. `tokens` is not used: a file needs no sign-in."""
    return BeancountLedger(book, clock=clock)


class BeancountLedger:
    """See `connectors.protocols.Ledger`. Also `ReadsBalances` and `ReadsNumbers`."""

    def __init__(self, book: Book, *, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        self._file = BookFile(Path(book.settings["file"]).expanduser(), book=book.code, clock=clock)

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    def check(self) -> BookState:
        """Look at the file without writing to it, but for an append of ours that was interrupted."""
        index, problems = Index(), []
        try:
            with self._file.locked(create=False) as locked:
                index = locked.index
            self._refuse_other_company(index)
        except ConnectorError as error:
            problems.append(f"{error.why} {error.hint}".strip())
        path = self._file.path
        if path.parent.is_dir() and not os.access(path if path.exists() else path.parent, os.W_OK):
            problems.append(f"Book {self._book.code}: {path} may not be written by this user.")
        return BookState(
            company_id=index.company_id or company_id(self._book),
            company_name=self._book.settings.get("title", "") or self._book.code,
            home_currency=self._book.home_currency,
            problems=tuple(problems),
        )

    def needs(self, record: Record) -> tuple[Reference, ...]:
        """Nothing: customers and products are written into each transaction."""
        return ()

    def render(self, record: Record, *, marker: str, bound: Mapping[Reference, str]) -> Rendered:
        """The transaction's bytes. Raises `Refused` for a record that a Beancount book cannot hold."""
        if not isinstance(record, DocumentRecord):
            raise Refused(
                f"{type(record).__name__}: a Beancount book holds invoices and credit notes only.",
                code="not_a_document",
            )
        return wire.render(record, marker=marker, home_currency=self._book.home_currency)

    def push(
        self, shipments: Sequence[Shipment], *, batch_key: str = "", not_after: float | None = None
    ) -> Sequence[Outcome]:
        """One append and one wait for the disk, whatever the number of shipments.

        A marker that the book holds already is answered with what is there. Raises `Refused` (damaged,
        full, read-only) or `Unreachable` with nothing written, `OutcomeUnknown` when that is not certain.
        """
        with self._file.locked(create=True) as locked:
            self._refuse_other_company(locked.index)
            text, outcomes = self._plan(locked, shipments)
            if text:
                if not_after is not None and self._clock.monotonic() > not_after:
                    raise Unreachable(
                        f"Book {self._book.code}: the time to write had passed; nothing was written.",
                        code="too_late",
                    )
                locked.append(text)
        return outcomes

    def find(self, shipments: Sequence[Shipment]) -> Sequence[Held | None]:
        """What the book holds under each shipment's marker, or else under its number."""
        with self._file.locked(create=False) as locked:
            return [
                locked.index.find(marker=shipment.marker, number=shipment.lookup) for shipment in shipments
            ]

    def highest_numbers(self, prefixes: Sequence[str]) -> Mapping[str, str]:
        """The highest number in the book behind each prefix, "" when there is none."""
        with self._file.locked(create=False) as locked:
            return {prefix: locked.index.highest(prefix) for prefix in prefixes}

    def balances(self) -> tuple[Balance, ...]:
        """Totals per account and currency of the documents in the book."""
        with self._file.locked(create=False) as locked:
            return balances.balances(locked.lines())

    def view_command(self) -> str:
        """A shell command that shows the book in a browser (Fava, a program of its own)."""
        return balances.fava_command(self._file.path)

    def _refuse_other_company(self, index: Index) -> None:
        if index.company_id not in ("", company_id(self._book)):
            raise faults.other_company(book=self._book.code, path=self._file.path)

    def _plan(self, locked: LockedBook, shipments: Sequence[Shipment]) -> tuple[str, list[Outcome]]:
        """The text to append ("" = nothing new) and one outcome per shipment if that succeeds."""
        opening = _opening(locked, self._book)
        planned, parts, outcomes = Index(), [opening], list[Outcome]()
        planned.add(entries(opening.encode().splitlines()))
        for shipment in shipments:
            known = self._known(shipment, locked.index) or self._known(shipment, planned)
            if known is not None:
                outcomes.append(known)
                continue
            transaction = _transaction_of(shipment)
            if transaction is None:
                outcomes.append(_not_ours(shipment))
                continue
            declarations = tuple(
                declaration
                for declaration in declarations_of(transaction)
                if not locked.index.declares(declaration) and not planned.declares(declaration)
            )
            planned.add((*declarations, transaction))
            parts += [_declared(declarations), shipment.body.decode()]
            outcomes.append(_posted(held_of(transaction)))
        return ("".join(parts) if planned.by_marker else ""), outcomes

    def _known(self, shipment: Shipment, index: Index) -> Outcome | None:
        """The answer for a marker or number that is in the book already, None for a new one."""
        held = index.find(marker=shipment.marker, number=shipment.lookup)
        if held is None:
            return None
        if held.marker == shipment.marker:
            return _posted(held)
        return _number_taken(shipment, held, book=self._book.code)


def _opening(locked: LockedBook, book: Book) -> str:
    """What must stand before the first document: a header, or the id line in a file that was accepted."""
    if locked.is_empty:
        return header(book)
    return "" if locked.index.company_id else f"\n{id_line(book)}"


def _declared(declarations: tuple[Declaration, ...]) -> str:
    lines = (open_line(one.name) if one.word == "open" else commodity_lines(one.name) for one in declarations)
    text = "".join(lines)
    return f"\n{text}" if text else ""


def _transaction_of(shipment: Shipment) -> Transaction | None:
    """The one transaction of a shipment's bytes, if it is the one the shipment speaks of."""
    found = list(entries(shipment.body.splitlines(keepends=True)))
    match found:
        case [Transaction(is_intact=True) as only] if only.marker == shipment.marker:
            is_right = only.number == shipment.lookup and only.kind == shipment.kind
            return only if is_right else None
    return None


def _posted(held: Held) -> Posted:
    return Posted(
        ledger_id=held.ledger_id, version=held.version, lookup=held.lookup, net=held.net, gross=held.gross
    )


def _not_ours(shipment: Shipment) -> Refused:
    return Refused(
        f"The record {shipment.lookup!r} was not written: its bytes are not the transaction of "
        f"{shipment.kind} {shipment.lookup} with marker {shipment.marker}.",
        code="bytes_do_not_fit",
        hint="Replay the delivery so that its bytes are made again.",
    )


def _number_taken(shipment: Shipment, held: Held, *, book: str) -> Conflict:
    return Conflict(
        f"Book {book} holds another document under number {shipment.lookup} (marker {held.marker}).",
        code="number_taken",
        hint="Find out who used the number; a number is never given to a second document.",
    )
