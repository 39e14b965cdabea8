"""Books for a bench: QuickBooks companies that hold their customers and items; invoices of three lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from mappings.canonical.book import Book
from mappings.canonical.document import ChargeRef, Document, Line, Section, Side, TaxTotal
from mappings.canonical.money import Money
from mappings.canonical.party import Address
from mappings.canonical.period import Period
from mappings.canonical.record import DocumentRecord, LineTarget, Reference, customer_code
from mappings.canonical.workspace import Setup, Workspace
from mappings.identity import document_ref
from worker.bootstrap import App
from worker.flows import connect
from worker.store import lanes, planning, references
from worker.store.columns import new_id
from worker.store.engine import Connection
from worker.store.planning import PlannedDocument
from worker.store.workspace import store_workspace

CUSTOMERS = 20
PRODUCTS = ("SEAT", "STORAGE", "SUPPORT")
LOT = 1000
"""Invoices that are planned in one transaction."""

_MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
_FIRST_CUSTOMER, _FIRST_ITEM = 1001, 2001
_STANDARD_RATE = Reference("tax_code", "DE19")
_STANDARD_RATE_ID = "2"


@dataclass(frozen=True, slots=True)
class Town:
    """Some books of one simulator; `share` of the published limits is what each may use."""

    books: tuple[str, ...]
    share: float

    @classmethod
    def of(cls, count: int, *, share: float) -> Town:
        """Books B-000, B-001 and so on."""
        return cls(tuple(f"B-{number:03}" for number in range(count)), share)

    def companies(self) -> Mapping[str, Any]:
        """The simulator's set-up: a German company for each book, its limits scaled alike."""
        customers = [{"id": str(_FIRST_CUSTOMER + n), "name": _customer_name(n)} for n in range(CUSTOMERS)]
        items = [{"id": str(_FIRST_ITEM + n), "name": product} for n, product in enumerate(PRODUCTS)]
        common = {"country": "DE", "home_currency": "EUR", "customers": customers, "items": items}
        listed = [{"realm_id": realm_of(book), "name": book, **common} for book in self.books]
        return {"companies": listed, "limits": {"scale": self.share}}

    def set_up(self, app: App, address: str, refresh_tokens: Mapping[str, str]) -> None:
        """Store the books, bind what they hold already, connect them; their lanes are paused."""
        books = tuple(self._book(code, address) for code in self.books)
        now = app.clock.now()

        def work(connection: Connection) -> None:
            store_workspace(connection, Workspace(Setup(books=books)), now=now)
            lanes.ensure(connection, self.books)
            for book in self.books:
                for reference, ledger_id in _held().items():
                    bound = {"ledger_id": ledger_id, "version": "0", "origin": "given"}
                    references.bind(connection, book, reference, **bound)
                lanes.pause(connection, book, reason="bench", why="everything is loaded first")

        app.store.transact(work)
        for book in books:
            token = refresh_tokens[realm_of(book.code)]
            tokens = app.tokens(book.code)
            connect.adopt(app.ports, app.as_reached(book), tokens, refresh_token=token, actor="bench")

    def _book(self, code: str, address: str) -> Book:
        return Book(
            code=code, issuer="DE", ledger="quickbooks", chart="DE-CHART", home_currency="EUR",
            settings={
                "realm_id": realm_of(code), "environment": "simulator", "country": "DE",
                "client_id": "simulator-client", "api_base": address,
                "token_endpoint": f"{address}/oauth2/v1/tokens/bearer", "limits_share": str(self.share),
            },
        )  # fmt: skip


def realm_of(book: str) -> str:
    """The company id of a book."""
    return f"93414500{int(book.removeprefix('B-')) + 1:08}"


def plan(app: App, book: str, numbers: Sequence[int]) -> None:
    """Release these invoices into a book, as a run would have left them."""
    for first in range(0, len(numbers), LOT):
        some = [_planned(book, number) for number in numbers[first : first + LOT]]
        now = app.clock.now()
        with app.store.write() as connection:
            planning.plan(connection, some, now=now)


def invoice(book: str, number: int) -> DocumentRecord:
    """One invoice of three lines with its targets in the book."""
    party = f"P-{number % CUSTOMERS:02}"
    lines = tuple(_lines(book, number, party))
    net = Money(sum(line.net.minor for line in lines), "EUR")
    tax = Money((net.minor * 19 + 50) // 100, "EUR")
    side = Side(
        party, f"Party {party}", f"Party {party} GmbH", _address(party), emails=(f"ap@{party}.example",)
    )
    document = Document(
        ref=document_ref("DE", (book, party, str(number)), tuple(line.charge for line in lines)),
        kind="invoice",
        issuer=Side("DE", "Seller", "Seller GmbH", _address("seller")),
        bill_to=side,
        currency="EUR",
        sections=(Section(party, side.name, lines, net, tax),),
        taxes=(TaxTotal("DE19", Decimal(19), net, tax),),
        net=net,
        tax=tax,
        gross=net + tax,
        service=_MARCH,
        payment_terms_days=30,
        home_currency="EUR",
        exchange_rate=Decimal(1),
        exchange_rate_on=None,
        exchange_rate_source="",
        series="INV",
        number=f"INV-{number:07}",
        document_date=date(2026, 3, 1),
        due_date=date(2026, 3, 31),
        tax_point=date(2026, 3, 1),
    )
    targets = tuple(LineTarget(product, "REVENUE", "DE19") for product in PRODUCTS)
    return DocumentRecord(document, customer_code(party, "EUR"), targets, "AR", "TAX", "ROUND")


def customer_id(number: int) -> str:
    """The company's id of the customer that the n-th invoice goes to."""
    return str(_FIRST_CUSTOMER + number % CUSTOMERS)


def item_id(position: int) -> str:
    """The company's id of the n-th product."""
    return str(_FIRST_ITEM + position)


def _planned(book: str, number: int) -> PlannedDocument:
    return PlannedDocument(
        book=book,
        document_id=new_id(),
        record=invoice(book, number),
        companions=(),
        create_missing="never",
        takes=frozenset({"customer", "item", "invoice"}),
        sort_key=f"{number:07}",
    )


def _lines(book: str, number: int, party: str) -> Iterator[Line]:
    for position, product in enumerate(PRODUCTS):
        quantity, price = 1 + (number + position) % 90, 850 + 10 * (number % 40) + position
        yield Line(
            charge=ChargeRef(f"{book}-{number}-{product}", _MARCH.start, 0),
            product=product,
            description=f"{product.title()} of the office suite, business premium",
            quantity=Decimal(quantity),
            unit_price=Decimal(price) / 100,
            net=Money(quantity * price, "EUR"),
            tax_code="DE19",
            tax_percent=Decimal(19),
            service=_MARCH,
            sold_to=party,
            basis=(f"{quantity} x {price / 100:.2f} EUR, tier 2 of 4 at {quantity * 7}",),
        )


def _held() -> Mapping[Reference, str]:
    """What every book is bound to: its customers, items and tax code."""
    customers = {
        Reference("customer", customer_code(f"P-{number:02}", "EUR")): customer_id(number)
        for number in range(CUSTOMERS)
    }
    items = {Reference("item", product): item_id(position) for position, product in enumerate(PRODUCTS)}
    return {**customers, **items, _STANDARD_RATE: _STANDARD_RATE_ID}


def _customer_name(number: int) -> str:
    return f"Party P-{number:02}"


def _address(name: str) -> Address:
    return Address(line1=f"{name} street 12", city="Hamburg", postal_code="20095", country="DE")
