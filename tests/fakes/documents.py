"""Builders of documents and records for tests that do not care what is billed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from mappings.canonical.document import ChargeRef, Document, DocumentKind, Line, Section, Side, TaxTotal
from mappings.canonical.money import Money
from mappings.canonical.party import Address
from mappings.canonical.period import Period
from mappings.canonical.record import CustomerRecord, DocumentRecord, LineTarget, customer_code
from mappings.identity import document_ref

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))


def a_document(
    number: str, *, net: int = 10000, kind: DocumentKind = "invoice", party: str = "ACME"
) -> Document:
    """A released document of one line in EUR with 19 % tax; `net` in cents."""
    charge = ChargeRef(f"SUB-{number}", MARCH.start, 0)
    amount = Money(net, "EUR")
    tax = Money(net * 19 // 100, "EUR")
    line = Line(
        charge=charge,
        product="M365-BP",
        description="Microsoft 365 Business Premium",
        quantity=Decimal(1),
        unit_price=amount.decimal,
        net=amount,
        tax_code="DE19",
        tax_percent=Decimal(19),
        service=MARCH,
        sold_to=party,
        basis=(f"1 seat x {amount}",),
    )
    return Document(
        ref=document_ref("DE", (party, kind), (charge,)),
        kind=kind,
        issuer=Side("DE", "Fern GmbH", "Fern GmbH", Address(country="DE")),
        bill_to=Side(party, "Acme", "Acme AG", Address(country="DE")),
        currency="EUR",
        sections=(Section(party, "Acme", (line,), amount, tax),),
        taxes=(TaxTotal("DE19", Decimal(19), amount, tax),),
        net=amount,
        tax=tax,
        gross=amount + tax,
        service=MARCH,
        payment_terms_days=30,
        home_currency="EUR",
        exchange_rate=Decimal(1),
        exchange_rate_on=None,
        exchange_rate_source="",
        series="INV",
        number=number,
        document_date=date(2026, 3, 1),
        due_date=date(2026, 3, 31),
        tax_point=date(2026, 3, 1),
    )


def a_record(document: Document) -> DocumentRecord:
    """The document with its targets in a book."""
    return DocumentRecord(
        document=document,
        customer=customer_code(document.bill_to.code, document.currency),
        targets=tuple(LineTarget("M365-BP", "4000", "DE19") for _ in document.lines),
        receivable_account="1200",
        tax_account="1776",
        rounding_account="4900",
        names={
            "4000": "Income:Sales",
            "1200": "Assets:Receivable",
            "1776": "Liabilities:Tax",
            "4900": "Income:Rounding",
        },
    )


def a_customer(party: str = "ACME", *, parent: str = "") -> CustomerRecord:
    """A party as a EUR customer of a book."""
    return CustomerRecord(
        code=customer_code(party, "EUR"),
        currency="EUR",
        display_name=party.title(),
        legal_name=f"{party.title()} AG",
        billing_address=Address(country="DE"),
        shipping_address=Address(country="DE"),
        parent=parent,
    )
