"""Which cycles of a subscription are due: those already billed stand, the days they leave are walked.

A billed cycle keeps its boundaries for ever, so a changed anchor, alignment or contract never bills a day
twice. Cycles before the cut-over are owed nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from mappings.canonical.contract import Contract
from mappings.canonical.party import Issuer
from mappings.canonical.period import Period, grid_cycle
from mappings.canonical.subscription import Subscription, Usage
from mappings.lean import lean, replace
from worker.billing.handover import handovers, latest_day
from worker.billing.hierarchy import Agreements
from worker.billing.periods import CYCLE_MONTHS, FIRST_OF_MONTH, cycle_on, is_due
from worker.billing.phases import Phases
from worker.billing.timeline import Timeline
from worker.billing.values import BilledCharge, Check


@lean
@dataclass(frozen=True, slots=True)
class DueCycle:
    """A cycle to be priced. `contract` is None where charges of it stand: then their facts count.

    `start` names it in references: the cycle's first day on the grid, or the first service day where
    another cycle (of a plan or grid that was left) has that name. From `held_until` on another cycle has its
    days: nothing is held for this one then.
    """

    start: date
    cycle: Period
    service: Period
    contract: Contract | None
    billed: tuple[BilledCharge, ...] = ()
    held_until: date | None = None


@lean
@dataclass(frozen=True, slots=True)
class Walk:
    """The due cycles of one subscription, what stops others, and whether another system bills it now."""

    due: tuple[DueCycle, ...]
    checks: tuple[Check, ...] = ()
    is_elsewhere: bool = False


@lean
@dataclass(frozen=True, slots=True)
class Holder:
    """A subscription with its timeline and the charges that stand, by the start of their cycle.

    `phases` is None where the subscription is always the same.
    """

    subscription: Subscription
    timeline: Timeline
    billed: Mapping[date, tuple[BilledCharge, ...]]
    phases: Phases | None = None

    def view(self, day: date) -> Subscription:
        """The facts of the subscription on a day."""
        return self.subscription if self.phases is None else self.phases.on(day).view

    def covered(self, cycle: DueCycle) -> Period:
        """The days that a cycle is for: as many as its product was held under it."""
        if self.phases is None:
            return cycle.service
        product = cycle.billed[-1].charge.product if cycle.billed else ""
        start = cycle.service.start
        return Period(start, min(cycle.service.until, self.phases.end_of(start, product)))

    def is_one(self, standing: DueCycle, service: Period) -> bool:
        """Whether days belong to the product that a cycle which stands is for."""
        if self.phases is None:
            return True
        began = self.phases.began(standing.service.start)
        return self.covered(standing).days > 0 and began == self.phases.began(service.start)


class Calendar:
    """Contracts and cut-overs: what decides the grid a subscription is on."""

    __slots__ = ("_issuers", "agreements")

    def __init__(self, agreements: Agreements, issuers: Mapping[str, Issuer]) -> None:
        self.agreements = agreements
        self._issuers = issuers

    def cut_over(self, subscription: Subscription, contract: Contract | None) -> date:
        """Cycles that begin before this day were another system's: subscription, contract, then issuer."""
        if subscription.billed_until is not None:
            return subscription.billed_until
        if contract is None:
            return date.min
        issuer = self._issuers.get(contract.issuer)
        return contract.cut_over or (issuer.cut_over if issuer else None) or date.min


def standing(holder: Holder) -> tuple[DueCycle, ...]:
    """Cycles with charges, in order: the newest charge's cycle, from the first day any of them is for."""
    return tuple(
        DueCycle(
            start,
            charges[-1].charge.cycle,
            Period(min(billed.charge.service.start for billed in charges), charges[-1].charge.cycle.until),
            None,
            charges,
        )
        for start, charges in sorted(holder.billed.items())
    )


def recurring(holder: Holder, calendar: Calendar, *, as_of: date) -> Walk:
    """Due cycles of a plan with a grid."""
    cuts = handovers(holder.subscription, calendar.agreements)
    found = {cycle.start: until_cut(cycle, cuts) if cuts else cycle for cycle in standing(holder)}
    covered = sorted(days for cycle in found.values() if (days := holder.covered(cycle)).days)
    starts = [period.start for period in covered]
    timeline = holder.timeline
    checks: list[Check] = []
    is_elsewhere = False
    day = timeline.first_held
    ahead = latest_day(calendar.agreements.of(holder.view(as_of), as_of), as_of)
    while day is not None and day <= ahead and not (timeline.ends_on and timeline.ends_on <= day):
        at = bisect_right(starts, day)
        if at and day in covered[at - 1]:
            day, is_elsewhere = covered[at - 1].until, False
            continue
        subscription = holder.view(day)
        contract = calendar.agreements.of(subscription, day)
        cycle = cycle_on(subscription, contract, day) if contract else _own_cycle(subscription, day)
        whole = Period(day, min((cycle.until, *(cut for cut in cuts if cut > day))))
        until = min(whole.until, starts[at]) if at < len(starts) else whole.until
        service = Period(day, until)
        day = until if holder.phases is None else min(until, holder.phases.cut_after(day))
        if contract and contract.bill_by == "provider_lines":
            continue
        if contract is None and service.start > as_of:
            break
        if contract and not is_due(subscription, contract, service, as_of=as_of):
            break
        stands = found.get(cycle.start)
        if stands and stands.cycle == cycle and service.start not in cuts and holder.is_one(stands, service):
            start = min(service.start, stands.service.start)
            found[cycle.start] = replace(stands, service=Period(start, max(until, stands.service.until)))
            continue
        latest = contract or calendar.agreements.of(subscription, as_of)
        cut_over = calendar.cut_over(subscription, latest)
        is_elsewhere = service.start < cut_over
        if is_elsewhere:
            checks.extend(_opening_missing(holder, service, cut_over))
        elif any(span.quantity for span in timeline.spans(service)):
            if contract is None:
                checks.append(_unassigned(subscription, service))
            else:
                start = _name(found, cycle, service, holder)
                found[start] = DueCycle(start, cycle, whole, contract)
    return Walk(tuple(_apart(found)), tuple(checks), is_elsewhere)


