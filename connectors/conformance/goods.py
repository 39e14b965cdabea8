"""The customers, items and documents of the kit, made on a ground (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from connectors.conformance.stage import Ground
from mappings.canonical.document import ChargeRef, Document, DocumentKind, Line, Section, Side, TaxTotal
from mappings.canonical.money import Money, minor_units, to_money, total
from mappings.canonical.period import Period
from mappings.canonical.record import CustomerRecord, DocumentRecord, ItemRecord, LineTarget
from mappings.identity import document_ref

_RATES: dict[str, str] = {"JPY": "0.0061", "KWD": "3.25", "USD": "0.92", "GBP": "1.17"}
"""Home units for one unit, roughly right for home currencies like EUR; a trial needs a rate, no precision."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row wants of a document. `net` is minor units per line; `customer` is our code, "" = the usual.

    `of` tells apart two documents with the same number: another word, another document.
    """

    number: str
    kind: DocumentKind = "invoice"
    currency: str = ""
    net: int = 10080
    lines: int = 1
    taxed: bool = True
    tax_mode: Literal["ours", "ledger"] = "ours"
    description: str = "Microsoft 365 Business Premium"
    customer: str = ""
    of: str = "ours"


def customer(ground: Ground, code: str, *, name: str) -> CustomerRecord:
    """A customer; the currency is the part of its code behind the slash."""
    return CustomerRecord(
        code=code,
        currency=code.rpartition("/")[2],
        display_name=name,
        legal_name=name,
        billing_address=ground.address,
        shipping_address=ground.address,
    )


def item(ground: Ground, code: str, *, name: str = "", description: str = "") -> ItemRecord:
    """An item that earns on the ground's revenue account."""
    return ItemRecord(code, name or code, description or "Conformance kit", ground.revenue_account)


def document(ground: Ground, wanted: Wanted, *, customer: str, item: str) -> DocumentRecord:
    """A released document with its targets."""
    home = ground.book.home_currency
    currency = wanted.currency or home
    percent = ground.tax_percent if wanted.taxed else Decimal(0)
    code = ground.tax_code if wanted.taxed else ground.untaxed_code or ground.tax_code
    period = _month_before(ground.day)
    lines = tuple(_line(wanted, index, currency, percent, code, period) for index in range(wanted.lines))
    net = total((line.net for line in lines), currency)
    tax = (
        to_money(net.decimal * percent / 100, currency, "half_up") if _is_ours(wanted) else Money(0, currency)
    )
    side = Side("KIT", "Conformance kit", "Conformance kit", ground.address)
    issued = Document(
        ref=document_ref(ground.book.issuer, (wanted.number, wanted.of), (line.charge for line in lines)),
        kind=wanted.kind,
        issuer=Side(ground.book.issuer, "Issuer", "Issuer", ground.address),
        bill_to=side,
        currency=currency,
        sections=(Section("KIT", "Conformance kit", lines, net, tax),),
        taxes=(TaxTotal(code, percent, net, tax),) if _is_ours(wanted) else (),
        net=net,
        tax=tax,
        gross=net + tax,
        service=period,
        payment_terms_days=30,
        home_currency=home,
        exchange_rate=Decimal(1) if currency == home else Decimal(_RATES.get(currency, "1.1")),
        exchange_rate_on=ground.day,
        exchange_rate_source="conformance kit",
        tax_mode=wanted.tax_mode,
        number=wanted.number,
        document_date=ground.day,
        due_date=ground.day + timedelta(days=30),
    )
    return DocumentRecord(
        document=issued,
        customer=customer,
        targets=tuple(LineTarget(item, ground.revenue_account, code) for _ in lines),
        receivable_account=ground.receivable_account,
        tax_account=ground.tax_account,
        rounding_account=ground.rounding_account,
        names=ground.names,
    )


def _is_ours(wanted: Wanted) -> bool:
    return wanted.tax_mode == "ours"


def _line(wanted: Wanted, index: int, currency: str, percent: Decimal, code: str, period: Period) -> Line:
    net = Money(wanted.net, currency)
    return Line(
        charge=ChargeRef(f"KIT-{index}", period.start, 0),
        product="KIT",
        description=wanted.description,
        quantity=Decimal(1),
        unit_price=Decimal(wanted.net) / minor_units(currency),
        net=net,
        tax_code=code,
        tax_percent=percent,
        service=period,
        sold_to="KIT",
        basis=(f"1 seat x {net}",),
    )


def _month_before(day: date) -> Period:
    until = day.replace(day=1)
    return Period((until - timedelta(days=1)).replace(day=1), until)
