"""Who sells and who buys: issuers (our legal entities) and parties (groups and entities of customers)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from mappings.lean import lean

Treatment = Literal["", "domestic", "reverse_charge", "export", "exempt", "out_of_scope"]
"""Why a line bears the tax it bears; "" where the issuer has no tax codes at all."""

TaxPoint = Literal["document_date", "service_from", "service_end"]
"""The day whose rate counts; service_end is the last service day."""

LedgerIds = Mapping[str, str]
"""Book code -> id of the record that already exists in that book."""


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `country` is ISO 3166 alpha-2, `region` the state or province code."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class Registration:
    """A tax registration: the id a tax office gave, valid from `from_` until `until` (excluded)."""

    country: str
    id: str
    from_: date | None = None
    until: date | None = None


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class BankAccount:
    """Where a bill in `currency` is paid to."""

    currency: str
    iban: str = ""
    bic: str = ""
    holder: str = ""
    number: str = ""
    routing: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """A row of document numbers of one issuer and kind.

    `pattern` has `{year}`, `{month}` and one `{n}` with an optional width, as in `INV-{year}-{n:05}`.
    `book` limits the series to documents for one book; "" means every book of the issuer.
    """

    code: str
    kind: Literal["invoice", "credit_note"]
    pattern: str
    first_number: int = 1
    reset: Literal["never", "year"] = "never"
    book: str = ""
    chronology: Literal["any", "strict"] = "any"


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A dated rate in percent of one of the issuer's tax codes; code and rate are data, not law."""

    code: str
    percent: str
    from_: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A row of an issuer's own table of treatments; the first that fits decides (compliance, section 1).

    `countries` are the buyer's (DE), or EU for every other member of the Union; () fits all, as do empty
    `regions`, `products` (codes or families) and `tax_id` any. `code` is one of the issuer's tax codes.
    """

    treatment: Treatment
    code: str = ""
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    tax_id: Literal["any", "with", "without"] = "any"
    reason: str = ""
    from_: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class FxRate:
    """One dated exchange rate: `rate` home units for one unit of `currency`, with its source."""

    currency: str
    home: str
    on: date
    rate: str
    source: str


@dataclass(frozen=True, slots=True)
class FxPolicy:
    """Which exchange rates an issuer takes: of `source` ("" = any), of exactly one day.

    `date` is the tax point (never later than the document), the document date, or the first day of the tax
    point's month (`month_fixed`).
    """

    source: str = ""
    date: Literal["tax_point", "document_date", "month_fixed"] = "tax_point"


@dataclass(frozen=True, slots=True)
class Issuer:
    """One of our legal entities: it sells, issues documents and keeps one or more books.

    `credits_need_own_document` is the law of its country: nothing negative on an invoice;
    `own_credit_formats` are invoice formats (e-invoice profiles) that ask for the same. Without `tax_rules`
    the buyer's country decides: domestic, reverse charge inside the European Union, else export.
    `tax_point` "" is what the law of the country says; `tax_currency` "" is the home currency.
    """

    code: str
    name: str
    legal_name: str
    country: str
    home_currency: str
    timezone: str = "UTC"
    address: Address = Address()
    registrations: tuple[Registration, ...] = ()
    bank_accounts: tuple[BankAccount, ...] = ()
    payment_terms_days: int = 30
    brand: str = ""
    language: str = "en"
    series: tuple[Series, ...] = ()
    tax_rates: tuple[TaxRate, ...] = ()
    domestic_tax_code: str = ""
    export_tax_code: str = ""
    tax_rounding: Literal["per_line", "per_rate", "per_document", "ledger"] = "per_rate"
    tax_rounding_mode: Literal["half_up", "half_down", "down"] = "half_up"
    document_date: Literal["release_date", "as_of"] = "release_date"
    cut_over: date | None = None
    credits_need_own_document: bool = False
    own_credit_formats: tuple[str, ...] = ()
    reverse_charge_tax_code: str = ""
    exempt_tax_code: str = ""
    tax_rules: tuple[TaxRule, ...] = ()
    tax_point: TaxPoint | Literal[""] = ""
    tax_currency: str = ""
    fx: FxPolicy = FxPolicy()


@lean
@dataclass(frozen=True, slots=True)
class Exemption:
    """A certificate that frees a party from tax: a reason, its number, and the last day it is valid.

    `country` and `region` are whose tax it frees from, "" any; `kind` resale is a reseller's.
    """

    reason: str
    certificate: str
    country: str = ""
    expires: date | None = None
    region: str = ""
    from_: date | None = None
    kind: Literal["exemption", "resale"] = "exemption"


@lean
@dataclass(frozen=True, slots=True)
class ParentEdge:
    """`parent` is the party above from `from_` until `until` (excluded; None = still so)."""

    parent: str
    from_: date | None = None
    until: date | None = None


@lean
@dataclass(frozen=True, slots=True)
class Party:
    """A group or entity on the customer side, in a tree with dated edges.

    `ledger_ids` names the customer that already exists in a book. `tenants` are ids under which a
    provider knows this party (a Microsoft tenant id).
    """

    code: str
    name: str
    legal_name: str = ""
    parents: tuple[ParentEdge, ...] = ()
    bill_to_address: Address = Address()
    ship_to_address: Address = Address()
    tax_ids: tuple[Registration, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    emails: tuple[str, ...] = ()
    buyer_reference: str = ""
    language: str = "en"
    brand: str = ""
    tenants: tuple[str, ...] = ()
    ledger_ids: LedgerIds = field(default_factory=dict)

    def parent_on(self, day: date) -> str | None:
        """Code of the party above on a day, or None at the top."""
        for edge in self.parents:
            if (edge.from_ is None or edge.from_ <= day) and (edge.until is None or day < edge.until):
                return edge.parent
        return None
