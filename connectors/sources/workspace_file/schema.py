"""What a workspace file may say: the sections, their keys and what each value looks like.

The structs carry every default once; the published JSON Schema and the error sentences come from them. An
attribute that is named as in `mappings.canonical` holds what the canonical value takes (`convert`).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from connectors.sources.workspace_file.fields import (
    UNQUOTED,
    Code,
    Currency,
    Entry,
    Instant,
    LedgerIds,
    Name,
    Number,
    Ref,
    Seconds,
    Term,
    Text,
)
from connectors.sources.workspace_file.schema_contracts import ContractEntry
from connectors.sources.workspace_file.schema_parties import IssuerEntry, PartyEntry
from connectors.sources.workspace_file.schema_terms import (
    AgreedEntry,
    NextTermEntry,
    PromotionEntry,
    RefundableSeatsEntry,
)

FORMAT = 1
"""Number of this file format: the value of the key `subledger`."""

SOURCE_NAME = "workspace_file"


class BookEntry(Entry, kw_only=True, frozen=True):
    """One set of books in a ledger product. `home_currency` is the issuer's when left out."""

    code: Code
    issuer: Ref
    ledger: Text
    chart: Ref
    home_currency: Currency = ""
    release: Literal["", "approve", "auto"] = ""
    create_missing: Literal["", "never", "always"] = ""
    closed_period: Literal["", "hold", "redate"] = ""
    settings: Annotated[
        dict[str, Text], Meta(description="What the ledger needs to be reached; names differ per ledger.")
    ] = field(default_factory=dict)
    server_limit_s: Seconds | None = None
    recheck_s: Seconds | None = None


class LedgerCodeEntry(Entry, kw_only=True, frozen=True):
    """An account, tax code, term or class of the books: our code, and the ledger's own name and ids."""

    kind: Literal["account", "tax_code", "term", "class"]
    code: Code
    name: Name
    ledger_ids: LedgerIds = field(default_factory=dict)


class ChartRuleEntry(Entry, kw_only=True, frozen=True):
    """What we sell, and where it lands. The first rule that fits wins; a key left out fits everything."""

    revenue_account: Ref
    product: Ref = ""
    family: Ref = ""
    item: Ref = ""
    class_: Ref = field(name="class", default="")


class ChartEntry(Entry, kw_only=True, frozen=True):
    """The posting rules of a book: accounts, tax codes, and one rule per kind of product."""

    code: Code
    receivable_account: Ref
    tax_account: Ref
    rounding_account: Ref
    rules: tuple[ChartRuleEntry, ...]
    codes: tuple[LedgerCodeEntry, ...] = ()
    tax_codes: Annotated[
        dict[str, Ref], Meta(description="Issuer's tax code: code of the ledger's tax code.")
    ] = field(default_factory=dict)


class ProductEntry(Entry, kw_only=True, frozen=True):
    """Something we sell. `offers` are the provider's ids for it."""

    code: Code
    name: Name
    family: Ref = ""
    unit: Text = "seat"
    sku: Text = ""
    offers: tuple[Text, ...] = ()
    returns: Annotated[
        Literal["by_contract", "software_7d", "perpetual_30d", "saas_72h", "none"],
        Meta(description="How it may be given back: window, and whether all or the unused days come back."),
    ] = "by_contract"
    ledger_ids: LedgerIds = field(default_factory=dict)
    revenue: Annotated[
        Literal["gross", "net"],
        Meta(description="What is reported of it: all of the price, or what is left above the cost."),
    ] = "gross"


class TierEntry(Entry, kw_only=True, frozen=True):
    """Units up to and including `up_to` cost `price` each, plus `flat` once. The last has no `up_to`."""

    up_to: Number | None = None
    price: Number = "0"
    flat: Number = "0"


