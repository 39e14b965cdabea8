"""Cycles and terms: which grid a subscription lives on, when a cycle is due, what part of it days weigh.

Boundaries count from the original anchor (mappings.canonical.period), so month ends are never lost.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import gcd

from mappings.canonical.contract import Contract, Proration
from mappings.canonical.period import Period, add_months, grid_cycle
from mappings.canonical.subscription import Subscription
from worker.billing.timeline import term_months

CYCLE_MONTHS = {"monthly": 1, "annual": 12, "triennial": 36, "trial": 1, "usage": 1, "one_time": 0}
"""Length of the billing cycle of a plan; 0 is the single day of a one-time purchase."""

FIRST_OF_MONTH = date(2000, 1, 1)
ONE = Fraction(1)


def cycle_on(subscription: Subscription, contract: Contract, day: date) -> Period:
    """The whole cycle of the grid that holds a day.

    The grid starts at the contract's `anchor:DATE`, else at the subscription's anchor; usage is counted by
    calendar month unless the contract names a grid.
    """
    months = CYCLE_MONTHS[subscription.plan]
    if months == 0:
        return Period(day, day + timedelta(days=1))
    named = contract.alignment.removeprefix("anchor:")
    if named != contract.alignment:
        return grid_cycle(date.fromisoformat(named), months, day)
    return grid_cycle(FIRST_OF_MONTH if subscription.plan == "usage" else subscription.anchor, months, day)


def term_start(subscription: Subscription, day: date, *, first_held: date) -> date:
    """First day of the term that holds a day; never before the subscription began."""
    months = term_months(subscription)
    if months is None:
        return first_held
    return max(grid_cycle(subscription.anchor, months, day).start, first_held)


def is_due(subscription: Subscription, contract: Contract, service: Period, *, as_of: date) -> bool:
    """In advance a cycle is due on its first service day, in arrears on the day after its last.

    The contract's `offset_days` move that day.
    """
    day = as_of - timedelta(days=contract.offset_days) if contract.offset_days else as_of
    if subscription.plan == "usage" or (contract.timing == "arrears" and subscription.plan != "one_time"):
        return service.until <= day
    return service.start <= day


def weight(basis: Proration, *, cycle: Period, rest: Period, months: int) -> Fraction:
    """The part of a cycle's price that some days up to its end cost; a whole cycle is always 1.

    `months` is the cycle's length on its grid (0: the days of the cycle decide). Source: billing rules,
    "One figure per subscription and cycle".
    """
    if rest == cycle:
        return ONE
    if basis == "none_full_period":
        return ONE
    if basis == "30_day_month" and months:
        return min(Fraction(rest.days, 30 * months), ONE)
    if basis == "actual_365" and months:
        return min(Fraction(rest.days * 12, 365 * months), ONE)
    if basis == "months_then_days" and months > 1:
        return _months_into(cycle, rest.until, months) - _months_into(cycle, rest.start, months)
    return Fraction(rest.days, cycle.days)


def _months_into(cycle: Period, day: date, months: int) -> Fraction:
    """How far a day lies in a cycle: whole months of the grid, then days of the month begun."""
    whole = 0
    while whole + 1 <= months and add_months(cycle.start, whole + 1) <= day:
        whole += 1
    begun = add_months(cycle.start, whole)
    rest = (
        Fraction((day - begun).days, (add_months(cycle.start, whole + 1) - begun).days)
        if whole < months
        else 0
    )
    return (whole + rest) / Fraction(months)


def weight_words(basis: Proration, *, cycle: Period, rest: Period, months: int) -> str:
    """The weight as people say it: "17/31 days", "" for a whole cycle."""
    part = weight(basis, cycle=cycle, rest=rest, months=months)
    if part == 1:
        return ""
    if basis == "30_day_month" and months:
        return f"{rest.days}/{30 * months} days (30-day months)"
    if basis == "actual_365" and months:
        year = f"{rest.days}/365 days"
        return year if months == 12 else f"{year} x {12 // gcd(12, months)}/{months // gcd(12, months)}"
    if basis == "months_then_days" and months > 1:
        return f"{part.numerator}/{part.denominator} of the cycle (months, then days)"
    return f"{rest.days}/{cycle.days} days"
