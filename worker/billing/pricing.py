"""What a quantity costs for one whole cycle, exactly and unrounded, with the words for it.

Prices stay `Decimal` until one rounding per subscription and cycle (billing rules). Tiers are defined by
their upper bound, included. Nothing held costs nothing, flat fees included; only a usage cycle may be
charged for zero units, where its price says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from mappings.canonical.catalog import Price, PriceList, Tier
from mappings.canonical.contract import Contract
from mappings.canonical.money import RoundingMode, minor_digits, round_half
from mappings.canonical.period import Period
from mappings.canonical.subscription import Subscription
from mappings.lean import lean
from worker.billing.discounts import discounted, on_cost, ramped
from worker.billing.memo import remembered
from worker.billing.notice import noticed
from worker.billing.values import Check, PoolShare, PriceFacts

AGREED_MAX = 20_000
"""Prices kept that contracts made of lists; about a kilobyte each."""

FREE = (Tier(up_to=None),)


@lean
@dataclass(frozen=True, slots=True)
class Piece:
    """`units` at one `price` each: what a quantity consists of. A fee is one unit, named by its words.

    `shared` tells a blended pool: the group's amount and quantity that `price` is the quotient of.
    """

    units: Fraction
    price: Fraction
    words: str = ""
    is_fee: bool = False
    shared: tuple[Fraction, Fraction] | None = None


class PriceBook:
    """Price lists by code; the one with the latest `from_` on or before a day counts."""

    __slots__ = ("_lists", "_prices", "agreed")

    def __init__(self, lists: Iterable[PriceList]) -> None:
        self.agreed: dict[tuple[object, ...], PriceFacts] = {}
        self._lists: dict[str, list[PriceList]] = {}
        self._prices: dict[tuple[str, date, str, str, str, str], Price] = {}
        for price_list in sorted(lists, key=lambda price_list: price_list.from_):
            self._lists.setdefault(price_list.code, []).append(price_list)
            for price in price_list.prices:
                product = (price.product, price.plan, price.term, price.segment)
                key = (price_list.code, price_list.from_, *product)
                self._prices.setdefault(key, price)

    def remember(self, key: tuple[object, ...], facts: PriceFacts) -> PriceFacts:
        """Keep the price that a contract makes of one of these lists; many contracts make the same."""
        if len(self.agreed) >= AGREED_MAX:
            self.agreed.clear()
        self.agreed[key] = facts
        return facts

    def on(self, code: str, day: date) -> PriceList | None:
        """The list as it stands on a day."""
        for price_list in reversed(self._lists.get(code, ())):
            if price_list.from_ <= day:
                return price_list
        return None

    def currency(self, code: str) -> str | None:
        """The currency of a list (that of its first version: a contract keeps its currency)."""
        lists = self._lists.get(code)
        return lists[0].currency if lists else None

    def find(self, price_list: PriceList, subscription: Subscription, segment: str = "") -> Price | None:
        """The price for product and plan: of the segment, then of the term, before those of any."""
        key = (price_list.code, price_list.from_, subscription.product, subscription.plan)
        for of_segment in (segment, "") if segment else ("",):
            for term in (subscription.term, ""):
                price = self._prices.get((*key, term, of_segment))
                if price is not None:
                    return price
        return None

    def versions(
        self, code: str, day: date, subscription: Subscription, segment: str
    ) -> Iterator[tuple[PriceList, Price]]:
        """A list's versions begun until a day, oldest first, with the price each has."""
        for price_list in self._lists.get(code, ()):
            price = self.find(price_list, subscription, segment) if price_list.from_ <= day else None
            if price is not None:
                yield price_list, price


