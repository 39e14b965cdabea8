"""Pools: the tier is reached by the group's total, the price is each member's own (billing rules, "Pools").

Held and unbilled members count; membership is dated by the party tree and by who holds the subscription.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate

from mappings.canonical.catalog import Pool
from mappings.canonical.period import Period, duration_months, grid_cycle
from mappings.canonical.subscription import Subscription
from mappings.lean import lean, replace
from worker.billing.handover import held_by
from worker.billing.hierarchy import ALWAYS, Tree
from worker.billing.periods import CYCLE_MONTHS, FIRST_OF_MONTH
from worker.billing.phases import NO_PHASES, Phases, held_as
from worker.billing.timeline import NOTHING, Timeline
from worker.billing.values import PoolShare, PriceFacts

AVERAGE_DIGITS = Decimal("0.0001")
"""A time-weighted total is rounded half up to four places before it meets the tiers."""


@lean
@dataclass(frozen=True, slots=True)
class _Member:
    """One subscription in a pool: its quantity by day, nothing outside its membership."""

    subscription: Subscription
    timeline: Timeline

    def rank(self, pool: Pool, day: date) -> tuple[int, str, str]:
        """Where it fills the tiers: as the pool states for its holder, everyone else by party code."""
        party = self.subscription.party_on(day)
        place = pool.in_order.index(party) if party in pool.in_order else len(pool.in_order)
        return place, party, self.subscription.code


class Pools:
    """The pools of a group with the quantities their members hold."""

    __slots__ = ("_by_code", "_measured", "_members", "_of_product", "_priced", "_shares", "_totals")

    def __init__(
        self,
        pools: Iterable[Pool],
        subscriptions: Iterable[Subscription],
        timelines: Mapping[str, Timeline],
        *,
        tree: Tree,
        phases: Mapping[str, Phases] = NO_PHASES,
    ) -> None:
        self._of_product: dict[str, list[Pool]] = {}
        self._by_code = {pool.code: pool for pool in pools}
        for _, pool in sorted(self._by_code.items()):
            for product in pool.products:
                self._of_product.setdefault(product, []).append(pool)
        self._members: dict[str, dict[str, _Member]] = {}
        for subscription in subscriptions:
            own = phases.get(subscription.code)
            for pool in self._pools_of(subscription, own):
                all_held = timelines[subscription.code]
                as_member = all_held if own is None else held_as(all_held, own, pool.products)
                held = _inside(as_member, pool, subscription, tree)
                members = self._members.setdefault(pool.code, {})
                members[subscription.code] = _Member(subscription, held)
        self._totals = {
            code: _sum(member.timeline for member in members.values())
            for code, members in self._members.items()
        }
        self._shares: dict[tuple[str, Period], PoolShare] = {}
        self._priced: dict[tuple[int, int], tuple[PriceFacts, PoolShare, PriceFacts]] = {}
        self._measured: dict[tuple[str, Period], tuple[Decimal, dict[str, Decimal]]] = {}

    def _pools_of(self, subscription: Subscription, phases: Phases | None) -> Iterable[Pool]:
        """The pools of every product that a subscription is or was."""
        if phases is None:
            return self._of_product.get(subscription.product, ())
        products = {phase.view.product for phase in phases}
        found = {pool.code: pool for product in products for pool in self._of_product.get(product, ())}
        return [found[code] for code in sorted(found)]

    def of(self, subscription: Subscription, day: date) -> Pool | None:
        """The pool that a subscription's cycle beginning on `day` belongs to."""
        for pool in self._of_product.get(subscription.product, ()):
            if self._is_member(pool, subscription, day):
                return pool
        return None

    def named(self, code: str) -> Pool | None:
        """The pool of a code, or None when it no longer exists."""
        return self._by_code.get(code)

    def share(self, pool: Pool, subscription: Subscription, day: date) -> PoolShare:
        """The tier for a cycle beginning on `day`, by all that is known of the pool's period now.

        A cycle longer than the pool's period takes the total of its first day and is never settled, unless
        the pool settles such members yearly.
        """
        period = pool_period(pool, day, subscription)
        if is_fixed_at_purchase(pool, subscription):
            period = Period(day, date.fromordinal(day.toordinal() + 1))
        total, ahead = self._measure(pool, period)
        if pool.allocation == "in_order":
            before = ahead.get(subscription.code, NOTHING)
            return PoolShare(pool.code, max(total, Decimal(1)), pool.allocation, before)
        key = (pool.code, period)
        share = self._shares.get(key)
        if share is None:
            share = self._shares[key] = PoolShare(pool.code, max(total, Decimal(1)), pool.allocation)
        return share

    def priced(self, price: PriceFacts, share: PoolShare) -> PriceFacts:
        """A price at the tier that a pool's share reaches; one object for all members that have both."""
        key = (id(price), id(share))
        known = self._priced.get(key)
        if known is None:
            known = self._priced[key] = (price, share, replace(price, pool=share))
        return known[2]

    def _is_member(self, pool: Pool, subscription: Subscription, day: date) -> bool:
        member = self._members.get(pool.code, {}).get(subscription.code)
        return member is not None and member.timeline.on(day) > 0

    def _measure(self, pool: Pool, period: Period) -> tuple[Decimal, dict[str, Decimal]]:
        """The measured total, and for each member the units of members that fill tiers before it."""
        known = self._measured.get((pool.code, period))
        if known is not None:
            return known
        sum_of_all = self._totals.get(pool.code, Timeline((), ()))
        day = _measuring_day(pool, sum_of_all, period)
        ahead: dict[str, Decimal] = {}
        total = NOTHING
        members = self._members.get(pool.code, {}).values()
        for member in sorted(members, key=lambda member: member.rank(pool, period.start)):
            ahead[member.subscription.code] = total
            total += _average(member.timeline, period) if day is None else member.timeline.on(day)
        if day is None:
            total = _average(sum_of_all, period)
        self._measured[pool.code, period] = total, ahead
        return total, ahead


