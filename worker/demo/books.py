"""What the books hold, read from the books themselves: the simulator's dump and the Beancount file.

Protects: what the demo claims about a book is never read from our own database.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.ledgers.beancount.reading import Transaction, entries
from mappings.canonical.money import Money, parse_money, zero

_MARKER = re.compile(r"subledger:([A-Z2-7]{20})")
_ENTITIES = {"Invoice": "invoice", "CreditMemo": "credit_note", "Customer": "customer", "Item": "item"}


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """A document as a book holds it. Amounts are positive; `kind` carries the sign."""

    number: str
    kind: str
    marker: str
    net: Money
    gross: Money

    @property
    def signed_net(self) -> Money:
        """The net amount, negative for a credit note."""
        return -self.net if self.kind == "credit_note" else self.net

    @property
    def signed_gross(self) -> Money:
        """The gross amount, negative for a credit note."""
        return -self.gross if self.kind == "credit_note" else self.gross


@dataclass(frozen=True, slots=True)
class HeldBook:
    """Everything of ours in one book. `markers` has one entry per record, customers and items included."""

    code: str
    documents: tuple[HeldDocument, ...]
    markers: tuple[str, ...]

    @property
    def duplicates(self) -> int:
        """How many records the book holds too much: one more of a marker, or another under a used number."""
        numbers = Counter((kind, number) for kind, number, _ in self._different)
        return len(self.markers) - len(set(self.markers)) + sum(count - 1 for count in numbers.values())

    @property
    def _different(self) -> frozenset[tuple[str, str, str]]:
        return frozenset((one.kind, one.number, one.marker) for one in self.documents)

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers of its documents."""
        return frozenset(one.number for one in self.documents)

    def totals(self) -> tuple[BookTotal, ...]:
        """Per currency, sorted."""
        currencies = sorted({one.gross.currency for one in self.documents})
        return tuple(_total(currency, self.documents) for currency in currencies)


@dataclass(frozen=True, slots=True)
class BookTotal:
    """What a book holds in one currency; credit notes count against."""

    invoices: int
    credit_notes: int
    net: Money
    tax: Money
    gross: Money


def _total(currency: str, documents: Iterable[HeldDocument]) -> BookTotal:
    mine = [one for one in documents if one.gross.currency == currency]
    net = sum((one.signed_net for one in mine), zero(currency))
    gross = sum((one.signed_gross for one in mine), zero(currency))
    credits_ = sum(one.kind == "credit_note" for one in mine)
    return BookTotal(len(mine) - credits_, credits_, net, gross - net, gross)


def quickbooks_book(code: str, dump: Mapping[str, list[dict[str, Any]]]) -> HeldBook:
    """A QuickBooks company from the simulator's dump; records that are not ours are left out."""
    documents: list[HeldDocument] = []
    markers: list[str] = []
    for entity, kind in _ENTITIES.items():
        for record in dump.get(entity, []):
            text = " ".join(str(record.get(name, "")) for name in ("PrivateNote", "Notes", "Description"))
            found = _MARKER.search(text)
            if found is None or record.get("status") == "Deleted":
                continue
            markers.append(found[1])
            if kind in ("invoice", "credit_note"):
                documents.append(_quickbooks_document(record, kind, marker=found[1]))
    return HeldBook(code, tuple(documents), tuple(markers))


def _quickbooks_document(record: Mapping[str, Any], kind: str, *, marker: str) -> HeldDocument:
    currency = str(record["CurrencyRef"]["value"])
    gross = Decimal(record["TotalAmt"])
    tax = Decimal((record.get("TxnTaxDetail") or {}).get("TotalTax", 0))
    return HeldDocument(
        number=str(record["DocNumber"]),
        kind=kind,
        marker=marker,
        net=parse_money(str(gross - tax), currency),
        gross=parse_money(str(gross), currency),
    )


def beancount_book(code: str, path: Path) -> HeldBook:
    """A Beancount book from its file."""
    with path.open("rb") as file:
        documents = tuple(_beancount_documents(entries(file)))
    return HeldBook(code, documents, tuple(one.marker for one in documents))


def _beancount_documents(found: Iterable[object]) -> Iterator[HeldDocument]:
    for entry in found:
        if isinstance(entry, Transaction) and entry.net is not None and entry.gross is not None:
            yield HeldDocument(entry.number, entry.kind, entry.marker, entry.net, entry.gross)