def price_facts(
    book: PriceBook, subscription: Subscription, contract: Contract, *, on: date, days: Period, unit: str
) -> PriceFacts | Check:
    """The price of a subscription by the list of `on`, with the discounts of the cycle's `days`.

    Returns the check `unpriced_subscription` when no price fits; a price is never guessed.
    """
    if subscription.plan == "trial":
        return PriceFacts("per_unit", FREE, unit, "trial, free of charge", contract.price_list)
    price_list = book.on(contract.price_list, on)
    if price_list is None:
        return _unpriced(subscription, f"price list {contract.price_list} has no prices on {on}")
    currency = book.currency(contract.price_list)
    if price_list.currency != currency:
        return Check(
            "currency_mismatch",
            f"Subscription {subscription.code} cannot be priced: price list {price_list.code} is in"
            f" {price_list.currency} from {price_list.from_} but began in {currency}. A list"
            " keeps its currency:"
            " give the new one its own code and contract.",
            subscription.code,
        )
    price = book.find(price_list, subscription, contract.segment)
    if price is not None and contract.notice_days:
        versions = book.versions(contract.price_list, on, subscription, contract.segment)
        price_list, price = noticed(versions, _list_cost, on=on, notice_days=contract.notice_days)
    if price is None:
        return _unpriced(
            subscription,
            f"price list {price_list.code} from {price_list.from_} has no {subscription.plan} price"
            f" for product {subscription.product} with term {subscription.term or 'any'}",
        )
    if not _is_timeless(contract):
        return _agreed(price, price_list, subscription, contract, days=days, unit=unit)
    key = (id(price), id(price_list), contract.discounts, subscription.plan, unit)
    facts = book.agreed.get(key)
    if facts is None:
        made = _agreed(price, price_list, subscription, contract, days=days, unit=unit)
        if isinstance(made, Check):
            return made
        facts = book.remember(key, made)
    return facts


@remembered
def _is_timeless(contract: Contract) -> bool:
    """Whether nothing but undated discounts changes the list's prices: then all such contracts share them."""
    is_list = contract.markup_percent is None and contract.margin_percent is None and not contract.ramp
    return is_list and all(one.from_ is None and one.until is None for one in contract.discounts)


def pieces(price: PriceFacts, quantity: Fraction) -> tuple[Piece, ...]:
    """What a quantity consists of at a price, for one whole cycle, the pool's tier included."""
    if quantity <= 0:
        return tuple(_for_nothing(price)) if price.charges_zero and not quantity else ()
    pool = price.pool
    if pool is None:
        return tuple(_alone(price, quantity))
    if pool.allocation == "in_order" and price.model == "volume":
        return tuple(_at_reached_tier(price, quantity, pool))
    if pool.allocation == "in_order" and _rises(price):
        before = Fraction(pool.before)
        amount = whole(price, before + quantity) - whole(price, before)
        words = f"{plain_number(quantity)} {price.unit} after {plain_number(before)} of others in the pool"
        return (Piece(Fraction(1), amount, words, is_fee=True),)
    total = Fraction(pool.total)
    if price.model in {"per_unit", "volume"} and not _tier(price.tiers, total).flat:
        tier = _tier(price.tiers, total) if price.model == "volume" else price.tiers[0]
        return (Piece(quantity, Fraction(tier.price)),)
    group = whole(price, total)
    return (Piece(quantity, group / total, shared=(group, total)),)


def whole(price: PriceFacts, quantity: Fraction) -> Fraction:
    """The exact price of a quantity on its own, outside any pool, for one whole cycle."""
    return sum((piece.units * piece.price for piece in _alone(price, quantity)), Fraction(0))


def exact_amount(price: PriceFacts, quantity: Fraction) -> Fraction:
    """The exact price of a quantity for one whole cycle, by its pool's tier where there is one."""
    if price.model == "per_unit" and price.pool is None and not price.tiers[0].flat:
        return quantity * fraction(price.tiers[0].price)
    return sum((piece.units * piece.price for piece in pieces(price, quantity)), Fraction(0))


def cut_per_unit(
    price: PriceFacts, quantity: Fraction, part: Fraction, *, currency: str, mode: RoundingMode
) -> Fraction:
    """The provider's rule: the amount of one unit is rounded to minor units first, then multiplied."""
    scale = 10 ** minor_digits(currency)
    return sum(
        (
            Fraction(round_half(piece.price * part * scale, mode), scale) * piece.units
            for piece in pieces(price, quantity)
        ),
        Fraction(0),
    )


@lru_cache(maxsize=4096)
def fraction(value: Decimal) -> Fraction:
    """A price or quantity as an exact fraction; few values come again and again."""
    return Fraction(value)


@lru_cache(maxsize=4096)
def plain_number(value: Fraction) -> str:
    """A plain number: as a decimal where it ends, else as a fraction."""
    if not ends(value):
        return f"{value.numerator}/{value.denominator}"
    return f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():f}"


