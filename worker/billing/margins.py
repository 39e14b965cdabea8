"""Margins: what a charge leaves above its cost, kept with it, and the checks that hold a bad one.

Markup percent is of the cost, margin percent of the price (billing rules, "Channel and provider lines").
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil

from mappings.canonical.catalog import Tier
from mappings.canonical.contract import Contract
from mappings.canonical.money import HALF_UP, Money, apportion, minor_units, to_money
from mappings.lean import replace
from worker.billing.charges import Owed, exact_cost
from worker.billing.discounts import HUNDRED, day_prices
from worker.billing.pricing import exact_amount
from worker.billing.values import Charge, Check, PriceFacts
from worker.billing.words import price_words


def with_margins(one: Owed, charges: tuple[Charge, ...]) -> tuple[Charge, ...]:
    """The new charges of a cycle with cost and retail price of the same days, where they are known.

    What the whole cycle costs by now, less what its charges carry already, is shared by the new charges in
    the ratio of their nets; a pool's settlement costs nothing.
    """
    price = one.deal.price
    bearing = [at for at, charge in enumerate(charges) if not charge.true_up]
    if not bearing or (price.cost is None and price.retail is None):
        return charges
    nets = [Fraction(abs(charges[at].net.minor)) for at in bearing]
    costs = _shared(_rest(one, _cost_price(price), [billed.charge.cost for billed in one.billed]), nets)
    retails = _shared(_rest(one, price.retail, [billed.charge.retail for billed in one.billed]), nets)
    result = list(charges)
    for at, cost, retail in zip(bearing, costs, retails, strict=True):
        result[at] = _shown(replace(charges[at], cost=cost, retail=retail))
    return tuple(result)


def margin_checks(one: Owed, contract: Contract) -> tuple[Check, ...]:
    """A price below the provider's cost, or a margin below the contract's floor, holds the document."""
    cost = one.settled.cost
    if cost is None:
        return ()
    most = max((span.quantity for span in one.spans), default=None)
    if not most:
        return ()
    quantity = Fraction(most)
    each = min(exact_amount(price, quantity) / quantity for _, price in day_prices(one.settled))
    if each < cost:
        return (_negative(one, each, cost),)
    floor = contract.margin_floor_percent
    if floor is not None and percent_of(each, Fraction(cost)) < floor:
        return (_below_floor(one, each, cost, floor, contract),)
    return ()


def percent_of(price: Fraction, cost: Fraction) -> Fraction:
    """The margin in percent of the price; of no price at all, 0 where it costs nothing either."""
    if not price:
        return Fraction(0) if not cost else Fraction(-100)
    return 100 * (price - cost) / price


def margin_words(net: Money, cost: Money, retail: Money | None) -> str:
    """Cost, margin and retail price of a line as a contract that shows them prints it."""
    percent = to_money(percent_of(Fraction(abs(net).minor), Fraction(abs(cost).minor)), "EUR", "half_up")
    words = f"cost {cost}, margin {net - cost} ({percent.decimal:f} %)"
    return words if retail is None else f"{words}, retail price {retail}"


def _cost_price(price: PriceFacts) -> PriceFacts | None:
    if price.cost is None:
        return None
    return PriceFacts("per_unit", (Tier(None, price.cost),), price.unit, "cost")


def _rest(one: Owed, price: PriceFacts | None, billed: Sequence[Money | None]) -> Money | None:
    """What the cycle comes to at another price, less what stands for it already."""
    if price is None:
        return None
    exact = exact_cost(replace(one.deal, price=price, rounding=HALF_UP), one.spans, one.cycle)
    return to_money(exact, one.deal.currency, "half_up") - Money(
        sum(amount.minor for amount in billed if amount is not None), one.deal.currency
    )


def _shared(amount: Money | None, nets: list[Fraction]) -> list[Money | None]:
    if amount is None:
        return [None] * len(nets)
    whole = sum(nets)
    weights = [net / whole for net in nets] if whole else [Fraction(1, len(nets))] * len(nets)
    parts = apportion(amount.minor, [amount.minor * weight for weight in weights])
    return [Money(minor, amount.currency) for minor in parts]


def _shown(charge: Charge) -> Charge:
    if not charge.terms.show_margin or charge.cost is None:
        return charge
    return replace(charge, basis=(*charge.basis, margin_words(charge.net, charge.cost, charge.retail)))


def _negative(one: Owed, each: Fraction, cost: Decimal) -> Check:
    return Check(
        "margin_negative",
        f"Subscription {one.subscription} is sold below cost:"
        f" {price_words(each, one.deal.currency)} for a {one.settled.unit}"
        f" that costs {cost:f} {one.deal.currency} ({one.settled.source}). Correct the price,"
        " discount or cost.",
        one.subscription,
    )


def _below_floor(one: Owed, each: Fraction, cost: Decimal, floor: Decimal, contract: Contract) -> Check:
    least = Fraction(cost) * Fraction(HUNDRED) / (Fraction(HUNDRED) - Fraction(floor))
    enough = Money(ceil(least * minor_units(one.deal.currency)), one.deal.currency)
    percent = to_money(percent_of(each, Fraction(cost)), "EUR", "half_up").decimal
    return Check(
        "margin_below_floor",
        f"Subscription {one.subscription} leaves a margin of {percent:f} %, contract {contract.code} asks for"
        f" {floor:f} %: {price_words(each, one.deal.currency)} for a {one.settled.unit} that costs"
        f" {cost:f} {one.deal.currency} ({one.settled.source}); the floor is"
        f" {enough}. Correct the price, discount or floor.",
        one.subscription,
    )
