"""A subscription's life in phases: renewals with scheduled changes, conversions, Extended Service Term.

What was agreed is dated like quantities are, so any order of snapshots and events gives the same phases.
Most subscriptions have one phase and never come here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from mappings.canonical.period import Period, add_months, months_between
from mappings.canonical.subscription import Agreed, NextTerm, Subscription, SubscriptionVersion
from mappings.lean import replace
from worker.billing.suspension import masked
from worker.billing.timeline import NOTHING, Timeline, days_of, held, term_months
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

    def end_of(self, day: date, product: str) -> date:
        """The day until which a cycle from a day on is held; `product` is what it was billed as, or ""."""
        return day if product and self.was_left(product, day) else self.cut_after(day)

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


NO_PHASES: Mapping[str, Phases] = {}
"""No subscription of a group ever changed."""


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
        and all(version.agreed is None or _restates(version.agreed, subscription) for version in versions)
    )


def _restates(agreed: Agreed, subscription: Subscription) -> bool:
    """Whether what is agreed are the lasting facts themselves, with nothing scheduled."""
    stated = (agreed.product or subscription.product, agreed.plan or subscription.plan)
    return (
        stated == (subscription.product, subscription.plan)
        and (agreed.term or subscription.term) == subscription.term
        and (not agreed.offer or is_one_offer(agreed.offer, subscription.offer))
        and (agreed.promotion or subscription.promotion) == subscription.promotion
        and agreed.auto_renew is not False
        and agreed.next_term in (None, NOTHING_SCHEDULED)
        and agreed.start in (None, subscription.anchor)
        and agreed.term_end is None
        and agreed.end == subscription.end
    )


def is_one_offer(offer: str, other: str) -> bool:
    """Whether two offers are of one product and sku; the availability changes with market and price list."""
    return offer.lower().split(":")[:2] == other.lower().split(":")[:2]


def course(
    subscription: Subscription,
    versions: Iterable[SubscriptionVersion],
    *,
    known_until: date,
    renewed: Sequence[date],
    rules: TermRules,
) -> Course | None:
    """The phases as known at the end of a day, or None where nothing is known yet.

    `renewed` are the starts of the cycles billed as an ordinary term: switching renewal off never turns
    them into an Extended Service Term.
    """
    given = tuple(versions)
    known = days_of(version for version in given if version.on <= known_until)
    if not known:
        return None
    writer = _Writer(subscription, known, renewed, rules)
    for version in known:
        writer.pass_terms(version.on)
        writer.take(version)
    writer.pass_terms(known_until)
    return Course(Phases(writer.phases), (*given, *writer.added), writer.last_facts())


def cut_off(spans: tuple[Span, ...], service: Period, until: date) -> tuple[Span, ...]:
    """What is held in a cycle whose days from `until` on belong to another one: nothing there."""
    if until >= service.until:
        return spans
    own = Period(service.start, max(until, service.start))
    kept = tuple(Span(days, span.quantity) for span in spans if (days := span.period.cut(own)) is not None)
    return (*kept, Span(Period(own.until, service.until), NOTHING))


def held_as(timeline: Timeline, phases: Phases, products: Collection[str]) -> Timeline:
    """What is held on the days on which the subscription is one of some products, nothing on others."""
    every = tuple(phases)
    ends = (*(phase.start for phase in every[1:]), date.max)
    return masked(
        timeline,
        (
            (phase.start, end)
            for phase, end in zip(every, ends, strict=True)
            if phase.view.product not in products
        ),
    )


class _Writer:
    """Walks over what is known, day by day, and writes down the phases."""

    __slots__ = (
        "_after", "_agreed_on", "_auto_renew", "_end", "_last", "_next", "_renewed", "_rules", "_stated",
        "added", "phases",
    )  # fmt: skip

    def __init__(
        self,
        subscription: Subscription,
        known: Sequence[SubscriptionVersion],
        renewed: Sequence[date],
        rules: TermRules,
    ) -> None:
        self._stated = replace(subscription, anchor=subscription.term_end or subscription.anchor)
        self._auto_renew = subscription.auto_renew
        self._end = subscription.end
        self._next = subscription.next_term
        self._after = known[0].on
        self._agreed_on = [version.on for version in known if version.agreed is not None]
        self._renewed = renewed
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
            anchor, day = self._stated.anchor, max((self._last.on, *self._renewed))
            end = add_months(anchor, (months_between(anchor, day, step) + 1) * step)
        return replace(self._stated, end=end, auto_renew=self._auto_renew)

    def _agree(self, agreed: Agreed, on: date) -> None:
        now, before = self._overlaid(agreed), self._stated
        if now != before:
            self._next = None
        if self.phases[-1].est_of is not None:
            self._agree_while_extended(agreed, on, now)
        elif now != before:
            is_new_term = now.anchor != before.anchor
            self._put(Phase(on, now, now.product != before.product or is_new_term, is_new_term))
        if agreed.next_term is not None:
            self._next = agreed.next_term if agreed.next_term != NOTHING_SCHEDULED else None
        if agreed.auto_renew is not None:
            self._auto_renew = agreed.auto_renew
            self._end = None if agreed.auto_renew else self._end
        self._end = agreed.end or self._end

    def _agree_while_extended(self, agreed: Agreed, on: date, now: Subscription) -> None:
        """An Extended Service Term is left for a new commitment; another product goes on extended."""
        before = self._stated
        is_other_term = (now.plan, now.term, now.anchor) != (before.plan, before.term, before.anchor)
        if agreed.auto_renew or is_other_term:
            renewed = replace(now, anchor=_grid_anchor(now, now, on))
            self._put(Phase(on, renewed, is_cut=True, is_renewal=True))
            return
        self._stated = now
        if now.product != before.product:
            view = replace(self.phases[-1].view, product=now.product, offer=now.offer)
            self.phases.append(Phase(on, view, is_cut=True, est_of=now))

    def _overlaid(self, agreed: Agreed) -> Subscription:
        """The facts before with what is agreed laid over them; a start on the grid is no new grid."""
        now = self._stated
        product = agreed.product or now.product
        if not agreed.product and agreed.offer and not is_one_offer(agreed.offer, now.offer):
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
        if self._next is None and self._end is not None and self._end > self._after:
            return self._end
        return self._end_after(self._after) if term_months(self.phases[-1].view) else None

    def _end_after(self, day: date) -> date:
        """The end of the term that holds a day, by the grid of the facts that count."""
        view = self.phases[-1].view
        step = term_months(view) or 1
        return add_months(view.anchor, (months_between(view.anchor, day, step) + 1) * step)

    def _turn(self, end: date) -> bool:
        """What happens at the end of a term; False where the timeline's own rule decides."""
        if self._next is not None:
            self._renew(self._next, end)
            self._next = None
        elif self.phases[-1].est_of is not None or not self._goes_on_as_est(end):
            return False
        elif not self._was_renewed(end):
            self._extend(end)
            return False
        self._after = end
        return True

    def _was_renewed(self, end: date) -> bool:
        """Whether the term after an end was billed as an ordinary one, before anything else was agreed.

        Its first cycle is named by a day less than a month after: what begins with the second extended month
        was scheduled for the end of the first.
        """
        first_month = add_months(end, 1)
        until = min((self._end_after(end), first_month, *(day for day in self._agreed_on if day > end)))
        return any(end <= start < until for start in self._renewed)

    def _renew(self, following: NextTerm, on: date) -> None:
        before = self._stated
        product = following.product or before.product
        if not following.product and following.offer and not is_one_offer(following.offer, before.offer):
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