def ends(value: Fraction) -> bool:
    """Whether a number has a last decimal."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def tier_number(tiers: tuple[Tier, ...], quantity: Fraction) -> int:
    """1 for the first tier, and so on: the tier a quantity reaches, upper bounds included."""
    for number, tier in enumerate(tiers, start=1):
        if tier.up_to is None or quantity <= tier.up_to:
            return number
    return len(tiers)


def _alone(price: PriceFacts, quantity: Fraction) -> Iterator[Piece]:
    if quantity <= 0:
        return
    match price.model:
        case "per_unit":
            yield Piece(quantity, fraction(price.tiers[0].price))
            yield from _flat(price.tiers[0])
        case "volume":
            tier = _tier(price.tiers, quantity)
            yield Piece(quantity, fraction(tier.price))
            yield from _flat(tier)
        case "stairstep":
            tier = _tier(price.tiers, quantity)
            fee = Fraction(tier.flat + tier.price)
            yield Piece(Fraction(1), fee, f"block price for up to {_bound(tier)}", is_fee=True)
        case "package":
            packages = -(-quantity // Fraction(price.package_size))
            words = f"{'package' if packages == 1 else 'packages'} of {price.package_size.normalize():f}"
            yield Piece(Fraction(packages), fraction(price.tiers[0].price), words)
        case "graduated":
            yield from _graduated(price.tiers, quantity)


def _for_nothing(price: PriceFacts) -> Iterator[Piece]:
    """What the first tier takes whatever the quantity: its flat fee, or its block."""
    if price.model == "stairstep":
        tier = price.tiers[0]
        fee = Fraction(tier.flat + tier.price)
        yield Piece(Fraction(1), fee, f"block price for up to {_bound(tier)}", is_fee=True)
    else:
        yield from _flat(price.tiers[0])


def _at_reached_tier(price: PriceFacts, quantity: Fraction, pool: PoolShare) -> Iterator[Piece]:
    """Volume prices have one tier for all units, so no order fills it; its flat fee is the first member's.

    The difference that a member makes to the total may be negative where the next tier is cheaper.
    """
    tier = _tier(price.tiers, Fraction(pool.total))
    yield Piece(quantity, fraction(tier.price))
    if not pool.before:
        yield from _flat(tier)


def _rises(price: PriceFacts) -> bool:
    """Whether more units never cost less: only then can members fill the tiers one after the other."""
    if price.model != "stairstep":
        return True
    blocks = [tier.price + tier.flat for tier in price.tiers]
    return blocks == sorted(blocks)


def _graduated(tiers: tuple[Tier, ...], quantity: Fraction) -> Iterator[Piece]:
    below = Fraction(0)
    for tier in tiers:
        top = quantity if tier.up_to is None or tier is tiers[-1] else min(quantity, Fraction(tier.up_to))
        if top > below:
            yield Piece(top - below, fraction(tier.price))
            yield from _flat(tier)
        below = max(below, top)
        if below == quantity:
            return


def _flat(tier: Tier) -> Iterator[Piece]:
    if tier.flat:
        yield Piece(Fraction(1), fraction(tier.flat), "flat fee", is_fee=True)


def _tier(tiers: tuple[Tier, ...], quantity: Fraction) -> Tier:
    return tiers[tier_number(tiers, quantity) - 1]


def _bound(tier: Tier) -> str:
    return "any quantity" if tier.up_to is None else f"{tier.up_to.normalize():f}"


def _agreed(
    price: Price,
    price_list: PriceList,
    subscription: Subscription,
    contract: Contract,
    *,
    days: Period,
    unit: str,
) -> PriceFacts | Check:
    """The list price as the contract changes it: cost plus, or a ramp, replaces it, discounts come off it."""
    facts = PriceFacts(
        model=price.model,
        tiers=price.tiers,
        unit=unit,
        source=f"list {price_list.code} from {price_list.from_}",
        price_list=price_list.code,
        package_size=price.package_size,
        cost=price.cost,
        charges_zero=subscription.plan == "usage" and price.zero_units == "first_tier",
    )
    if contract.markup_percent is not None or contract.margin_percent is not None:
        if price.cost is None:
            return _unpriced(
                subscription,
                f"contract {contract.code} makes the price from the cost, but price list {price_list.code}"
                f" from {price_list.from_} tells no cost for product {subscription.product}",
            )
        facts = on_cost(facts, price.cost, contract, price_list.currency)
    if contract.ramp:
        facts = ramped(facts, contract, subscription.product, days.start)
    if contract.discounts:
        facts = discounted(facts, contract, subscription.product, days, price_list.currency)
    return facts


def _list_cost(price: Price, quantity: Decimal) -> Fraction:
    """What a quantity costs by a price of a list as it stands there."""
    facts = PriceFacts(price.model, price.tiers, "", "", package_size=price.package_size)
    return whole(facts, Fraction(quantity))


def _unpriced(subscription: Subscription, why: str) -> Check:
    return Check(
        "unpriced_subscription",
        f"Subscription {subscription.code} cannot be priced: {why}. Add the price (a list may begin earlier);"
        " the next run bills it.",
        subscription.code,
    )
