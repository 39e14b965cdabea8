"""Documents (invoices and credit notes) as they are frozen at release, in our own codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mappings.canonical.money import Money
from mappings.canonical.party import Address, BankAccount, Registration, Treatment
from mappings.canonical.period import Period
from mappings.lean import lean

DocumentKind = Literal["invoice", "credit_note"]


@lean
@dataclass(frozen=True, slots=True)
class ChargeRef:
    """Business identity of a charge: what (subscription), which cycle, which revision of it."""

    subscription: str
    cycle_start: date
    revision: int


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class Original:
    """The document a negative line takes back from: its number, date and the period it billed."""

    number: str
    date: date
    period: Period


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class Line:
    """One printed line. `quantity` x `unit_price` = `net` at the printed decimals; where they cannot
    (proration, pools, splits) quantity is 1 and `unit_price` the net, with the calculation in `basis`.

    On a credit note all amounts are positive; the kind carries the sign.
    """

    charge: ChargeRef
    product: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    net: Money
    tax_code: str
    tax_percent: Decimal
    service: Period
    sold_to: str
    basis: tuple[str, ...]
    original: Original | None = None
    tax_treatment: Treatment = ""
    tax_reason: str = ""


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class Section:
    """The lines of one sold-to entity, with its subtotal and its share of the tax."""

    party: str
    name: str
    lines: tuple[Line, ...]
    net: Money
    tax: Money


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class TaxTotal:
    """Tax of one code, rate, treatment and reason over the whole document."""

    code: str
    percent: Decimal
    base: Money
    tax: Money
    treatment: Treatment = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ConvertedTax:
    """A document's tax in the currency it is declared in: `rate` units of that for one of the document's.

    Each tax total is converted and rounded by itself; `tax` is their sum.
    """

    tax: Money
    by_total: tuple[Money, ...]
    rate: Decimal
    on: date | None
    source: str


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class Side:
    """Issuer or bill-to as printed: a snapshot, so a later rename never changes an issued document."""

    code: str
    name: str
    legal_name: str
    address: Address
    registrations: tuple[Registration, ...] = ()
    emails: tuple[str, ...] = ()
    language: str = "en"
    brand: str = ""


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or credit note. `number` and `document_date` are empty until release.

    `ref` is derived from business facts (mappings.identity). `exchange_rate` is home units for one
    unit of the document currency, with its date and source; 1 when they are the same. `converted_tax` is the
    tax in the issuer's tax currency where that is another one.
    """

    ref: str
    kind: DocumentKind
    issuer: Side
    bill_to: Side
    currency: str
    sections: tuple[Section, ...]
    taxes: tuple[TaxTotal, ...]
    net: Money
    tax: Money
    gross: Money
    service: Period
    payment_terms_days: int
    home_currency: str
    exchange_rate: Decimal
    exchange_rate_on: date | None
    exchange_rate_source: str
    tax_mode: Literal["ours", "ledger"] = "ours"
    purchase_order: str = ""
    buyer_reference: str = ""
    bank_account: BankAccount | None = None
    series: str = ""
    number: str = ""
    document_date: date | None = None
    due_date: date | None = None
    tax_point: date | None = None
    converted_tax: ConvertedTax | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line, section by section."""
        return tuple(line for section in self.sections for line in section.lines)
