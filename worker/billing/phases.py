"""A subscription's life in phases: renewals with scheduled changes, conversions, Extended Service Term.

What was agreed is dated like quantities are, so any order of snapshots and events gives the same phases.
Most subscriptions have one phase and never come here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from mappings.canonical.period import Period, add_months, months_between
from mappings.canonical.subscription import Agreed, NextTerm, Subscription, SubscriptionVersion
from worker.billing.timeline import NOTHING, days_of, held, term_months
from worker.billing.values import Span

NOTHING_SCHEDULED = NextTerm()


@dataclass(frozen=True, slots=True)
class Phase:
    """What a subscription is from `start` on: `view` holds its facts then.

    `is_cut`: a cycle that runs on that day ends there for the facts before. `is_renewal`: a new term begins,
    and with it new seat windows. `est_of` are the facts of the term that an Extended Service Term follows.
    """

    start: date
    view: Subscription
    is_cut: bool = False
    is_renewal: bool = False
    est_of: Subscription | None = None


class Phases:
    """The phases of one subscription, by day."""

    __slots__ = ("_phases", "_starts")

    def __init__(self, phases: Sequence[Phase]) -> None:
        self._phases = tuple(phases)
        self._starts = [phase.start for phase in phases]

    def __iter__(self) -> Iterator[Phase]:
        return iter(self._phases)

    def on(self, day: date) -> Phase:
        """The phase of a day."""
        return self._phases[bisect_right(self._starts, day) - 1]

    def began(self, day: date) -> date:
        """The first day since which the product of a day was not cut."""
        at = bisect_right(self._starts, day) - 1
        while at and not self._phases[at].is_cut:
            at -= 1
        return self._starts[at]

    def cut_after(self, day: date) -> date:
        """The first day after this one on which a running cycle ends, or the end of time."""
        return next((phase.start for phase in self._phases if phase.is_cut and phase.start > day), date.max)

    def was_left(self, product: str, day: date) -> bool:
        """Whether a product was given up before a day: what was billed as it from then on is taken back."""
        now = self.on(day)
        before = {phase.view.product for phase in self._phases if phase.start < now.start}
        return product != now.view.product and product in before

    def renewals(self, first: date, until: date) -> Iterator[date]:
        """Every day after `first` up to `until` (included) on which a new term begins."""
        ends = [*self._starts[1:], date.max]
        for phase, end in zip(self._phases, ends, strict=True):
            if phase.is_renewal and first < phase.start <= until:
                yield phase.start
            step = term_months(phase.view)
            if step is None:
                continue
            k = months_between(phase.view.anchor, max(first, phase.start), step) + 1
            while (day := add_months(phase.view.anchor, k * step)) < end and day <= until:
                yield day
                k += 1


@dataclass(frozen=True, slots=True)
class TermRules:
    """What the set-up says about terms: the contract's policy on a day, and our product of an offer."""

    end_of_term: Callable[[date], Literal["expire", "est"]]
    product_of: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Course:
    """The phases, the versions with the quantities of renewals, and the facts that end the timeline."""

    phases: Phases
    versions: tuple[SubscriptionVersion, ...]
    last: Subscription


def is_ordinary(subscription: Subscription, versions: Iterable[SubscriptionVersion]) -> bool:
    """Whether nothing but quantities is dated: then the subscription is its own only phase."""
    return (
        subscription.auto_renew
        and subscription.next_term is None
        and subscription.term_end is None
        and all(version.agreed is None for version in versions)
    )


def course(
    subscription: Subscription,
    versions: Iterable[SubscriptionVersion],
    *,
    known_until: date,
    renewed_until: date | None,
    rules: TermRules,
) -> Course | None:
    """The phases as known at the end of a day, or None where nothing is known yet.

    `renewed_until` is the start of the last cycle billed as an ordinary term: switching renewal off never
    turns that into an Extended Service Term.
    """
    given = tuple(versions)
    known = days_of(version for version in given if version.on <= known_until)
    if not known:
        return None
    writer = _Writer(subscription, known[0].on, renewed_until or date.min, rules)
    for version in known:
        writer.pass_terms(version.on)
        writer.take(version)
    writer.pass_terms(known_until)
    return Course(Phases(writer.phases), (*given, *writer.added), writer.last_facts())


def in_phase(spans: tuple[Span, ...], phases: Phases, service: Period, *, product: str) -> tuple[Span, ...]:
    """What is held in a cycle as its own product: nothing from the day on which another one took over."""
    left = service.start if product and phases.was_left(product, service.start) else None
    until = left or phases.cut_after(service.start)
    if until >= service.until:
        return spans
    rest = Period(until, service.until)
    kept = tuple(
        Span(days, span.quantity)
        for span in spans
        if (days := span.period.cut(Period(service.start, until))) is not None
    )
    return (*kept, Span(rest, NOTHING))