class PriceEntry(Entry, kw_only=True, frozen=True):
    """The price of a product for one billing plan, per unit and cycle: one `price`, or `tiers`."""

    product: Ref
    plan: Literal["monthly", "annual", "triennial", "one_time", "usage"]
    price: Number | None = None
    listed_tiers: tuple[TierEntry, ...] = field(name="tiers", default=())
    model: Literal["per_unit", "graduated", "volume", "package", "stairstep"] = "per_unit"
    term: Term = ""
    package_size: Number = "1"
    cost: Number | None = None
    segment: Text = ""
    zero_units: Annotated[
        Literal["free", "first_tier"],
        Meta(description="What a closed usage cycle costs whose reading is zero."),
    ] = "free"

    @property
    def tiers(self) -> tuple[TierEntry, ...]:
        """The tiers; a single `price` is one tier without an end."""
        return self.listed_tiers if self.price is None else (TierEntry(price=self.price),)


class PriceListEntry(Entry, kw_only=True, frozen=True):
    """Prices in one currency from a day on; the same code with a later `from` replaces it then."""

    code: Code
    currency: Currency
    from_: date = field(name="from")
    prices: tuple[PriceEntry, ...]


class PoolEntry(Entry, kw_only=True, frozen=True):
    """Every subscription of `products` in `group` and below it counts together for the tier."""

    code: Code
    group: Ref
    products: tuple[Ref, ...]
    measure: Literal["end_of_period", "peak", "time_weighted"]
    allocation: Literal["blended", "in_order"] = "blended"
    in_order: tuple[Ref, ...] = ()
    period: Term = "P1M"
    anchor: date | None = None
    from_: date | None = field(name="from", default=None)
    until: date | None = None
    annual: Annotated[
        Literal["at_purchase", "settle_yearly"],
        Meta(description="Members whose cycle is longer than the period: tier of the purchase, or yearly."),
    ] = "at_purchase"


class ChangeEntry(Entry, kw_only=True, frozen=True):
    """What happens to a subscription on a day: exactly one of the other keys."""

    on: date
    quantity: Number | None = None
    add: Number | None = None
    remove: Number | None = None
    cancel: bool = False
    suspend: bool = False
    resume: bool = False
    agreed: AgreedEntry | None = None


class VersionEntry(Entry, kw_only=True, frozen=True):
    """What a provider reported to be held from a day on; an export writes these, people write `changes`."""

    ref: Text
    on: date
    quantity: Number
    status: Literal["active", "suspended", "cancelled", "expired"] = "active"
    observed: Text = ""
    at: Instant | None = None
    accepted: bool = False
    agreed: AgreedEntry | None = None
    refundable: tuple[RefundableSeatsEntry, ...] | None = None


class ShareEntry(Entry, kw_only=True, frozen=True):
    """The part of a shared subscription that a party bears."""

    party: Ref
    weight: Number


class SplitKeyEntry(Entry, kw_only=True, frozen=True):
    """How a subscription is shared for cycles from a day on; weights are percent, heads or seats."""

    from_: date = field(name="from")
    by: Literal["percent", "headcount", "seats"]
    shares: tuple[ShareEntry, ...]


class AssignmentEntry(Entry, kw_only=True, frozen=True):
    """The legal customer that takes a subscription over from a day on."""

    from_: date = field(name="from")
    party: Ref


