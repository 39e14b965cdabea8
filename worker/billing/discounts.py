"""Discounts, ramps and cost plus: what a contract makes of a list price, for a cycle or day by day.

Discounts apply one after the other, in the contract's order, each to what the one before left.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from mappings.canonical.catalog import Tier
from mappings.canonical.contract import Contract, Discount
from mappings.canonical.period import Period
from mappings.lean import replace
from worker.billing.values import PriceFacts, PriceStep, Span

HUNDRED = Decimal(100)
PRICE_DIGITS = Decimal("0.000000000001")
"""A price made by division keeps twelve decimals, half up (design section 5)."""


def on_cost(facts: PriceFacts, cost: Decimal, contract: Contract, currency: str) -> PriceFacts:
    """The price made from the provider's cost: a markup is percent of the cost, a margin of the price."""
    price, words = cost, f"cost {cost:f} {currency}"
    if contract.markup_percent is not None:
        price = cost * (HUNDRED + contract.markup_percent) / HUNDRED
        words = f"{words} plus {contract.markup_percent:f} %"
    elif contract.margin_percent is not None:
        price = priced_for_margin(cost, contract.margin_percent)
        words = f"{words} at a margin of {contract.margin_percent:f} % of the price"
    return replace(facts, model="per_unit", tiers=(Tier(None, price),), source=words)


def priced_for_margin(cost: Decimal, percent: Decimal) -> Decimal:
    """The price of which a margin of so many percent (below 100) is left above a cost."""
    price = cost * HUNDRED / (HUNDRED - percent)
    cut = price.quantize(PRICE_DIGITS, rounding=ROUND_HALF_UP)
    return price if cut == price else cut


def ramped(facts: PriceFacts, contract: Contract, product: str, day: date) -> PriceFacts:
    """The price of the ramp's step that is reached on a day, in the place of the list's."""
    steps = [
        step
        for step in contract.ramp
        if step.price is not None and step.from_ <= day and step.product in {"", product}
    ]
    if not steps:
        return facts
    step = max(steps, key=lambda step: (step.from_, step.product))
    source = f"ramp of contract {contract.code} from {step.from_}"
    return replace(facts, model="per_unit", tiers=(Tier(None, step.price or Decimal(0)),), source=source)


def discounted(
    facts: PriceFacts, contract: Contract, product: str, days: Period, currency: str
) -> PriceFacts:
    """The price less the discounts of the cycle's first day, with the steps where a day decides otherwise."""
    fitting = [one for one in contract.discounts if one.product in {"", product}]
    whole = _less_all(facts, fitting, days.start, days.start, currency)
    steps: list[PriceStep] = []
    for day in _turns(fitting, days):
        then = _less_all(facts, fitting, days.start, day, currency)
        if then.tiers != (steps[-1].tiers if steps else whole.tiers):
            steps.append(PriceStep(day, then.tiers, then.source))
    return replace(whole, later=tuple(steps)) if steps else whole


def day_prices(price: PriceFacts) -> Iterator[tuple[date, PriceFacts]]:
    """Every price of a cycle with the day it begins on; the first from the earliest day."""
    plain = replace(price, later=())
    yield date.min, plain
    for step in price.later:
        yield step.from_, replace(plain, tiers=step.tiers, source=step.source)


def price_runs(price: PriceFacts, days: Period) -> Iterator[tuple[PriceFacts, Period]]:
    """The prices that count within some days, each with its own part of them."""
    if not price.later:
        yield price, days
        return
    prices = tuple(day_prices(price))
    ends = (*(day for day, _ in prices[1:]), date.max)
    for (start, one), until in zip(prices, ends, strict=True):
        inside = days.cut(Period(start, until))
        if inside is not None:
            yield one, inside


def spans_from(spans: tuple[Span, ...], day: date) -> tuple[Span, ...]:
    """What is held from a day on."""
    rest = Period(day, date.max)
    return tuple(
        Span(inside, span.quantity) for span in spans if (inside := span.period.cut(rest)) is not None
    )


def _turns(discounts: list[Discount], days: Period) -> list[date]:
    """The days inside a cycle on which a discount that is decided by the day begins or ends."""
    found = {
        day
        for one in discounts
        if one.decided_by == "day"
        for day in (one.from_, one.until)
        if day is not None and days.start < day < days.until
    }
    return sorted(found)


def _less_all(
    facts: PriceFacts, discounts: list[Discount], first: date, day: date, currency: str
) -> PriceFacts:
    for discount in discounts:
        if _is_valid(discount, day if discount.decided_by == "day" else first):
            facts = _less(facts, discount, currency)
    return facts


def _is_valid(discount: Discount, day: date) -> bool:
    starts = discount.from_ is None or discount.from_ <= day
    return starts and (discount.until is None or day < discount.until)


def _less(facts: PriceFacts, discount: Discount, currency: str) -> PriceFacts:
    if discount.percent:
        keep = (HUNDRED - discount.percent) / HUNDRED
        tiers = tuple(Tier(tier.up_to, tier.price * keep, tier.flat * keep) for tier in facts.tiers)
        facts = _told(facts, tiers, discount.percent, "%")
    if discount.amount:
        tiers = tuple(_tier_less(facts, tier, discount.amount) for tier in facts.tiers)
        facts = _told(facts, tiers, discount.amount, currency)
    return facts


def _tier_less(facts: PriceFacts, tier: Tier, amount: Decimal) -> Tier:
    """A unit's price less an amount, never below zero; a block costs its flat fee and its price together."""
    if facts.model == "stairstep":
        return Tier(tier.up_to, max(tier.price + tier.flat - amount, Decimal(0)))
    return Tier(tier.up_to, max(tier.price - amount, Decimal(0)), tier.flat)


def _told(facts: PriceFacts, tiers: tuple[Tier, ...], by: Decimal, unit: str) -> PriceFacts:
    verb = "less" if by >= 0 else "plus"
    return replace(facts, tiers=tiers, source=f"{facts.source}, {verb} {abs(by):f} {unit}")
