"""Who sells and who buys: issuers (our legal entities) and parties (groups and entities of customers)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

LedgerIds = Mapping[str, str]
"""Book code -> id of the record that already exists in that book."""


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `country` is ISO 3166 alpha-2, `region` the state or province code."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Registration:
    """A tax registration: the id a tax office gave, valid from `from_` until `until` (excluded)."""

    country: str
    id: str
    from_: date | None = None
    until: date | None = None


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
class FxRate:
    """One dated exchange rate: `rate` home units for one unit of `currency`, with its source."""

    currency: str
    home: str
    on: date
    rate: str
    source: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """One of our legal entities: it sells, issues documents and keeps one or more books.

    `credits_need_own_document` is the law of its country: nothing negative on an invoice;
    `own_credit_formats` are invoice formats (e-invoice profiles) that ask for the same.
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


@dataclass(frozen=True, slots=True)
class Exemption:
    """A certificate that frees a party from tax: a reason, its number, and the day it expires."""

    reason: str
    certificate: str
    country: str = ""
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class ParentEdge:
    """`parent` is the party above from `from_` until `until` (excluded; None = still so)."""

    parent: str
    from_: date | None = None
    until: date | None = None


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
