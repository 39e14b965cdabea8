"""Which seats can go when: dated batches, each with its own window (billing rules, "Seats and windows").

A batch shrinks only at an instant in [start, start + window), newest batch first; what cannot go stays
billed until the term ends, and the wish takes effect at the renewal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from mappings.canonical.catalog import Returns
from mappings.canonical.period import add_months, months_between
from mappings.canonical.subscription import RefundableSeats, Subscription, SubscriptionVersion
from worker.billing.timeline import NOTHING, Steps, held, term_months
from worker.billing.values import Notice

SEAT_WINDOW = timedelta(hours=168)
CLOSED = datetime.min.replace(tzinfo=UTC)
"""The end of a window that never was: seats bought before we know of any window."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of window: its length, whether only all seats together may go, and whether that refunds all."""

    length: timedelta
    is_whole: bool = False
    refunds_all: bool = False


SEATS = Rule(SEAT_WINDOW)
RULES: Mapping[Returns, Rule] = {
    "by_contract": SEATS,
    "software_7d": Rule(SEAT_WINDOW, is_whole=True),
    "perpetual_30d": Rule(timedelta(days=30), refunds_all=True),
    "saas_72h": Rule(timedelta(hours=72), is_whole=True, refunds_all=True),
    "none": Rule(timedelta(0)),
}
"""Source: csp_billing A3 rules 9 and 10."""


@dataclass(frozen=True, slots=True)
class Windows:
    """How the seats of one subscription are bound.

    `is_bound` tells whether a reduction of a day is; `renewals` are the days on which windows open anew.
    `leaving` are seats that a conversion takes along on a day: no reduction. `closes` is the end of the
    window that converted seats bring with them.
    """

    is_bound: Callable[[date], bool]
    renewals: Sequence[date]
    rule: Rule = SEATS
    leaving: Mapping[date, Decimal] = field(default_factory=dict)
    closes: datetime | None = None


def within(
    windows: Windows, subscription: str, versions: Sequence[SubscriptionVersion]
) -> tuple[Steps, tuple[Notice, ...]]:
    """What is held from each day on (versions: one per day, in order), and the wishes that have to wait."""
    steps: Steps = []
    notices: list[Notice] = []
    for day, batches, stuck in _walk(windows, versions):
        if day in windows.renewals:
            notices.clear()
        if stuck:
            notices.append(_waits(subscription, day, stuck, windows.rule))
        if batches.refunded_from is not None:
            steps = [step for step in steps if step[0] < batches.refunded_from]
            steps.append((batches.refunded_from, batches.total))
            batches.refunded_from = None
        else:
            steps.append((day, batches.total))
    return steps, tuple(notices)


def newest_end(
    windows: Windows, versions: Sequence[SubscriptionVersion], before: datetime
) -> datetime | None:
    """When the window of the newest batch that is held before an instant closes, None where none is held."""
    known = [version for version in versions if instant(version) < before]
    until = [day for day in windows.renewals if midnight(day) <= before]
    found = None
    for _, batches, _ in _walk(Windows(windows.is_bound, until, windows.rule), known):
        found = batches.held[-1].until if batches.held else None
    return found


def renewals(subscription: Subscription, first: date, known_until: date) -> Iterator[date]:
    """The renewal days of a subscription with one phase, after the first day known."""
    step = term_months(subscription)
    if step is None:
        return
    k = months_between(subscription.anchor, first, step) + 1
    while (day := add_months(subscription.anchor, k * step)) <= known_until:
        yield day
        k += 1


def instant(version: SubscriptionVersion) -> datetime:
    """The instant a version counts from; the first of its day where the source gave none."""
    return version.at or midnight(version.on)


def midnight(day: date) -> datetime:
    """The instant a day-only fact counts from."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Seats that may go until an instant (excluded); `since` is the day they were bought or renewed."""

    quantity: Decimal
    until: datetime
    since: date


