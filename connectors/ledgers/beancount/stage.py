"""A Beancount file for the conformance kit, and the only trouble a file can get into: somebody edits it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from connectors.conformance.stage import Ground, NotOffered, Stage, Trouble
from connectors.ledgers.beancount.ledger import BeancountLedger
from connectors.protocols import Clock
from mappings.canonical.book import Book
from mappings.canonical.party import Address

_NAMES = {
    "8400": "Income:Licences",
    "1400": "Assets:Receivable:Trade",
    "1776": "Liabilities:VAT",
    "9990": "Expenses:Rounding",
}
_WHY_NOT: Mapping[Trouble, str] = {
    "lost_answer": "a file is written by this process: it is whole, or completed by whoever opens it next",
    "lost_request": "a file is written by this process: no request is on its way",
    "throttled": "a file takes any number of writes",
    "unknown_answer": "the system's errors are known: what has no row left nothing in the file",
    "version_conflict": "a document in a file is never changed, so no version is named",
    "token_expired": "a file needs no sign-in",
    "consent_withdrawn": "a file needs no sign-in",
    "period_closed": "a file has no closing date",
    "customer_inactive": "customers are written into each transaction",
}


@contextmanager
def practice(folder: Path, *, clock: Clock) -> Iterator[Stage]:
    """A new book file in an empty folder."""
    file = folder / "conformance.beancount"
    book = Book(
        code="KIT",
        issuer="KIT",
        ledger="beancount",
        chart="KIT",
        home_currency="EUR",
        settings={"file": str(file)},
    )
    ground = Ground(
        book=book,
        day=date(2026, 2, 1),
        address=Address("Beispielweg 1", "", "Berlin", "", "10115", "DE"),
        revenue_account="8400",
        receivable_account="1400",
        tax_account="1776",
        rounding_account="9990",
        tax_code="DE19",
        tax_percent=Decimal(19),
        foreign_currency="USD",
        names=_NAMES,
    )
    yield BeancountStage(ground, file, clock)


@dataclass(frozen=True, slots=True)
class BeancountStage:
    """See `connectors.conformance.stage.Stage`."""

    ground: Ground
    file: Path
    clock: Clock
    is_practice: bool = True
    tokens: None = None

    def open(self) -> BeancountLedger:
        return BeancountLedger(self.ground.book, clock=self.clock)

    @contextmanager
    def trouble(self, what: Trouble, *, about: str = "") -> Iterator[None]:
        """`edited_there`: the document with the marker `about` gets another payee, until the block ends."""
        if what != "edited_there":
            raise NotOffered(_WHY_NOT[what])
        before = self.file.read_bytes()
        head, marker, rest = before.partition(f'  marker: "{about}"'.encode())
        self.file.write_bytes(head + b'  edited: "by hand"\n' + marker + rest)
        try:
            yield
        finally:
            self.file.write_bytes(before)

    def count(self, number: str) -> int:
        """Lines of the file that give a document this number."""
        return self.file.read_text("utf-8").splitlines().count(f'  number: "{number}"')
