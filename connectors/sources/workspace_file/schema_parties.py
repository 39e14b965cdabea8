"""Who sells and who buys, as a workspace file describes them: issuers and parties."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, field

from connectors.sources.workspace_file.fields import (
    Code,
    Country,
    Currency,
    Entry,
    LedgerIds,
    Name,
    Number,
    Ref,
    Text,
)


class AddressEntry(Entry, kw_only=True, frozen=True):
    """A postal address."""

    line1: Text = ""
    line2: Text = ""
    city: Text = ""
    region: Text = ""
    postal_code: Text = ""
    country: Country = ""


class RegistrationEntry(Entry, kw_only=True, frozen=True):
    """A tax registration, valid from `from` until `until` (that day excluded)."""

    country: Country
    id: Text
    from_: date | None = field(name="from", default=None)
    until: date | None = None


class BankAccountEntry(Entry, kw_only=True, frozen=True):
    """Where a bill in this currency is paid to."""

    currency: Currency
    iban: Text = ""
    bic: Text = ""
    holder: Text = ""
    number: Text = ""
    routing: Text = ""


class SeriesEntry(Entry, kw_only=True, frozen=True):
    """A row of document numbers. The pattern has {n} once, as in INV-{year}-{n:05}."""

    code: Code
    kind: Literal["invoice", "credit_note"]
    pattern: Text
    first_number: Annotated[int, Meta(ge=1, extra={"expected": "a whole number from 1"})] = 1
    reset: Literal["never", "year"] = "never"
    book: Ref = ""
    chronology: Literal["any", "strict"] = "any"


class TaxRateEntry(Entry, kw_only=True, frozen=True):
    """A dated rate, in percent, of one of the issuer's tax codes."""

    code: Code
    percent: Number
    from_: date | None = field(name="from", default=None)
    until: date | None = None


class TaxRuleEntry(Entry, kw_only=True, frozen=True):
    """A row of the issuer's own table of tax treatments; the first that fits decides."""

    treatment: Literal["domestic", "reverse_charge", "export", "exempt", "out_of_scope"]
    code: Ref = ""
    countries: Annotated[
        tuple[Text, ...], Meta(description="The buyer's countries; EU is every other member state.")
    ] = ()
    regions: tuple[Text, ...] = ()
    products: Annotated[tuple[Ref, ...], Meta(description="Codes or families of products.")] = ()
    tax_id: Literal["any", "with", "without"] = "any"
    reason: Annotated[Text, Meta(description="Printed on the document.")] = ""
    from_: date | None = field(name="from", default=None)
    until: date | None = None


class FxEntry(Entry, kw_only=True, frozen=True):
    """Which exchange rates an issuer takes: of one source ("" = any), of exactly one day."""

    source: Text = ""
    date: Literal["tax_point", "document_date", "month_fixed"] = "tax_point"


class IssuerEntry(Entry, kw_only=True, frozen=True):
    """One of our legal entities: it sells and issues documents."""

    code: Code
    name: Name
    legal_name: Name
    country: Country
    home_currency: Currency
    timezone: Annotated[str, Meta(description="Time zone by city, as in Europe/Berlin.")] = "UTC"
    address: AddressEntry = AddressEntry()
    registrations: tuple[RegistrationEntry, ...] = ()
    bank_accounts: tuple[BankAccountEntry, ...] = ()
    payment_terms_days: int = 30
    brand: Text = ""
    language: Text = "en"
    series: tuple[SeriesEntry, ...] = ()
    tax_rates: tuple[TaxRateEntry, ...] = ()
    domestic_tax_code: Ref = ""
    export_tax_code: Ref = ""
    tax_rounding: Literal["per_line", "per_rate", "per_document", "ledger"] = "per_rate"
    tax_rounding_mode: Literal["half_up", "half_down", "down"] = "half_up"
    document_date: Literal["release_date", "as_of"] = "release_date"
    cut_over: date | None = None
    credits_need_own_document: Annotated[
        bool, Meta(description="Nothing negative stands on an invoice, as the law of some countries asks.")
    ] = False
    own_credit_formats: Annotated[
        tuple[Text, ...], Meta(description="Invoice formats that ask for the same.")
    ] = ()
    reverse_charge_tax_code: Annotated[
        Ref, Meta(description="Buyers in other EU states; the export code when left out.")
    ] = ""
    exempt_tax_code: Ref = ""
    tax_rules: Annotated[
        tuple[TaxRuleEntry, ...],
        Meta(description="Decides the treatment in the place of the buyer's country alone."),
    ] = ()
    tax_point: Annotated[
        Literal["", "document_date", "service_from", "service_end"],
        Meta(description="The day whose tax rate counts; by the issuer's country when left out."),
    ] = ""
    tax_currency: Annotated[
        Currency, Meta(description="The currency tax is declared in; home_currency when left out.")
    ] = ""
    fx: Annotated[FxEntry, Meta(description="Which exchange rates count.")] = FxEntry()


class ExemptionEntry(Entry, kw_only=True, frozen=True):
    """A certificate that frees a party from tax until the end of the day it `expires`."""

    reason: Text
    certificate: Text
    country: Country = ""
    expires: date | None = None
    region: Text = ""
    from_: date | None = field(name="from", default=None)
    kind: Literal["exemption", "resale"] = "exemption"


class ParentEntry(Entry, kw_only=True, frozen=True):
    """The party above, from `from` until `until` (that day excluded)."""

    parent: Ref
    from_: date | None = field(name="from", default=None)
    until: date | None = None


class PartyEntry(Entry, kw_only=True, frozen=True):
    """A group or entity on the customer side. Write `parent`, or `parents` when it changed over time."""

    code: Code
    name: Name
    legal_name: Text = ""
    parent: Ref = ""
    dated_parents: tuple[ParentEntry, ...] = field(name="parents", default=())
    bill_to_address: AddressEntry = AddressEntry()
    ship_to_address: AddressEntry = AddressEntry()
    tax_ids: tuple[RegistrationEntry, ...] = ()
    exemptions: tuple[ExemptionEntry, ...] = ()
    emails: tuple[Text, ...] = ()
    buyer_reference: Text = ""
    language: Text = "en"
    brand: Text = ""
    tenants: Annotated[
        tuple[Text, ...],
        Meta(description="Ids under which a provider knows this party (Microsoft tenant id)."),
    ] = ()
    ledger_ids: LedgerIds = field(default_factory=dict)

    @property
    def parents(self) -> tuple[ParentEntry, ...]:
        """The edges to the parties above, whichever way they were written."""
        return self.dated_parents or ((ParentEntry(parent=self.parent),) if self.parent else ())