@dataclass(slots=True)
class _Batches:
    """Seats by the end of their window, newest last; the wish is what was asked for."""

    rule: Rule
    held: list[_Batch]
    wish: Decimal = NOTHING
    refunded_from: date | None = None

    @property
    def total(self) -> Decimal:
        return sum((batch.quantity for batch in self.held), NOTHING)

    def renew(self, on: date) -> None:
        self.held = [_Batch(self.wish, midnight(on) + self.rule.length, on)] if self.wish else []

    def take_along(self, quantity: Decimal) -> None:
        """Seats that leave by conversion, newest first, whatever their window."""
        self._shrink(quantity, lambda _batch: True)

    def ask(
        self, wish: Decimal, at: datetime, on: date, *, closes: datetime | None, is_free: bool
    ) -> Decimal:
        """Take a wish as far as the windows allow; returns what could not go. A batch `closes` by its own."""
        self.wish = wish
        change = wish - self.total
        if change > 0:
            self.held.append(_Batch(change, closes or at + self.rule.length, on))
        if change >= 0:
            return NOTHING
        if self.rule.is_whole and wish and not is_free:
            return -change
        first = self.held[0].since
        is_inside = all(at < batch.until for batch in self.held)
        stuck = self._shrink(-change, lambda batch: is_free or at < batch.until)
        if self.rule.refunds_all and not wish and is_inside:
            self.refunded_from = first
        return stuck

    def told(self, refundable: Sequence[RefundableSeats]) -> None:
        """The provider's own word on its windows; seats it does not name are past theirs."""
        since = self.held[-1].since if self.held else date.min
        total = self.total
        named: list[_Batch] = []
        for seats in sorted(refundable, key=lambda seats: seats.until, reverse=True):
            quantity = min(seats.quantity, total)
            total -= quantity
            named.append(_Batch(quantity, seats.until, since))
        rest = [_Batch(total, CLOSED, since)] if total else []
        self.held = [*rest, *(batch for batch in reversed(named) if batch.quantity)]

    def _shrink(self, quantity: Decimal, may_go: Callable[[_Batch], bool]) -> Decimal:
        """Take seats from the newest batches that may go; returns what is left to take."""
        while quantity and self.held and may_go(self.held[-1]):
            newest = self.held.pop()
            if newest.quantity > quantity:
                self.held.append(_Batch(newest.quantity - quantity, newest.until, newest.since))
            quantity = max(NOTHING, quantity - newest.quantity)
        return quantity


def _walk(
    windows: Windows, versions: Sequence[SubscriptionVersion]
) -> Iterator[tuple[date, _Batches, Decimal]]:
    """Day by day: the batches after it, and what of a wish could not go."""
    by_day = {version.on: version for version in versions}
    opens_anew = set(windows.renewals)
    batches = _Batches(windows.rule, [])
    closes = windows.closes
    for day in sorted(opens_anew.union(by_day)):
        if day in opens_anew:
            batches.renew(day)
        version = by_day.get(day)
        stuck = NOTHING
        if version is not None:
            if day in windows.leaving:
                batches.take_along(windows.leaving[day])
            # The provider's own state wins over our windows; an expiry is no reduction.
            is_final = version.accepted or version.status == "expired"
            is_free = is_final or not windows.is_bound(day)
            stuck = batches.ask(held(version), instant(version), day, closes=closes, is_free=is_free)
            closes = None
            if version.refundable is not None:
                batches.told(version.refundable)
        yield day, batches, stuck


def _waits(subscription: str, day: date, stuck: Decimal, rule: Rule) -> Notice:
    hours = int(rule.length.total_seconds()) // 3600
    return Notice(
        "reduction_waits",
        f"Subscription {subscription}: {stuck.normalize():f} of the seats given up on {day}"
        " are past their"
        f" {hours}-hour window; they stay billed until the term ends and go at the renewal.",
        subscription,
    )
