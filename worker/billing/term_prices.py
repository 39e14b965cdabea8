"""Prices that belong to a term: Extended Service Term, promotions, and usage lists in another currency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mappings.canonical.catalog import Promotion, Tier
from mappings.canonical.party import FxRate
from mappings.canonical.subscription import Plan, Subscription
from mappings.lean import replace
from worker.billing.periods import CYCLE_MONTHS
from worker.billing.values import Check, PriceFacts

HUNDRED = Decimal(100)
EST_UPLIFT = Decimal("1.03")
EST_UPLIFT_WITHOUT_MONTHLY = Decimal("1.23")
"""An Extended Service Term costs the monthly term plus 3 %, or a month of the ended term plus 23 % where no
monthly term is sold (csp_billing A3.16)."""

Find = Callable[[Subscription], PriceFacts | Check]
"""The price of a subscription's product, plan and term by the list that counts."""


@dataclass(frozen=True, slots=True)
class TermPrices:
    """Promotions and exchange rates of a set-up."""

    promotions: Sequence[Promotion] = ()
    rates: Sequence[FxRate] = ()

    def fitting(self, subscription: Subscription, term_start: date, *, is_first: bool) -> Iterator[Promotion]:
        """The promotions that a term beginning on a day was given, by code."""
        for one in sorted(self.promotions, key=lambda one: one.code):
            is_offered = one.from_ <= term_start and (one.until is None or term_start < one.until)
            fits = (
                one.product == subscription.product
                and one.plan in {"", subscription.plan}
                and one.term in {"", subscription.term}
            )
            is_given = one.automatic or one.code == subscription.promotion
            if is_offered and fits and is_given and (is_first or one.terms == "any"):
                yield one

    def rate(self, currency: str, home: str, on: date, *, source: str) -> FxRate | None:
        """The rate of exactly a day and source ("" = any), or None."""
        wanted = (currency, home, on)
        same = (one for one in self.rates if (one.currency, one.home, one.on) == wanted)
        return next((one for one in same if source in ("", one.source)), None)


NO_TERM_PRICES = TermPrices()


def est_price(find: Find, subscription: Subscription, ended: Subscription) -> PriceFacts | Check:
    """The price of a month of Extended Service Term, from the list that counts now.

    `subscription` are its own facts (monthly, P1M), `ended` those of the term that was not renewed.
    """
    monthly = find(subscription)
    if isinstance(monthly, PriceFacts):
        return _times(monthly, EST_UPLIFT, "Extended Service Term: the monthly term plus 3 %")
    before = find(ended)
    if isinstance(before, Check):
        return monthly
    months = CYCLE_MONTHS[ended.plan]
    words = f"Extended Service Term without a monthly term: the {ended.plan} price"
    words = f"{words} / {months}" if months > 1 else words
    return _times(before, EST_UPLIFT_WITHOUT_MONTHLY, f"{words} plus 23 %", months=months)


def promoted(price: PriceFacts, promotions: Iterable[Promotion]) -> PriceFacts:
    """A price less its promotions, one after the other."""
    for one in promotions:
        keep = (HUNDRED - one.percent) / HUNDRED
        words = f"{price.source}, promotion {one.code} less {one.percent:f} % to the end of the term"
        cost = price.cost
        if cost is not None and one.funded_by == "provider":
            cost *= keep
        price = replace(_scaled(price, keep), cost=cost, source=words)
    return price


def converted(price: PriceFacts, rate: FxRate) -> PriceFacts:
    """A price in another currency at the fixed rate of a usage month, which its charges keep."""
    factor = Decimal(rate.rate)
    words = f"{price.source} in {rate.currency} at {rate.rate} {rate.home} of {rate.on} ({rate.source})"
    cost = None if price.cost is None else price.cost * factor
    return replace(_scaled(price, factor), cost=cost, source=words, rate=factor)


def usage_rate_missing(subscription: Subscription, currency: str, home: str, on: date) -> Check:
    """The check of a usage month whose rate is not known."""
    return Check(
        "rate_missing",
        f"Subscription {subscription.code} cannot be priced: its usage is in {currency}, and there is no"
        f" exchange rate to {home} on {on}, the first day of the usage month. Add the rate; the next run"
        " bills it. No other day's rate is used.",
        subscription.code,
    )


def may_be_promoted(plan: Plan) -> bool:
    """Whether a plan is sold by the term: usage and trials know no promotions."""
    return plan not in {"usage", "trial"}


def _times(price: PriceFacts, factor: Decimal, words: str, *, months: int = 1) -> PriceFacts:
    cost = None if price.cost is None else price.cost / months
    scaled = _scaled(price, factor, months)
    return replace(scaled, cost=cost, source=f"{price.source}, {words}", rule="est")


def _scaled(price: PriceFacts, factor: Decimal, months: int = 1) -> PriceFacts:
    """A price times a factor, divided by months, on every day of the cycle."""
    later = tuple(replace(step, tiers=_tiers_times(step.tiers, factor, months)) for step in price.later)
    return replace(price, tiers=_tiers_times(price.tiers, factor, months), later=later)


def _tiers_times(tiers: tuple[Tier, ...], factor: Decimal, months: int) -> tuple[Tier, ...]:
    return tuple(
        Tier(tier.up_to, tier.price * factor / months, tier.flat * factor / months) for tier in tiers
    )
