"""Builders: a US and a British company, and the records we put into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal

from connectors.ledgers.quickbooks.company import Company, company_of
from connectors.ledgers.quickbooks.wire import rendered
from connectors.protocols import Shipment
from mappings.canonical.book import Book
from mappings.canonical.document import ChargeRef, Document, Line, Original, Section, Side, TaxTotal
from mappings.canonical.money import Money, to_money, total
from mappings.canonical.party import Address, Registration
from mappings.canonical.period import Period
from mappings.canonical.record import (
    CustomerRecord,
    DocumentRecord,
    ItemRecord,
    LineTarget,
    Record,
    RecordKind,
    Reference,
)
from mappings.identity import DeliveryIdentity

OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
SEATTLE = Address("1 Example Way", "Floor 2", "Seattle", "WA", "98101", "US")
LONDON = Address("2 Sample Street", "", "London", "", "EC1A 1AA", "GB")


def book(country: str = "US", *, api_base: str = "http://127.0.0.1:1", **settings: str) -> Book:
    return Book(
        code=f"{country}-BOOK",
        issuer=country,
        ledger="quickbooks",
        chart="CHART",
        home_currency="USD" if country == "US" else "GBP",
        settings={
            "realm_id": "9341450000000001",
            "environment": "simulator",
            "country": country,
            "client_id": "ABclient",
            "client_secret": "canary-client-secret",
            "api_base": api_base,
            "token_endpoint": f"{api_base}/oauth2/v1/tokens/bearer",
            **settings,
        },
    )


def company(country: str = "US") -> Company:
    return company_of(book(country))


def customer(
    code: str = "ACME/USD", *, name: str = "Acme Group", parent: str = "", **changes: object
) -> CustomerRecord:
    record = CustomerRecord(
        code=code,
        currency=code.partition("/")[2],
        display_name=name,
        legal_name="Acme Holding Inc.",
        billing_address=SEATTLE,
        shipping_address=SEATTLE,
        emails=("ap@acme.example", "cfo@acme.example"),
        tax_ids=(Registration("US", "91-1144442"),),
        parent=parent,
    )
    return replace(record, **changes)  # type: ignore[arg-type]  # a test names real fields


def item(code: str = "M365", *, name: str = "Microsoft 365 E3", sku: str = "CFQ7TTC0LCHC") -> ItemRecord:
    return ItemRecord(code, name, "Seats of Microsoft 365 E3", "4000", sku)


def line(
    net: int = 12000,
    *,
    currency: str = "USD",
    quantity: str = "10",
    unit_price: str = "12.00",
    percent: str = "10",
    original: str = "",
    description: str = "Microsoft 365 E3",
) -> Line:
    return Line(
        charge=ChargeRef("SUB-1", OCTOBER.start, 0),
        product="M365",
        description=description,
        quantity=Decimal(quantity),
        unit_price=Decimal(unit_price),
        net=Money(net, currency),
        tax_code="standard",
        tax_percent=Decimal(percent),
        service=OCTOBER,
        sold_to="ACME",
        basis=("10 seats x 12.00 USD", "tier 1"),
        original=Original(original, date(2026, 10, 1), OCTOBER) if original else None,
    )


def document(
    number: str = "INV-2026-00001",
    *,
    kind: Literal["invoice", "credit_note"] = "invoice",
    lines: Sequence[Sequence[Line]] = (),
    currency: str = "USD",
    home_currency: str = "USD",
    rate: str = "1",
    tax_mode: Literal["ours", "ledger"] = "ours",
    tax_code: str = "S",
    class_: str = "",
    purchase_order: str = "",
    names: Mapping[str, str] | None = None,
    customer_code: str = "",
) -> DocumentRecord:
    """A document with one section per sequence of lines; tax per rate, half up."""
    groups = tuple(tuple(group) for group in lines) or ((line(currency=currency),),)
    flat = [one for group in groups for one in group]
    net = total((one.net for one in flat), currency)
    taxes = []
    for percent in sorted({one.tax_percent for one in flat}):
        base = total((one.net for one in flat if one.tax_percent == percent), currency)
        taxes.append(
            TaxTotal("standard", percent, base, to_money(base.decimal * percent / 100, currency, "half_up"))
        )
    tax = total((one.tax for one in taxes), currency)
    sections = tuple(
        Section(
            f"PARTY-{index}",
            f"Acme {index}",
            group,
            total((one.net for one in group), currency),
            Money(0, currency),
        )
        for index, group in enumerate(groups, 1)
    )
    issued = Document(
        ref=f"REF{number}",
        kind=kind,
        issuer=Side("US", "Seller", "Seller Inc.", SEATTLE),
        bill_to=Side("ACME", "Acme Group", "Acme Holding Inc.", SEATTLE, emails=("ap@acme.example",)),
        currency=currency,
        sections=sections,
        taxes=tuple(taxes),
        net=net,
        tax=tax,
        gross=net + tax,
        service=OCTOBER,
        payment_terms_days=30,
        home_currency=home_currency,
        exchange_rate=Decimal(rate),
        exchange_rate_on=date(2026, 11, 1),
        exchange_rate_source="test",
        tax_mode=tax_mode,
        purchase_order=purchase_order,
        number=number,
        document_date=date(2026, 11, 2),
        due_date=date(2026, 12, 2),
    )
    return DocumentRecord(
        document=issued,
        customer=customer_code or f"ACME/{currency}",
        targets=tuple(LineTarget("M365", "4000", tax_code, class_) for _ in flat),
        receivable_account="1200",
        tax_account="2200",
        rounding_account="9990",
        names=dict(names or {}),
    )


BOUND: Mapping[Reference, str] = {
    Reference("customer", "ACME/USD"): "101",
    Reference("customer", "ACME/EUR"): "102",
    Reference("customer", "ACME/GBP"): "103",
    Reference("item", "M365"): "41",
    Reference("account", "4000"): "79",
    Reference("tax_code", "S"): "2",
    Reference("class", "EMEA"): "5000000000000007280",
}


def shipment(
    record: Record,
    *,
    country: str = "US",
    bound: Mapping[Reference, str] = BOUND,
    revision: int = 0,
    ref: str = "",
) -> Shipment:
    """A record as the write-ahead stores it, with the identity of its delivery."""
    kind, own_ref = kind_and_ref(record)
    identity = DeliveryIdentity(f"{country}-BOOK", kind, ref or own_ref, revision)
    made = rendered(record, marker=identity.marker, bound=bound, company=company(country))
    return Shipment(kind, identity.key, identity.marker, made.lookup, made.body, made.expect)


def kind_and_ref(record: Record) -> tuple[RecordKind, str]:
    if isinstance(record, CustomerRecord):
        return "customer", record.code
    if isinstance(record, ItemRecord):
        return "item", record.code
    return record.document.kind, record.document.ref
