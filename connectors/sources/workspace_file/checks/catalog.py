"""Products, price lists with their tiers, and pools."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations, pairwise

from connectors.sources.workspace_file.checks.books import ledger_id_problems
from connectors.sources.workspace_file.checks.index import Index, reference, shares_days
from connectors.sources.workspace_file.checks.parties import foreign_id_problems
from connectors.sources.workspace_file.checks.words import (
    QUANTITY_MAX,
    above_zero_problems,
    code_problems,
    currency_problems,
    days_problems,
    name_problems,
    number_problems,
    span_problems,
    term_problems,
)
from connectors.sources.workspace_file.finding import Path, Problem
from connectors.sources.workspace_file.schema import PoolEntry, PriceEntry, PriceListEntry, WorkspaceFile


def product_problems(file: WorkspaceFile, index: Index) -> Iterator[Problem]:
    """Everything wrong with the section `products`."""
    for position, product in enumerate(file.products):
        path = ("products", position)
        yield from code_problems((*path, "code"), product.code)
        yield from name_problems((*path, "name"), product.name)
        yield from name_problems((*path, "unit"), product.unit)
        yield from ledger_id_problems((*path, "ledger_ids"), product.ledger_ids, index)
    yield from foreign_id_problems(
        "offer",
        (
            (("products", position, "offers", at), product.code, offer)
            for position, product in enumerate(file.products)
            for at, offer in enumerate(product.offers)
        ),
    )


def price_list_problems(file: WorkspaceFile, index: Index) -> Iterator[Problem]:
    """Everything wrong with the section `price_lists`."""
    for position, each in enumerate(file.price_lists):
        path = ("price_lists", position)
        yield from code_problems((*path, "code"), each.code)
        yield from currency_problems((*path, "currency"), each.currency)
        yield from days_problems((*path, "from"), each.from_)
        yield from _same_price_problems(path, each)
        currencies = {other.currency for other in index.price_lists.get(each.code, ())}
        if len(currencies) > 1:
            yield Problem(
                (*path, "currency"),
                f"price list {each.code} is in {' and '.join(sorted(currencies))}.",
                "A list keeps its currency; give the other one its own code.",
            )
        for at, price in enumerate(each.prices):
            yield from _price_problems((*path, "prices", at), price, index)


def _same_price_problems(path: Path, each: PriceListEntry) -> Iterator[Problem]:
    seen: set[tuple[str, ...]] = set()
    for at, price in enumerate(each.prices):
        what = (price.product, price.plan, price.term, price.segment)
        if what in seen:
            yield Problem(
                (*path, "prices", at),
                f"price list {each.code} has two prices for {' '.join(filter(None, what))}.",
                "Keep one; volume discounts are tiers of one price.",
            )
        seen.add(what)


def _price_problems(path: Path, price: PriceEntry, index: Index) -> Iterator[Problem]:
    yield from reference((*path, "product"), "product", price.product, index.products)
    if price.term:
        yield from term_problems((*path, "term"), price.term)
    yield from number_problems((*path, "price"), price.price, "price")
    yield from number_problems((*path, "cost"), price.cost, "cost")
    yield from above_zero_problems((*path, "package_size"), price.package_size, "package size")
    if price.price is not None and price.listed_tiers:
        yield Problem(path, "the price is given twice, in `price` and in `tiers`.", "Keep one of them.")
    elif price.price is None:
        yield from _tier_problems((*path, "tiers"), price)


def _tier_problems(path: Path, price: PriceEntry) -> Iterator[Problem]:
    """Tiers rise, meet without a gap (each begins where the one before ends), and the last has no end."""
    tiers = price.listed_tiers
    if not tiers:
        yield Problem(
            path, f"there is no price for {price.product} {price.plan}.", "Write `price` or `tiers`."
        )
        return
    for at, tier in enumerate(tiers):
        yield from number_problems((*path, at, "price"), tier.price, "price")
        yield from number_problems((*path, at, "flat"), tier.flat, "flat price")
        if tier.up_to is not None:
            yield from above_zero_problems((*path, at, "up_to"), tier.up_to, "end of the tier")
    for at, tier in enumerate(tiers[:-1]):
        if tier.up_to is None:
            yield Problem(
                (*path, at, "up_to"),
                "a tier without an end is not the last one.",
                "Give it `up_to`, or put it last.",
            )
    for at, (tier, later) in enumerate(pairwise(tiers)):
        if tier.up_to is not None and later.up_to is not None and Decimal(later.up_to) <= Decimal(tier.up_to):
            yield Problem(
                (*path, at + 1, "up_to"),
                f"the tier up to {later.up_to} overlaps the tier before it, up to {tier.up_to}.",
                "Write tiers from small to large; each begins where the one before ends.",
            )
    if tiers[-1].up_to is not None:
        yield Problem(
            (*path, len(tiers) - 1, "up_to"),
            f"there is no price above {tiers[-1].up_to} units.",
            "Leave out `up_to` in the last tier.",
        )
    if price.model == "per_unit" and len(tiers) > 1:
        yield Problem(
            (*path[:-1], "model"),
            "the model per_unit has one price, but there are several tiers.",
            "Write model: graduated (each unit at its tier's price) or volume (all at the reached tier's).",
        )


def pool_problems(file: WorkspaceFile, index: Index) -> Iterator[Problem]:
    """Everything wrong with the section `pools`."""
    for position, pool in enumerate(file.pools):
        yield from _pool_problems(("pools", position), pool, index)
    for (_, one), (position, other) in combinations(enumerate(file.pools), 2):
        shared = sorted(set(one.products) & set(other.products))
        spans = (one.from_, one.until), (other.from_, other.until)
        if one.group == other.group and shared and shares_days(*spans):
            yield Problem(
                ("pools", position, "products"),
                f"product {shared[0]} of group {one.group} is in pools {one.code} and {other.code} at once.",
                "Keep it in one of them.",
            )


def _pool_problems(path: Path, pool: PoolEntry, index: Index) -> Iterator[Problem]:
    yield from code_problems((*path, "code"), pool.code)
    yield from reference((*path, "group"), "party", pool.group, index.parties)
    yield from term_problems((*path, "period"), pool.period)
    yield from span_problems(path, pool.from_, pool.until)
    yield from days_problems((*path, "anchor"), pool.anchor)
    if not pool.products:
        yield Problem((*path, "products"), f"pool {pool.code} pools nothing.", "Name at least one product.")
    for at, product in enumerate(pool.products):
        yield from reference((*path, "products", at), "product", product, index.products)
    for at, party in enumerate(pool.in_order):
        yield from reference((*path, "in_order", at), "party", party, index.parties)
        if party in pool.in_order[:at]:
            yield Problem((*path, "in_order", at), f"party {party} is in the order twice.", "Keep one.")
    if (pool.allocation == "in_order") != bool(pool.in_order):
        yield Problem(
            (*path, "in_order"),
            f"pool {pool.code} has allocation {pool.allocation} and an `in_order` of {len(pool.in_order)}.",
            "Write both `allocation: in_order` and the list, or neither.",
        )


def quantity_problems(path: Path, text: str | None, unit: str) -> Iterator[Problem]:
    """A number of units held: not negative, not absurd, and whole where the unit is a person's seat."""
    found = tuple(number_problems(path, text, "quantity", high=QUANTITY_MAX))
    yield from found
    if text is not None and not found and unit in ("seat", "license", "user") and Decimal(text) % 1:
        yield Problem(
            path, f"{text} {unit}s cannot be held.", f"A {unit} is whole; correct it, or the product's unit."
        )