class _Writer:
    """Walks over what is known, day by day, and writes down the phases."""

    __slots__ = (
        "_after", "_auto_renew", "_end", "_last", "_next", "_renewed_until", "_rules", "_stated",
        "added", "phases",
    )  # fmt: skip

    def __init__(
        self, subscription: Subscription, first: date, renewed_until: date, rules: TermRules
    ) -> None:
        self._stated = replace(subscription, anchor=subscription.term_end or subscription.anchor)
        self._auto_renew = subscription.auto_renew
        self._end = subscription.end
        self._next = subscription.next_term
        self._after = first
        self._renewed_until = renewed_until
        self._rules = rules
        self._last: SubscriptionVersion | None = None
        self.phases = [Phase(date.min, self._stated)]
        self.added: list[SubscriptionVersion] = []

    def pass_terms(self, until: date) -> None:
        """Turn every end of a term after the last day looked at, as far as something happens there."""
        while self._last is not None and held(self._last) and (self._next or not self._auto_renew):
            end = self._term_end()
            if end is None or end > until or not self._turn(end):
                break
        self._after = max(self._after, until)

    def take(self, version: SubscriptionVersion) -> None:
        """A version: an immediate change deletes what was scheduled, unless it states it anew."""
        last, agreed = self._last, version.agreed
        if last is not None and held(last) != held(version):
            self._next = None
        if agreed is not None:
            self._agree(agreed, version.on)
        self._last = version

    def last_facts(self) -> Subscription:
        """The facts that decide when the timeline ends; an Extended Service Term goes on by itself."""
        if self.phases[-1].est_of is not None:
            return replace(self.phases[-1].view, end=None, auto_renew=True)
        end, step = self._end, term_months(self._stated)
        if end is None and not self._auto_renew and step is not None and self._last is not None:
            # The grid may be counted from a custom end that lies ahead, so the end is worked out here.
            anchor, day = self._stated.anchor, max(self._last.on, self._renewed_until)
            end = add_months(anchor, (months_between(anchor, day, step) + 1) * step)
        return replace(self._stated, end=end, auto_renew=self._auto_renew)

    def _agree(self, agreed: Agreed, on: date) -> None:
        now, before = self._overlaid(agreed), self._stated
        if now != before:
            self._next = None
            is_new_term = now.anchor != before.anchor
            self._put(Phase(on, now, now.product != before.product or is_new_term, is_new_term))
        elif agreed.auto_renew and self.phases[-1].est_of is not None:
            renewed = replace(now, anchor=_grid_anchor(now, now, on))
            self._put(Phase(on, renewed, is_cut=True, is_renewal=True))
        if agreed.next_term is not None:
            self._next = agreed.next_term if agreed.next_term != NOTHING_SCHEDULED else None
        if agreed.auto_renew is not None:
            self._auto_renew = agreed.auto_renew
            self._end = None if agreed.auto_renew else self._end
        self._end = agreed.end or self._end

    def _overlaid(self, agreed: Agreed) -> Subscription:
        """The facts before with what is agreed laid over them; a start on the grid is no new grid."""
        now = self._stated
        product = agreed.product or now.product
        if not agreed.product and agreed.offer and agreed.offer != now.offer:
            product = self._rules.product_of(agreed.offer)
        anchor = agreed.term_end or agreed.start or now.anchor
        step = term_months(now)
        if step and add_months(now.anchor, months_between(now.anchor, anchor, step) * step) == anchor:
            anchor = now.anchor
        return replace(
            now,
            product=product,
            offer=agreed.offer or now.offer,
            plan=agreed.plan or now.plan,
            term=agreed.term or now.term,
            anchor=anchor,
            promotion=agreed.promotion or now.promotion,
        )

    def _put(self, phase: Phase) -> None:
        """A phase that begins; what is said about the first day we know is how it always was."""
        self._stated = phase.view
        if self._last is None:
            self.phases = [Phase(date.min, phase.view)]
        else:
            self.phases.append(phase)

    def _term_end(self) -> date | None:
        """The end of the term that runs: the stated end of one that is not renewed, or the grid's."""
        step = term_months(self.phases[-1].view)
        if self._next is None and self._end is not None and self._end > self._after:
            return self._end
        if step is None:
            return None
        anchor = self.phases[-1].view.anchor
        return add_months(anchor, (months_between(anchor, self._after, step) + 1) * step)

    def _turn(self, end: date) -> bool:
        """What happens at the end of a term; False where the timeline's own rule decides."""
        if self._next is not None:
            self._renew(self._next, end)
            self._next = None
        elif self.phases[-1].est_of is not None or not self._goes_on_as_est(end):
            return False
        elif end > self._renewed_until:
            self._extend(end)
            return False
        self._after = end
        return True

    def _renew(self, following: NextTerm, on: date) -> None:
        before = self._stated
        product = following.product or before.product
        if not following.product and following.offer and following.offer != before.offer:
            product = self._rules.product_of(following.offer)
        now = replace(
            before,
            product=product,
            offer=following.offer or before.offer,
            plan=following.plan or before.plan,
            term=following.term or before.term,
            next_term=None,
        )
        now = replace(now, anchor=following.until or _grid_anchor(before, now, on))
        is_cut = now.product != before.product or before.plan == "trial" != now.plan
        self._put(Phase(on, now, is_cut=is_cut, is_renewal=True))
        if following.quantity is not None:
            self._last = SubscriptionVersion(before.code, "", on, following.quantity, accepted=True)
            self.added.append(self._last)

    def _goes_on_as_est(self, end: date) -> bool:
        """Not for trials, and only where the contract of the day says so."""
        return self._stated.plan != "trial" and self._rules.end_of_term(end) == "est"

    def _extend(self, on: date) -> None:
        ended = self._stated
        monthly = replace(ended, plan="monthly", term="P1M")
        view = replace(monthly, anchor=_grid_anchor(ended, monthly, on))
        self.phases.append(Phase(on, view, is_cut=True, is_renewal=True, est_of=ended))


def _grid_anchor(before: Subscription, now: Subscription, on: date) -> date:
    """The anchor of a term that begins on a day: the one before where its grid has that day, so that a 31st
    is not lost in February, else the day itself."""
    step = term_months(now)
    if step and add_months(before.anchor, months_between(before.anchor, on, step) * step) == on:
        return before.anchor
    return on
