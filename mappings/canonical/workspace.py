"""A whole set-up as one value: what a workspace file describes and the store holds."""

from __future__ import annotations

from dataclasses import dataclass

from mappings.canonical.book import Book, Chart
from mappings.canonical.catalog import Pool, PriceList, Product, Promotion
from mappings.canonical.contract import Adjustment, Contract, OpeningCharge
from mappings.canonical.party import FxRate, Issuer, Party
from mappings.canonical.subscription import Subscription, SubscriptionVersion, Usage


@dataclass(frozen=True, slots=True)
class Setup:
    """The business set-up: everything that is data of ours, no subscription state."""

    issuers: tuple[Issuer, ...] = ()
    books: tuple[Book, ...] = ()
    charts: tuple[Chart, ...] = ()
    parties: tuple[Party, ...] = ()
    products: tuple[Product, ...] = ()
    price_lists: tuple[PriceList, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    pools: tuple[Pool, ...] = ()
    contracts: tuple[Contract, ...] = ()
    opening_charges: tuple[OpeningCharge, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    fx_rates: tuple[FxRate, ...] = ()


@dataclass(frozen=True, slots=True)
class Workspace:
    """A set-up with the subscriptions, their versions and usage."""

    setup: Setup = Setup()
    subscriptions: tuple[Subscription, ...] = ()
    versions: tuple[SubscriptionVersion, ...] = ()
    usage: tuple[Usage, ...] = ()