class SubscriptionEntry(Entry, kw_only=True, frozen=True):
    """What a party holds of a product: `quantity` from `start` on, then dated `changes`.

    `anchor` is the first day of the billing grid, `start` when left out. `versions` stands in the place of
    `start`, `quantity` and `changes` where a provider's own records were exported.
    """

    code: Code
    party: Ref = ""
    product: Ref = ""
    term: Term = ""
    plan: Literal["monthly", "annual", "triennial", "one_time", "usage", "trial"]
    start: date | None = None
    quantity: Number | None = None
    changes: tuple[ChangeEntry, ...] = ()
    versions: tuple[VersionEntry, ...] | None = None
    anchor_day: date | None = field(name="anchor", default=None)
    contract: Ref = ""
    offer: Text = ""
    tenant: Text = ""
    name: Text = ""
    parent: Ref = ""
    billed_until: date | None = None
    end: date | None = None
    auto_renew: bool = True
    term_end: Annotated[
        date | None, Meta(description="A custom (co-term) end of the first term: terms are counted from it.")
    ] = None
    next_term: NextTermEntry | None = None
    promotion: Text = ""
    converted_from: Annotated[Ref, Meta(description="The subscription these seats were upgraded from.")] = ""
    anchored_at: Instant | None = None
    splits: tuple[SplitKeyEntry, ...] = ()
    assignments: tuple[AssignmentEntry, ...] = ()
    source: Text = SOURCE_NAME

    @property
    def anchor(self) -> date:
        """First day of the billing grid: as given, else the first day on which something is held."""
        first = self.versions[0].on if self.versions else None
        return self.anchor_day or self.start or first or date.min


class UsageEntry(Entry, kw_only=True, frozen=True):
    """Metered consumption on a day. `ref` is made from the day when left out; what takes back needs one."""

    subscription: Ref
    on: date
    quantity: Number
    meter: Text = ""
    ref: Text = ""


class OpeningChargeEntry(Entry, kw_only=True, frozen=True):
    """What another system billed before the cut-over: counts as billed, is never posted."""

    subscription: Ref
    start: date = field(name="from")
    until: date
    quantity: Number
    unit_price: Number
    net: Number
    number: Text
    date: date
    tax_code: Ref = ""
    tax_percent: Number = "0"
    exchange_rate: Number = "1"


class AdjustmentEntry(Entry, kw_only=True, frozen=True):
    """A dated one-off charge, or with a negative `net` a goodwill credit, that a person approved."""

    code: Code
    party: Ref
    product: Ref
    on: date
    net: Number
    currency: Currency
    reason: Text
    approved_by: Text
    contract: Ref = ""


class FxRateEntry(Entry, kw_only=True, frozen=True):
    """A dated exchange rate: home units for one unit of `currency`, with its source."""

    currency: Currency
    home: Currency
    on: date
    rate: Number
    source: Text


class WorkspaceFile(Entry, kw_only=True, frozen=True):
    """A whole set-up of Subledger, or a part of one: what a file leaves out stays as it is."""

    subledger: Annotated[
        int,
        Meta(
            ge=FORMAT,
            le=FORMAT,
            description="Number of this file format.",
            extra={"expected": "1"},
        ),
    ]
    issuers: tuple[IssuerEntry, ...] = ()
    books: tuple[BookEntry, ...] = ()
    charts: tuple[ChartEntry, ...] = ()
    parties: tuple[PartyEntry, ...] = ()
    products: tuple[ProductEntry, ...] = ()
    price_lists: tuple[PriceListEntry, ...] = ()
    promotions: tuple[PromotionEntry, ...] = ()
    pools: tuple[PoolEntry, ...] = ()
    contracts: tuple[ContractEntry, ...] = ()
    subscriptions: tuple[SubscriptionEntry, ...] = ()
    usage: tuple[UsageEntry, ...] = ()
    opening_charges: tuple[OpeningChargeEntry, ...] = ()
    adjustments: tuple[AdjustmentEntry, ...] = ()
    fx_rates: tuple[FxRateEntry, ...] = ()


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a workspace file, for editors and other programs."""
    schema = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(WorkspaceFile)))
    allow_unquoted(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Subledger workspace file",
        **schema,
    }


def allow_unquoted(node: Any) -> None:
    """Let texts that people write without quotes be numbers too, as an editor's YAML parser sees them."""
    if isinstance(node, dict):
        if (other := node.pop(UNQUOTED, None)) is not None:
            node["type"] = [node["type"], other]
        for value in node.values():
            allow_unquoted(value)
    elif isinstance(node, list):
        for value in node:
            allow_unquoted(value)
