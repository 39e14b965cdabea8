"""A subscription that goes on after its contract ended: `expired_contract`, with the cost at stake."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from mappings.canonical.contract import Contract
from mappings.canonical.money import Money, to_money
from mappings.canonical.period import Period
from mappings.lean import replace
from worker.billing.cases import Case
from worker.billing.cycles import DueCycle
from worker.billing.deals import Ground, new_deal
from worker.billing.periods import CYCLE_MONTHS
from worker.billing.pricing import exact_amount
from worker.billing.values import Check, PriceFacts


def with_expired(check: Check, case: Case, ground: Ground, *, as_of: date) -> Check:
    """The check, or `expired_contract` in the place of an unassigned one whose contract has ended."""
    if check.code != "unassigned_subscription":
        return check
    contract = _last_contract(case, ground, as_of)
    if contract is None or contract.until is None:
        return check
    code = case.subscription.code
    stake = _monthly(case, contract, ground, as_of)
    cost = "" if stake is None else f" {stake} a month are at stake."
    return Check(
        "expired_contract",
        f"Subscription {code} goes on, but contract {contract.code} of {contract.party} ended on"
        f" {contract.until}.{cost} Prolong it, add its successor, or end the subscription; the next run bills"
        f" the days from {contract.until}.",
        code,
    )


def _last_contract(case: Case, ground: Ground, as_of: date) -> Contract | None:
    """The contract that ended last of those that could have counted."""
    agreements = ground.calendar.agreements
    if agreements.of(case.subscription, as_of) is not None:
        return None
    ended = [
        one
        for one in agreements.all_of(case.subscription)
        if one.until is not None and one.until <= as_of and one.from_ < one.until
    ]
    return max(ended, key=lambda one: (one.until or date.min, one.code), default=None)


def _monthly(case: Case, contract: Contract, ground: Ground, as_of: date) -> Money | None:
    """What a month of what is held costs by the price that counted last; None where there was none."""
    months = CYCLE_MONTHS[case.subscription.plan]
    quantity = case.holder.timeline.on(as_of)
    if case.subscription.plan == "usage" or not months or not quantity:
        return None  # what will be used is not known from what is held
    price = _price(case, contract, ground)
    currency = ground.prices.currency(contract.price_list)
    if price is None or currency is None:
        return None
    return to_money(exact_amount(price, Fraction(quantity)) / months, currency, "half_up")


def _price(case: Case, contract: Contract, ground: Ground) -> PriceFacts | None:
    standing = case.holder.billed
    if standing:
        return standing[max(standing)][-1].charge.facts.price
    end = contract.until or contract.from_
    day = max(contract.from_, case.holder.timeline.first_held or contract.from_)
    days = Period(min(day, end), end)
    cycle = DueCycle(days.start, days, days, replace(contract, until=None))
    deal = new_deal(ground, case.subscription, cycle, day=days.start, first_held=days.start)
    return None if isinstance(deal, Check) else deal.price
