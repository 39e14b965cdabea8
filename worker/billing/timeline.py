"""Versions -> what is held on each day; any order of arrival gives the same timeline.

Reductions may be bound to seat windows (billing rules, "Seats and windows"): a batch shrinks only within
168 hours of its start, newest batch first; what cannot go stays until the renewal.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from mappings.canonical.period import Period, add_months, duration_months, months_between
from mappings.canonical.subscription import Subscription, SubscriptionVersion
from worker.billing.values import Notice, Span

SEAT_WINDOW = timedelta(hours=168)
NOTHING = Decimal(0)


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
        return next((day for day, held in zip(self.days, self.quantities, strict=True) if held), None)

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
    is_windowed: Callable[[date], bool] | None = None,
) -> tuple[Timeline, tuple[Notice, ...]]:
    """What is held day by day as known at the end of a day, and the wishes that have to wait.

    `renewed_until` is the last day already billed: switching automatic renewal off never takes back a
    term that was renewed and billed. `is_windowed` tells whether a reduction of a day is bound to windows.
    """
    known = days_of(version for version in versions if version.on <= known_until)
    if not known:
        return Timeline((), ()), ()
    if is_windowed is None:
        steps = [(version.on, held(version)) for version in known]
        notices: tuple[Notice, ...] = ()
    else:
        steps, notices = _within_windows(subscription, known, known_until, is_windowed)
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


@dataclass(slots=True)
class _Batches:
    """Seats by the instant they were bought or renewed, newest last; the wish is what was asked for."""

    held: list[tuple[datetime, Decimal]]
    wish: Decimal = NOTHING

    @property
    def total(self) -> Decimal:
        return sum((quantity for _, quantity in self.held), NOTHING)

    def renew(self, at: datetime) -> None:
        self.held = [(at, self.wish)] if self.wish else []

    def ask(self, wish: Decimal, at: datetime, *, is_free: bool) -> Decimal:
        """Take a wish as far as the windows allow; returns what could not go."""
        self.wish = wish
        change = wish - self.total
        if change > 0:
            self.held.append((at, change))
        while change < 0 and self.held and (is_free or at < self.held[-1][0] + SEAT_WINDOW):
            start, quantity = self.held.pop()
            if quantity + change > 0:
                self.held.append((start, quantity + change))
            change = min(NOTHING, quantity + change)
        return max(NOTHING, -change)


def _within_windows(
    subscription: Subscription,
    versions: list[SubscriptionVersion],
    known_until: date,
    is_windowed: Callable[[date], bool],
) -> tuple[list[tuple[date, Decimal]], tuple[Notice, ...]]:
    by_day = {version.on: version for version in versions}
    renewals = set(_renewals(subscription, versions[0].on, known_until))
    batches = _Batches([])
    steps: list[tuple[date, Decimal]] = []
    notices: list[Notice] = []
    for day in sorted(renewals.union(by_day)):
        if day in renewals:
            batches.renew(_midnight(day))
            notices.clear()
        version = by_day.get(day)
        if version is not None:
            # The provider's own state wins over our windows; an expiry is no reduction.
            is_final = version.accepted or version.status == "expired"
            is_free = is_final or not is_windowed(day)
            stuck = batches.ask(held(version), version.at or _midnight(day), is_free=is_free)
            if stuck:
                notices.append(_waits(subscription, day, stuck))
        steps.append((day, batches.total))
    return steps, tuple(notices)


def _renewals(subscription: Subscription, first: date, known_until: date) -> Iterator[date]:
    step = term_months(subscription)
    if step is None:
        return
    k = months_between(subscription.anchor, first, step) + 1
    while (day := add_months(subscription.anchor, k * step)) <= known_until:
        yield day
        k += 1


def _midnight(day: date) -> datetime:
    """The instant a day-only fact counts from, where the source gave no instant."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _waits(subscription: Subscription, day: date, stuck: Decimal) -> Notice:
    return Notice(
        "reduction_waits",
        f"Subscription {subscription.code}: {stuck.normalize():f} of the seats given up on {day}"
        " are past their"
        " 168-hour window; they stay billed until the term ends and go at the renewal.",
        subscription.code,
    )