def _apart(found: Mapping[date, DueCycle]) -> Iterator[DueCycle]:
    """The cycles in order, each held only until the next one's first day: no day is billed twice."""
    starts = sorted(cycle.service.start for cycle in found.values())
    for name in sorted(found):
        cycle = found[name]
        at = bisect_right(starts, cycle.service.start)
        is_cut = at < len(starts) and starts[at] < cycle.service.until
        yield replace(cycle, held_until=starts[at]) if is_cut else cycle


def until_cut(cycle: DueCycle, cuts: tuple[date, ...]) -> DueCycle:
    """A standing cycle up to the first day inside it on which it changes hands."""
    service = cycle.service
    until = min((service.until, *(cut for cut in cuts if service.start < cut)))
    return replace(cycle, service=Period(service.start, until))


def _name(found: Mapping[date, DueCycle], cycle: Period, service: Period, holder: Holder) -> date:
    """The day that names a cycle: its first on the grid, or its first service day where a product took over
    inside it or another cycle has that name; then the next free day."""
    name = cycle.start
    if holder.phases is not None:
        name = max(name, min(holder.phases.began(service.start), service.start))
    if name in found:
        name = service.start
    while name in found:
        name += timedelta(days=1)
    return name


def one_time(holder: Holder, calendar: Calendar, *, as_of: date) -> Walk:
    """The single day of a one-time purchase: the subscription's anchor."""
    subscription = holder.subscription
    cycle = Period(subscription.anchor, subscription.anchor + timedelta(days=1))
    if holder.billed:
        return Walk(standing(holder))
    if subscription.anchor > as_of or holder.timeline.first_held is None:
        return Walk(())
    contract = calendar.agreements.of(subscription, subscription.anchor)
    latest = contract or calendar.agreements.of(subscription, as_of)
    if subscription.anchor < calendar.cut_over(subscription, latest):
        return Walk((), is_elsewhere=True)
    if contract is None:
        return Walk((), (_unassigned(subscription, cycle),))
    if contract.bill_by == "provider_lines" or not is_due(subscription, contract, cycle, as_of=as_of):
        return Walk(())
    return Walk((DueCycle(cycle.start, cycle, cycle, contract),))


def metered(holder: Holder, usage: Iterable[Usage], calendar: Calendar, *, as_of: date) -> Walk:
    """Months (or cycles of the contract's grid) that have usage and are over, and those with charges."""
    found = {cycle.start: cycle for cycle in standing(holder)}
    covered = [cycle.service for cycle in found.values()]
    subscription = holder.subscription
    checks: dict[date, Check] = {}
    for day in sorted({record.on for record in usage}):
        if any(day in period for period in covered):
            continue
        contract = calendar.agreements.of(subscription, day)
        cycle = cycle_on(subscription, contract, day) if contract else _own_cycle(subscription, day)
        first = calendar.agreements.of(subscription, cycle.start) or contract
        is_over = is_due(subscription, first, cycle, as_of=as_of) if first else cycle.until <= as_of
        if not is_over or cycle.start < calendar.cut_over(subscription, first):
            continue
        if first and first.bill_by == "provider_lines":
            continue
        if first is None:
            checks[cycle.start] = _unassigned(subscription, cycle)
        else:
            found.setdefault(cycle.start, DueCycle(cycle.start, cycle, cycle, first))
    return Walk(tuple(found[start] for start in sorted(found)), tuple(checks.values()))


def _own_cycle(subscription: Subscription, day: date) -> Period:
    anchor = FIRST_OF_MONTH if subscription.plan == "usage" else subscription.anchor
    return grid_cycle(anchor, CYCLE_MONTHS[subscription.plan], day)


def _unassigned(subscription: Subscription, service: Period) -> Check:
    return Check(
        "unassigned_subscription",
        f"Subscription {subscription.code} has no contract that is valid on {service.start}:"
        " neither its party"
        f" {subscription.party} nor any party above has one. Add a contract; the next run bills the days"
        f" from {service.start}.",
        subscription.code,
    )


def _opening_missing(holder: Holder, service: Period, cut_over: date) -> tuple[Check, ...]:
    """A change from the cut-over on, inside a cycle that another system billed, needs its charge."""
    changed = [day for day in holder.timeline.days if cut_over <= day < service.until]
    if not changed:
        return ()
    code = holder.subscription.code
    return (
        Check(
            "opening_missing",
            f"Subscription {code} changed on {changed[0]} inside the cycle from {service.start},"
            " which was billed"
            f" before the cut-over on {cut_over}. Add its opening charge (what was billed, number and date);"
            " until then nothing is charged or credited for that cycle.",
            code,
        ),
    )
