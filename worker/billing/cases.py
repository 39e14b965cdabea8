"""One subscription with everything of the group's state that is about it: timeline, charges, openings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from mappings.canonical.catalog import Returns
from mappings.canonical.contract import OpeningCharge
from mappings.canonical.period import Period
from mappings.canonical.subscription import Subscription, SubscriptionVersion, Usage
from mappings.lean import lean, replace
from worker.billing.addons import with_parents
from worker.billing.conversions import Moves
from worker.billing.cycles import DueCycle, Holder, Walk, metered, one_time, recurring
from worker.billing.deals import Ground
from worker.billing.life import bought_once, life_of
from worker.billing.local_days import local_anchor, local_versions
from worker.billing.openings import opened
from worker.billing.phases import cut_off
from worker.billing.ramps import committed
from worker.billing.timeline import days_of, held, plain, timeline
from worker.billing.values import BilledCharge, Check, GroupState, Notice, Span

NOTHING = Decimal(0)
_Thing = TypeVar("_Thing", SubscriptionVersion, Usage, OpeningCharge)


@lean
@dataclass(frozen=True, slots=True)
class Case:
    """A subscription as the run sees it. `problems` keep it from being billed at all."""

    holder: Holder
    versions: tuple[SubscriptionVersion, ...]
    usage: tuple[Usage, ...]
    problems: tuple[Check, ...] = ()
    notices: tuple[Notice, ...] = ()
    returns: Returns = "by_contract"

    @property
    def subscription(self) -> Subscription:
        """The lasting facts."""
        return self.holder.subscription


def cases(state: GroupState, ground: Ground, *, known_until: date) -> tuple[Case, ...]:
    """Every subscription of a group by code, with what is known of it at the end of a day."""
    versions = _versions(state, ground, known_until=known_until)
    usage = _by_subscription(one for one in state.usage if one.on <= known_until)
    openings = _by_subscription(state.setup.opening_charges)
    billed: dict[str, list[BilledCharge]] = {}
    for one in state.billed:
        if one.charge.provider_keys:
            continue
        billed.setdefault(one.charge.ref.subscription, []).append(one)
    subscriptions = {one.code: one for one in state.subscriptions}
    conversions = Moves.of(subscriptions, versions)
    found = tuple(
        _case(
            _local(subscription, ground),
            versions.get(subscription.code, ()),
            usage.get(subscription.code, ()),
            openings.get(subscription.code, ()),
            billed.get(subscription.code, ()),
            ground=ground,
            conversions=conversions,
            known_until=known_until,
        )
        for subscription in sorted(state.subscriptions, key=lambda subscription: subscription.code)
    )
    return _with_parents(found)


def walk(case: Case, ground: Ground, *, as_of: date) -> Walk:
    """The cycles of a subscription that are due or have charges."""
    match case.subscription.plan:
        case "usage":
            return metered(case.holder, case.usage, ground.calendar, as_of=as_of)
        case "one_time":
            return one_time(case.holder, ground.calendar, as_of=as_of)
        case _:
            return recurring(case.holder, ground.calendar, as_of=as_of)


def spans_of(case: Case, cycle: DueCycle) -> tuple[Span, ...]:
    """What is held (or was consumed) in a cycle, day by day."""
    plan = case.subscription.plan
    if plan == "usage":
        used = (record.quantity for record in case.usage if record.on in cycle.cycle)
        return (Span(cycle.cycle, plain(max(sum(used, NOTHING), NOTHING))),)
    if plan == "one_time":
        return (Span(cycle.cycle, _bought(case, cycle)),)
    spans = case.holder.timeline.spans(cycle.service)
    until = cycle.held_until or date.max
    if case.holder.phases is not None:
        product = cycle.billed[-1].charge.product if cycle.billed else ""
        until = min(until, case.holder.phases.end_of(cycle.service.start, product))
    spans = cut_off(spans, cycle.service, until)
    known_from = case.holder.timeline.known_from
    is_opening = bool(cycle.billed) and not cycle.billed[0].document_ref
    if not is_opening or (known_from is not None and known_from <= cycle.service.start):
        return spans
    # The other system billed days from before we know anything of the subscription: they stay as billed.
    return _merged_spans(cycle.billed[-1].charge.facts.spans, spans, known_from or cycle.service.until)


def _bought(case: Case, cycle: DueCycle) -> Decimal:
    """The quantity of a one-time purchase: the last one known; an expiry takes nothing back."""
    known = [version for version in days_of(case.versions) if version.status != "expired"]
    if known and case.returns != "by_contract":
        return bought_once(case.subscription.code, known, case.returns)
    if known:
        return held(known[-1])
    return cycle.billed[-1].charge.facts.spans[-1].quantity if cycle.billed else NOTHING


def _merged_spans(before: tuple[Span, ...], after: tuple[Span, ...], at: date) -> tuple[Span, ...]:
    merged: list[Span] = []
    for source, keep in ((before, Period(date.min, at)), (after, Period(at, date.max))):
        for span in source:
            days = span.period.cut(keep)
            if days is None:
                continue
            if merged and merged[-1].quantity == span.quantity:
                merged[-1] = Span(Period(merged[-1].period.start, days.until), span.quantity)
            else:
                merged.append(Span(days, span.quantity))
    return tuple(merged)


def _case(
    subscription: Subscription,
    versions: Iterable[SubscriptionVersion],
    usage: Iterable[Usage],
    openings: Iterable[OpeningCharge],
    billed: Iterable[BilledCharge],
    *,
    ground: Ground,
    conversions: Moves,
    known_until: date,
) -> Case:
    versions = tuple(versions)
    unknown = _unknown(subscription, ground)
    if unknown is not None:
        known, _ = timeline(subscription, versions, known_until=known_until)
        return Case(Holder(subscription, known, {}), versions, tuple(usage), (unknown,))
    by_cycle, problems = opened(subscription, tuple(openings), ground, known_until=known_until)
    for one in sorted(billed, key=lambda one: one.charge.ref.revision):
        by_cycle.setdefault(one.charge.ref.cycle_start, []).append(one)
    life = life_of(
        subscription, versions, by_cycle, ground=ground, conversions=conversions, known_until=known_until
    )
    standing = {start: tuple(charges) for start, charges in by_cycle.items()}
    timeline_held = committed(life.timeline, subscription, ground.calendar.agreements)
    holder = Holder(subscription, timeline_held, standing, life.phases)
    strangers = _unknown_products(holder, ground)
    returns = ground.catalog.products[subscription.product].returns
    return Case(holder, life.versions, tuple(usage), (*problems, *strangers), life.notices, returns)


def _versions(
    state: GroupState, ground: Ground, *, known_until: date
) -> dict[str, list[SubscriptionVersion]]:
    """What is known until a day, by subscription; an instant counts on the issuer's own calendar day."""
    if any(one.at is not None for one in state.versions):
        zones = {one.code: _zone(one, ground) for one in state.subscriptions}
        versions = [
            local
            for code, given in _by_subscription(state.versions).items()
            for local in local_versions(given, zones.get(code, "UTC"))
        ]
        return _by_subscription(one for one in versions if one.on <= known_until)
    return _by_subscription(one for one in state.versions if one.on <= known_until)


