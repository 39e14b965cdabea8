"""Builders of released documents, books and shipments for tests of a ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, cast

from connectors.ledgers import beancount
from connectors.protocols import Clock, Ledger, Shipment, TokenStore
from mappings.canonical.book import Book
from mappings.canonical.document import ChargeRef, Document, Line, Original, Section, Side, TaxTotal
from mappings.canonical.money import Money, to_money, total
from mappings.canonical.party import Address
from mappings.canonical.period import Period
from mappings.canonical.record import DocumentRecord, LineTarget
from mappings.identity import DeliveryIdentity

JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))
NAMES = {
    "1400": "Assets:Receivable:Trade",
    "8400": "Income:Licences",
    "8410": "Income:Support",
    "1776": "Liabilities:VAT",
    "DE19": "VAT 19 %",
    "9990": "Expenses:Rounding",
}


@dataclass
class ManualClock:
    """Time that moves only when somebody sleeps."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 2, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


NO_TOKENS = cast("TokenStore", object())
"""A file needs no sign-in, so the session never looks at it."""


def book(file: Path, *, home_currency: str = "EUR", code: str = "DE-BOOK") -> Book:
    return Book(
        code=code,
        issuer="DE",
        ledger="beancount",
        chart="DE-CHART",
        home_currency=home_currency,
        settings={"file": str(file)},
    )


def ledger(file: Path, *, home_currency: str = "EUR", clock: Clock | None = None) -> Ledger:
    return beancount.LEDGER.open(
        book(file, home_currency=home_currency),
        clock=clock or ManualClock(),
        tokens=NO_TOKENS,
    )


def record(
    number: str = "INV-1",
    *,
    kind: Literal["invoice", "credit_note"] = "invoice",
    currency: str = "EUR",
    home_currency: str = "EUR",
    rate: str = "1",
    nets: Sequence[int] = (10080, 500),
    percent: str = "19",
    payee: str = "Contoso Nordics AS",
    description: str = "Microsoft 365 E3",
    customer: str = "NORDICS",
    original: str = "",
) -> DocumentRecord:
    """A document with one line per net (minor units), all of one tax code, in the period January."""
    lines = tuple(
        Line(
            charge=ChargeRef(f"SUB-{index}", JANUARY.start, 0),
            product="M365-E3",
            description=description,
            quantity=Decimal(1),
            unit_price=Money(net, currency).decimal,
            net=Money(net, currency),
            tax_code="standard",
            tax_percent=Decimal(percent),
            service=JANUARY,
            sold_to=customer,
            basis=("12 seats x 8.40 EUR", "tier 2 of pool ACME-M365"),
            original=Original(original, date(2026, 1, 1), JANUARY) if original else None,
        )
        for index, net in enumerate(nets, 1)
    )
    net = total((line.net for line in lines), currency)
    tax = to_money(net.decimal * Decimal(percent) / 100, currency, "half_up")
    document = Document(
        ref=f"REF{number}",
        kind=kind,
        issuer=Side("DE", "Seller", "Seller GmbH", Address(country="DE")),
        bill_to=Side(customer, payee, payee, Address(country="NO")),
        currency=currency,
        sections=(Section(customer, payee, lines, net, tax),),
        taxes=(TaxTotal("standard", Decimal(percent), net, tax),),
        net=net,
        tax=tax,
        gross=net + tax,
        service=JANUARY,
        payment_terms_days=30,
        home_currency=home_currency,
        exchange_rate=Decimal(rate),
        exchange_rate_on=date(2026, 1, 31),
        exchange_rate_source="ECB",
        number=number,
        document_date=date(2026, 2, 1),
        due_date=date(2026, 3, 3),
    )
    return DocumentRecord(
        document=document,
        customer=f"{customer}/{currency}",
        targets=tuple(LineTarget("M365-E3", "8400", "DE19") for _ in lines),
        receivable_account="1400",
        tax_account="1776",
        rounding_account="9990",
        names=NAMES,
    )


def shipment(of: DocumentRecord, by: Ledger, *, book_code: str = "DE-BOOK") -> Shipment:
    """The delivery of a document into a book, as a write-ahead would hold it."""
    identity = DeliveryIdentity(book_code, of.document.kind, of.document.ref)
    rendered = by.render(of, marker=identity.marker, bound={})
    return Shipment(
        kind=of.document.kind,
        key=identity.key,
        marker=identity.marker,
        lookup=rendered.lookup,
        body=rendered.body,
        expect=rendered.expect,
    )


def with_document(of: DocumentRecord, **changes: object) -> DocumentRecord:
    """The record with some fields of its document changed."""
    return replace(of, document=replace(of.document, **changes))  # type: ignore[arg-type]  # names checked at run time
