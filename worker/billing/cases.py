"""One subscription with everything of the group's state that is about it: timeline, charges, openings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from mappings.canonical.contract import Contract, OpeningCharge
from mappings.canonical.period import Period
from mappings.canonical.subscription import Subscription, SubscriptionVersion, Usage
from worker.billing.cycles import DueCycle, Holder, Walk, metered, one_time, recurring
from worker.billing.deals import Ground, terms_of
from worker.billing.hierarchy import payer
from worker.billing.openings import OpeningFor, as_billed, opening_groups
from worker.billing.timeline import Timeline, days_of, held, plain, timeline
from worker.billing.values import BilledCharge, Check, GroupState, Notice, Span

NOTHING = Decimal(0)
_Thing = TypeVar("_Thing", SubscriptionVersion, Usage, OpeningCharge)


@dataclass(frozen=True, slots=True)
class Case:
    """A subscription as the run sees it. `problems` keep it from being billed at all."""

    holder: Holder
    versions: tuple[SubscriptionVersion, ...]
    usage: tuple[Usage, ...]
    problems: tuple[Check, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def subscription(self) -> Subscription:
        """The lasting facts."""
        return self.holder.subscription


def cases(state: GroupState, ground: Ground, *, known_until: date) -> tuple[Case, ...]:
    """Every subscription of a group by code, with what is known of it at the end of a day."""
    versions = _by_subscription(one for one in state.versions if one.on <= known_until)
    usage = _by_subscription(one for one in state.usage if one.on <= known_until)
    openings = _by_subscription(state.setup.opening_charges)
    billed: dict[str, list[BilledCharge]] = {}
    for one in state.billed:
        billed.setdefault(one.charge.ref.subscription, []).append(one)
    return tuple(
        _case(
            subscription,
            versions.get(subscription.code, ()),
            usage.get(subscription.code, ()),
            openings.get(subscription.code, ()),
            billed.get(subscription.code, ()),
            ground=ground,
            known_until=known_until,
        )
        for subscription in sorted(state.subscriptions, key=lambda subscription: subscription.code)
    )


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
    known_from = case.holder.timeline.known_from
    is_opening = bool(cycle.billed) and not cycle.billed[0].document_ref
    if not is_opening or (known_from is not None and known_from <= cycle.service.start):
        return spans
    # The other system billed days from before we know anything of the subscription: they stay as billed.
    return _merged_spans(cycle.billed[-1].charge.facts.spans, spans, known_from or cycle.service.until)


def _bought(case: Case, cycle: DueCycle) -> Decimal:
    """The quantity of a one-time purchase: the last one known; an expiry takes nothing back."""
    known = [version for version in days_of(case.versions) if version.status != "expired"]
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
    known_until: date,
) -> Case:
    versions = tuple(versions)
    unknown = _unknown(subscription, ground)
    if unknown is not None:
        life, _ = timeline(subscription, versions, known_until=known_until)
        return Case(Holder(subscription, life, {}), versions, tuple(usage), (unknown,))
    by_cycle, problems = _opened(subscription, tuple(openings), ground, known_until=known_until)
    for one in sorted(billed, key=lambda one: one.charge.ref.revision):
        by_cycle.setdefault(one.charge.ref.cycle_start, []).append(one)
    life, notices = _life(subscription, versions, by_cycle, ground, known_until=known_until)
    holder = Holder(subscription, life, {start: tuple(charges) for start, charges in by_cycle.items()})
    return Case(holder, versions, tuple(usage), problems, notices)


def _life(
    subscription: Subscription,
    versions: tuple[SubscriptionVersion, ...],
    billed: Mapping[date, list[BilledCharge]],
    ground: Ground,
    *,
    known_until: date,
) -> tuple[Timeline, tuple[Notice, ...]]:
    agreements = ground.calendar.agreements
    has_windows = any(contract.reductions == "window_7d" for contract in agreements.all_of(subscription))

    def is_windowed(day: date) -> bool:
        contract = agreements.of(subscription, day)
        return contract is not None and contract.reductions == "window_7d"

    return timeline(
        subscription,
        versions,
        known_until=known_until,
        renewed_until=max(billed, default=None),
        is_windowed=is_windowed if has_windows else None,
    )


def _unknown(subscription: Subscription, ground: Ground) -> Check | None:
    """A subscription whose party or product matches nothing of ours."""
    missing = []
    if subscription.party not in ground.catalog.tree:
        missing.append(f"its party ({subscription.party or subscription.tenant or 'none'})")
    if subscription.product not in ground.catalog.products:
        missing.append(f"its product ({subscription.product or subscription.offer or 'none'})")
    if not missing:
        return None
    return Check(
        "unassigned_subscription",
        f"Subscription {subscription.code} is not billed: {' and '.join(missing)} matches nothing of ours."
        " Add the provider's id to a party's tenants or a product's offers; the next run bills it.",
        subscription.code,
    )


def _opened(
    subscription: Subscription, openings: tuple[OpeningCharge, ...], ground: Ground, *, known_until: date
) -> tuple[dict[date, list[BilledCharge]], tuple[Check, ...]]:
    """The opening charges of a subscription as charges that stand, by cycle."""
    by_cycle: dict[date, list[BilledCharge]] = {}
    problems: list[Check] = []
    for group in opening_groups(openings):
        contract = _contract_of_opening(subscription, group[0], ground, known_until)
        try:
            by_cycle[group[0].start] = list(
                as_billed(group, _owner(subscription, contract, group[0], ground))
            )
        except ValueError as wrong:
            problems.append(
                Check(
                    "opening_unreadable",
                    f"Subscription {subscription.code}: the opening charge of document"
                    f" {group[0].number} cannot be"
                    f" used ({wrong}). Correct it in the workspace; until then the subscription"
                    " is not billed.",
                    subscription.code,
                )
            )
    return by_cycle, tuple(problems)


def _contract_of_opening(
    subscription: Subscription, opening: OpeningCharge, ground: Ground, known_until: date
) -> Contract | None:
    """The contract of the opening's first day, or the one that took over from the other system."""
    agreements = ground.calendar.agreements
    own = agreements.of(subscription, opening.start) or agreements.of(subscription, known_until)
    return own or next(iter(agreements.all_of(subscription)), None)


def _owner(
    subscription: Subscription, contract: Contract | None, opening: OpeningCharge, ground: Ground
) -> OpeningFor:
    if contract is None or contract.issuer not in ground.catalog.issuers:
        raise ValueError("the subscription has no contract with a known issuer")
    currency = ground.prices.currency(contract.price_list)
    if currency is None:
        raise ValueError(f"price list {contract.price_list} is unknown")
    try:
        bill_to = payer(contract, subscription.party, day=opening.start, tree=ground.catalog.tree)
    except KeyError as unknown:
        raise ValueError(
            f"contract {contract.code} bills to {unknown.args[0]}, which is unknown"
        ) from unknown
    return OpeningFor(
        subscription=subscription,
        product=ground.catalog.products[subscription.product],
        contract=contract,
        bill_to=bill_to,
        currency=currency,
        terms=terms_of(contract, ground.catalog.issuers[contract.issuer]),
    )


def _by_subscription(things: Iterable[_Thing]) -> dict[str, list[_Thing]]:
    found: dict[str, list[_Thing]] = {}
    for thing in things:
        found.setdefault(thing.subscription, []).append(thing)
    return found