def _local(subscription: Subscription, ground: Ground) -> Subscription:
    """The subscription on the issuer's own calendar."""
    if subscription.anchored_at is None:
        return subscription
    return local_anchor(subscription, _zone(subscription, ground))


def _zone(subscription: Subscription, ground: Ground) -> str:
    """The time zone of the issuer that bills a subscription first."""
    agreements = ground.calendar.agreements
    contract = agreements.of(subscription, subscription.anchor)
    contract = contract or next(iter(agreements.all_of(subscription)), None)
    issuer = ground.catalog.issuers.get(contract.issuer) if contract is not None else None
    return issuer.timezone if issuer is not None else "UTC"


def _with_parents(found: tuple[Case, ...]) -> tuple[Case, ...]:
    """The cases, add-ons cut to the days of the subscription they belong to."""
    parents = {one.subscription.code: one.subscription.parent for one in found if one.subscription.parent}
    if not parents:
        return found
    timelines = with_parents({one.subscription.code: one.holder.timeline for one in found}, parents)
    return tuple(
        replace(one, holder=replace(one.holder, timeline=timelines[one.subscription.code])) for one in found
    )


def _unknown_products(holder: Holder, ground: Ground) -> Iterator[Check]:
    """A product that a renewal or conversion leads to and that matches nothing of ours."""
    for phase in holder.phases or ():
        if phase.view.product not in ground.catalog.products:
            yield _is_unassigned(
                holder.subscription, f"its product from {phase.start} on ({phase.view.offer or 'none'})"
            )
            return


def _unknown(subscription: Subscription, ground: Ground) -> Check | None:
    """A subscription whose party or product matches nothing of ours."""
    missing = []
    if subscription.party not in ground.catalog.tree:
        missing.append(f"its party ({subscription.party or subscription.tenant or 'none'})")
    if subscription.product not in ground.catalog.products:
        missing.append(f"its product ({subscription.product or subscription.offer or 'none'})")
    return _is_unassigned(subscription, " and ".join(missing)) if missing else None


def _is_unassigned(subscription: Subscription, missing: str) -> Check:
    return Check(
        "unassigned_subscription",
        f"Subscription {subscription.code} is not billed: {missing} matches nothing of ours."
        " Add the provider's id to a party's tenants or a product's offers; the next run bills it.",
        subscription.code,
    )


def _by_subscription(things: Iterable[_Thing]) -> dict[str, list[_Thing]]:
    found: dict[str, list[_Thing]] = {}
    for thing in things:
        found.setdefault(thing.subscription, []).append(thing)
    return found
