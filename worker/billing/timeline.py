"""Versions -> what is held on each day; any order of arrival gives the same timeline.

Where reductions are bound to seat windows, worker.billing.windows says what could go when.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from mappings.canonical.period import Period, add_months, duration_months, months_between
from mappings.canonical.subscription import Subscription, SubscriptionVersion
from mappings.lean import lean
from worker.billing.values import Notice, Span

NOTHING = Decimal(0)

Steps: TypeAlias = list[tuple[date, Decimal]]
"""What is held from each day on, in order."""


@lean
@dataclass(frozen=True, slots=True)
class Timeline:
    """The quantity held from each of `days` (ascending) until the next; nothing before the first.

    `known_from` is the day of the first version: what was held before it we cannot tell.
    """

    days: tuple[date, ...]
    quantities: tuple[Decimal, ...]
    known_from: date | None = None

    def on(self, day: date) -> Decimal:
        """The quantity held on a day."""
        at = bisect_right(self.days, day)
        return self.quantities[at - 1] if at else NOTHING

    def spans(self, period: Period) -> tuple[Span, ...]:
        """The days of a period cut where the quantity changes; days with nothing held included."""
        if not period.days:
            return ()
        at = bisect_right(self.days, period.start)
        start, quantity = period.start, self.quantities[at - 1] if at else NOTHING
        spans = []
        while at < len(self.days) and self.days[at] < period.until:
            spans.append(Span(Period(start, self.days[at]), quantity))
            start, quantity = self.days[at], self.quantities[at]
            at += 1
        spans.append(Span(Period(start, period.until), quantity))
        return tuple(spans)

    @property
    def first_held(self) -> date | None:
        """The first day on which something is held."""
        for day, quantity in zip(self.days, self.quantities, strict=True):
            if quantity:
                return day
        return None

    @property
    def ends_on(self) -> date | None:
        """The first day from which nothing is held any more, or None while something is."""
        return self.days[-1] if self.days and not self.quantities[-1] else None


def timeline(
    subscription: Subscription,
    versions: Iterable[SubscriptionVersion],
    *,
    known_until: date,
    renewed_until: date | None = None,
    windowed: Callable[[list[SubscriptionVersion]], tuple[Steps, tuple[Notice, ...]]] | None = None,
) -> tuple[Timeline, tuple[Notice, ...]]:
    """What is held day by day as known at the end of a day, and the wishes that have to wait.

    `renewed_until` is the last day already billed: switching automatic renewal off never takes back a
    term that was renewed and billed. `windowed` makes steps of the versions where windows bind reductions.
    """
    known = days_of([version for version in versions if version.on <= known_until])
    if not known:
        return Timeline((), ()), ()
    notices: tuple[Notice, ...] = ()
    if windowed is None:
        steps = [(version.on, held(version)) for version in known]
    else:
        steps, notices = windowed(known)
    until = last_day_of_life(subscription, known[-1].on, renewed_until)
    return _merged(steps, until, known_from=known[0].on), notices


def days_of(versions: Iterable[SubscriptionVersion]) -> list[SubscriptionVersion]:
    """The version that counts on each day, by day: the latest observation, then the larger reference."""
    by_day: dict[date, SubscriptionVersion] = {}
    for version in versions:
        other = by_day.get(version.on)
        if other is None or (version.observed, version.ref) > (other.observed, other.ref):
            by_day[version.on] = version
    return [by_day[day] for day in sorted(by_day)]


def held(version: SubscriptionVersion) -> Decimal:
    """The quantity a version leaves. Suspension does not stop the provider's bill, so it does not ours."""
    return NOTHING if version.status in {"cancelled", "expired"} else plain(version.quantity)


def plain(quantity: Decimal) -> Decimal:
    """A quantity in its one form (12, 12.5), however a database hands it over: documents must agree."""
    whole = quantity.to_integral_value()
    return whole.quantize(Decimal(1)) if whole == quantity else quantity.normalize()


def last_day_of_life(subscription: Subscription, known_on: date, renewed_until: date | None) -> date | None:
    """The day from which the subscription holds nothing, by its end or by a term that does not renew.

    Without an end, a term that does not renew ends after the last thing we know of it: a version, or a
    cycle already billed.
    """
    if subscription.end is not None or subscription.auto_renew:
        return subscription.end
    step = term_months(subscription)
    if step is None:
        return None
    day = max(known_on, subscription.anchor, renewed_until or known_on)
    return add_months(subscription.anchor, (months_between(subscription.anchor, day, step) + 1) * step)


def term_months(subscription: Subscription) -> int | None:
    """Whole months of the subscription's term, or None where it has no such term."""
    try:
        return duration_months(subscription.term)
    except ValueError:
        return None


def _merged(steps: Iterable[tuple[date, Decimal]], until: date | None, *, known_from: date) -> Timeline:
    days: list[date] = []
    quantities: list[Decimal] = []
    for day, quantity in steps:
        if until is not None and day >= until:
            break
        if quantity != (quantities[-1] if quantities else NOTHING):
            days.append(day)
            quantities.append(quantity)
    if until is not None and quantities and quantities[-1]:
        days.append(until)
        quantities.append(NOTHING)
    return Timeline(tuple(days), tuple(quantities), known_from)
