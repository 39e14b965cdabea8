"""What is sold and at what price: products, price lists with tiers, and pools that share a tier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from mappings.lean import lean

PriceModel = Literal["per_unit", "graduated", "volume", "package", "stairstep"]
Returns = Literal["by_contract", "software_7d", "perpetual_30d", "saas_72h", "none"]
"""How a product may be given back: by the contract's `reductions`, as a whole within 168 hours with the
unused days refunded, within 30 days or 72 hours with all refunded, or not before the term ends."""


@dataclass(frozen=True, slots=True)
class Product:
    """Something we sell. `offers` are the provider's ids for it (catalog item id or offer GUID).

    `returns` says within which window it may be given back, and whether all or the unused days come back.
    `revenue` is what we report of it: all of the price, or as an agent what is left of it above the cost.
    """

    code: str
    name: str
    family: str = ""
    unit: str = "seat"
    sku: str = ""
    offers: tuple[str, ...] = ()
    returns: Returns = "by_contract"
    ledger_ids: Mapping[str, str] = field(default_factory=dict)
    revenue: Literal["gross", "net"] = "gross"


@lean
@dataclass(frozen=True, slots=True)
class Tier:
    """Units up to and including `up_to` (None = no end) at `price` each, plus `flat` once."""

    up_to: Decimal | None
    price: Decimal = Decimal(0)
    flat: Decimal = Decimal(0)


@lean
@dataclass(frozen=True, slots=True)
class Price:
    """The price of one product for one billing plan, per unit and billing cycle.

    `plan` is monthly | annual | triennial | one_time | usage, `term` a duration (P1M) or "" for any.
    `model` per_unit uses the first tier. `package_size` is for the package model. `cost` is what the
    provider takes per unit and cycle, when known. `segment` limits the price to contracts of it. `zero_units`
    says what a closed usage cycle with a reading of zero costs: nothing, or what the first tier takes
    whatever the quantity (its flat fee or block). Seats not held always cost nothing.
    """

    product: str
    plan: str
    tiers: tuple[Tier, ...]
    model: PriceModel = "per_unit"
    term: str = ""
    package_size: Decimal = Decimal(1)
    cost: Decimal | None = None
    segment: str = ""
    zero_units: Literal["free", "first_tier"] = "free"


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices in one currency from a day on; the list of a later `from_` with the same code replaces it."""

    code: str
    currency: str
    from_: date
    prices: tuple[Price, ...]


@dataclass(frozen=True, slots=True)
class Promotion:
    """Percent off the price of every term of a product that begins from `from_` until `until` (excluded).

    It ends with the term it was given for. `plan` and `term` "" fit any; `terms` first gives it to the first
    term of a subscription only, any also to a renewal inside the window. One that is not `automatic` counts
    where the subscription names its code. `funded_by` provider lowers the cost by the same percent.
    """

    code: str
    product: str
    percent: Decimal
    from_: date
    until: date | None = None
    plan: str = ""
    term: str = ""
    terms: Literal["first", "any"] = "first"
    automatic: bool = True
    funded_by: Literal["provider", "seller"] = "provider"


@lean
@dataclass(frozen=True, slots=True)
class Pool:
    """Members of a group reach the tier together (billing rules, "Pools").

    Members are every subscription of `products` held by `group` or a party below it. `measure` is of
    the group's total quantity in the pool period. `in_order` names party codes that fill the tiers first.
    Members whose cycle is longer than `period` keep the tier of their purchase, or are settled once a year,
    over the pool's year that holds their first day.
    """

    code: str
    group: str
    products: tuple[str, ...]
    measure: Literal["end_of_period", "peak", "time_weighted"]
    allocation: Literal["blended", "in_order"] = "blended"
    in_order: tuple[str, ...] = ()
    period: str = "P1M"
    anchor: date | None = None
    from_: date | None = None
    until: date | None = None
    annual: Literal["at_purchase", "settle_yearly"] = "at_purchase"