def pool_period(pool: Pool, day: date, subscription: Subscription) -> Period:
    """The pool's period that holds a member's day; calendar months unless the pool says otherwise.

    A member with a longer cycle that is settled yearly has the pool's year.
    """
    months = duration_months(pool.period)
    if pool.annual == "settle_yearly" and CYCLE_MONTHS[subscription.plan] > months:
        months = 12
    return grid_cycle(pool.anchor or FIRST_OF_MONTH, months, day)


def is_fixed_at_purchase(pool: Pool, subscription: Subscription) -> bool:
    """Whether a member keeps the tier of its purchase, because its cycle is longer than the pool's period."""
    is_longer = CYCLE_MONTHS[subscription.plan] > duration_months(pool.period)
    return is_longer and pool.annual == "at_purchase"


def _inside(timeline: Timeline, pool: Pool, subscription: Subscription, tree: Tree) -> Timeline:
    """A member's timeline with nothing outside the days on which its holder is below the pool's group."""
    life = Period(pool.from_ or ALWAYS.start, pool.until or ALWAYS.until)
    steps: dict[date, Decimal] = {}
    for party, days in held_by(subscription):
        for below in tree.periods_below(party, pool.group):
            inside = below.cut(life)
            inside = inside and inside.cut(days)
            if inside is None:
                continue
            for span in timeline.spans(inside):
                steps[span.period.start] = span.quantity
            steps.setdefault(inside.until, NOTHING)
    changes = sorted(steps)
    return Timeline(tuple(changes), tuple(steps[day] for day in changes))


def _sum(timelines: Iterable[Timeline]) -> Timeline:
    changes: dict[date, Decimal] = {}
    for timeline in timelines:
        before = NOTHING
        for day, quantity in zip(timeline.days, timeline.quantities, strict=True):
            changes[day] = changes.get(day, NOTHING) + quantity - before
            before = quantity
    days = sorted(changes)
    return Timeline(tuple(days), tuple(accumulate(changes[day] for day in days)))


def _measuring_day(pool: Pool, total: Timeline, period: Period) -> date | None:
    """The day whose quantities count, or None where the average of the period does."""
    if pool.measure == "time_weighted":
        return None
    if pool.measure == "end_of_period":
        return period.last_day
    return max(total.spans(period), key=lambda span: span.quantity).period.start


def _average(timeline: Timeline, period: Period) -> Decimal:
    days = sum((span.quantity * span.period.days for span in timeline.spans(period)), NOTHING)
    return (days / period.days).quantize(AVERAGE_DIGITS, rounding=ROUND_HALF_UP)
