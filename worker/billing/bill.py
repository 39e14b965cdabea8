"""The bill of a group: what it owes until a day and has on no document yet. Pure and repeatable.

Run again with its own released result as `billed` it gives no drafts (design section 6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from mappings.canonical.money import Money
from mappings.canonical.party import Issuer
from mappings.canonical.workspace import Setup
from mappings.lean import lean, replace
from worker.billing.account import Outcome, account, outcome
from worker.billing.adjustments import adjusted
from worker.billing.cases import Case, cases, spans_of, walk
from worker.billing.charges import Deal, Owed, figures, owed
from worker.billing.checks import checked
from worker.billing.commitments import true_ups
from worker.billing.conversions import Moves, linked
from worker.billing.cycles import Calendar, DueCycle, Walk
from worker.billing.deals import (
    Ground,
    new_deal,
    settled_price,
    shared_subtotal,
    standing_deal,
    tax_for,
    with_pool,
)
from worker.billing.documents import Catalog, drafts, is_suppressed
from worker.billing.expired import with_expired
from worker.billing.ground import CommonGround, common_ground
from worker.billing.hierarchy import Agreements, Tree
from worker.billing.margins import margin_checks, with_margins
from worker.billing.phases import Phases
from worker.billing.placing import Placed, place
from worker.billing.pools import Pools
from worker.billing.printing import in_form
from worker.billing.provider_billing import repeated
from worker.billing.provider_costs import ProviderCosts
from worker.billing.settle import settle
from worker.billing.splits import settle_split
from worker.billing.switches import switches_of
from worker.billing.tax_changes import retaxed
from worker.billing.tax_points import tax_point_notice
from worker.billing.taxes import TaxChoice
from worker.billing.term_prices import TermPrices
from worker.billing.usage import at_month_rate
from worker.billing.values import Charge, Check, Draft, GroupBill, GroupState, Notice
from worker.billing.variance import NO_BEFORE, billed_before

ALL_ZERO = "every line is zero, so there is no document (zero_documents: suppress)"
ELSEWHERE = "billed by another system until the cut-over"


@lean
@dataclass(frozen=True, slots=True)
class _Run:
    """The day up to which things are due, the day up to which they are known (never earlier), and what the
    provider's lines say of costs."""

    as_of: date
    known_until: date
    costs: ProviderCosts


@lean
@dataclass(frozen=True, slots=True)
class _Priced:
    """One cycle with its figure still exact. `problems` hold the document its charges go on."""

    owed: Owed
    tax: TaxChoice
    subtotal: tuple[str, ...] | None
    problems: tuple[Check, ...]
    part_taxes: Mapping[str, TaxChoice]


@lean
@dataclass(frozen=True, slots=True)
class _Worked:
    """One subscription with its priced cycles, and what kept others from being priced."""

    case: Case
    walk: Walk
    priced: tuple[_Priced, ...]
    checks: tuple[Check, ...]


def bill_group(state: GroupState, *, as_of: date, ground: Ground | None = None) -> GroupBill:
    """Drafts in document-key order, with the account of every active subscription.

    `as_of` is inclusive: everything known and due up to the end of that day. Nothing later counts, except
    what a run for a later day has billed already: a run for an earlier day never takes that back.
    A caller that bills many groups of one set-up indexes it once with `ground_of`.
    """
    ground = ground or ground_of(state.setup)
    known_until = max((one.charge.facts.known_until for one in state.billed), default=as_of)
    run = _Run(as_of, max(known_until, as_of), ProviderCosts(state.provider_charges))
    found = cases(state, ground, known_until=run.known_until)
    phases = {case.subscription.code: own for case in found if (own := case.holder.phases) is not None}
    pools = Pools(
        state.setup.pools,
        [case.subscription for case in found],
        {case.subscription.code: case.holder.timeline for case in found},
        tree=ground.catalog.tree,
        phases=phases,
    )
    worked = tuple(_work(case, ground, pools, run) for case in found)
    again = repeated(state, [case.subscription for case in found], ground=ground, as_of=run.as_of)
    worked = tuple(_with_checks(one, again.checks) for one in worked)
    charges = (*linked(_charges(worked, ground.catalog.issuers), _moves(found, phases)), *again.charges)
    holders = [case.holder for case in found if not case.problems]
    minimums = true_ups(state.setup.contracts, holders, charges, state.billed, ground=ground, as_of=run.as_of)
    by_hand = adjusted(state.setup.adjustments, state.billed, ground=ground, as_of=run.as_of)
    charges = (*charges, *minimums.charges, *by_hand.charges)
    placed = place(charges, ground.catalog, goes_on=_further_invoices(worked, run.known_until))
    problems = {priced.owed.key: priced.problems for one in worked for priced in one.priced}
    problems |= {**(again.problems or {}), **(minimums.problems or {}), **by_hand.problems}
    done = checked(
        drafts(placed.by_key, ground.catalog, as_of=as_of),
        problems,
        switches_of(state.setup.contracts, on=as_of),
        billed_before(state.billed) if placed.by_key else NO_BEFORE,
    )
    return GroupBill(
        drafts=done,
        account=account(_outcomes(worked, done, placed, as_of=as_of)),
        notices=(
            *_notices(worked, charges),
            *placed.notices,
            *_tax_notices(done, ground, as_of),
            *by_hand.notices,
        ),
        checks=tuple(check for one in worked for check in one.checks),
    )


def _moves(found: Sequence[Case], phases: Mapping[str, Phases]) -> Moves:
    """The conversions of a group, between its subscriptions and within one."""
    return Moves.of(
        {case.subscription.code: case.subscription for case in found},
        {case.subscription.code: case.versions for case in found},
        phases,
    )


def ground_of(
    setup: Setup, common: CommonGround | None = None, *, issued_on: Mapping[str, date] | None = None
) -> Ground:
    """The set-up, indexed; `common` is the part that is indexed already, `issued_on` each issuer's today."""
    common = common or common_ground(setup)
    tree = Tree(setup.parties)
    return Ground(
        Catalog(common.issuers, tree, common.products),
        Calendar(Agreements(setup.contracts, tree), common.issuers),
        common.prices,
        TermPrices(setup.promotions, setup.fx_rates),
        issued_on or {},
    )


def _work(case: Case, ground: Ground, pools: Pools, run: _Run) -> _Worked:
    if case.problems:
        return _Worked(case, Walk(()), (), case.problems)
    found = walk(case, ground, as_of=run.as_of)
    priced: list[_Priced] = []
    checks = list(found.checks)
    for cycle in found.due:
        one = _price(case, cycle, ground, pools, run)
        if isinstance(one, Check):
            checks.append(one)
        elif one is not None:
            priced.append(one)
    checks = [with_expired(check, case, ground, as_of=run.as_of) for check in checks]
    return _Worked(case, found, tuple(priced), tuple(_once(checks)))


def _with_checks(one: _Worked, checks: Sequence[Check]) -> _Worked:
    """A subscription with what kept its provider's lines from being billed."""
    if not checks:
        return one
    own = tuple(check for check in checks if check.subscription == one.case.subscription.code)
    return replace(one, checks=tuple(_once((*one.checks, *own)))) if own else one


def _price(case: Case, cycle: DueCycle, ground: Ground, pools: Pools, run: _Run) -> _Priced | Check | None:
    """The figure of one cycle, a check when it has no price, None when nothing was ever held in it."""
    subscription = case.holder.view(cycle.service.start)
    spans = spans_of(case, cycle)
    held = [span for span in spans if span.quantity]
    day = held[0].period.start if held else cycle.service.start
    settled = None
    if cycle.billed:
        deal = standing_deal(cycle)
        settled = settled_price(deal, pools, subscription, day, known_until=run.known_until)
    elif not held and subscription.plan != "usage":
        return None
    else:
        first_held = case.holder.timeline.first_held or day
        ended = None
        if case.holder.phases is not None:
            first_held = max(first_held, case.holder.phases.began(cycle.service.start))
            ended = case.holder.phases.on(cycle.service.start).est_of
        new = new_deal(ground, subscription, cycle, day=day, first_held=first_held, ended=ended)
        if isinstance(new, Check):
            return new if held else None
        if not held and not new.price.charges_zero:
            return None
        new = run.costs.applied(new, cycle.contract, subscription=subscription.code, day=day)
        deal = with_pool(new, pools, subscription, day)
    one = owed(subscription.code, cycle, deal, spans, known_until=run.known_until, settled=settled)
    tax = tax_for(ground, cycle, deal, as_of=run.as_of)
    problems = list(margin_checks(one, cycle.contract)) if cycle.contract else []
    taxes = _part_taxes(ground, cycle, deal, as_of=run.as_of) if deal.split else {}
    for choice in taxes.values() if deal.split else (tax,):
        problems += [replace(check, subscription=subscription.code) for check in choice.checks]
    found = tuple(_once(problems)) if problems else ()
    return _Priced(one, tax, shared_subtotal(one, pools, subscription, day), found, taxes)


def _part_taxes(ground: Ground, cycle: DueCycle, deal: Deal, *, as_of: date) -> Mapping[str, TaxChoice]:
    """The tax of each party's part of a shared subscription, by the country of its own payer."""
    taxes: dict[str, TaxChoice] = {}
    for part in deal.split:
        own = tuple(billed for billed in cycle.billed if billed.charge.party == part.party)
        standing = replace(cycle, billed=own or cycle.billed)
        taxes[part.party] = tax_for(ground, standing, replace(deal, bill_to=part.bill_to), as_of=as_of)
    return taxes


def _charges(worked: Sequence[_Worked], issuers: Mapping[str, Issuer]) -> tuple[Charge, ...]:
    """The difference of every cycle. A zero is told for the newest cycle only, never for all of the past."""
    everything = tuple(priced for one in worked for priced in one.priced)
    shared = {priced.owed.key: priced.subtotal for priced in everything if priced.subtotal is not None}
    figure = figures(tuple(priced.owed for priced in everything), shared)
    charges: list[Charge] = []
    for one in worked:
        newest = one.priced[-1].owed.key if one.priced else None
        for priced in one.priced:
            new = _settled(priced, figure[priced.owed.key])
            if priced.owed.billed:
                new = (*new, *retaxed(priced.owed.billed, new, issuers[priced.owed.deal.issuer]))
                new = at_month_rate(new, priced.owed.billed)
            charges += [charge for charge in new if charge.net or priced.owed.key == newest]
    return tuple(charges)


def _settled(priced: _Priced, figure: Money) -> tuple[Charge, ...]:
    """The new charges of a cycle, by party where it is shared, as its contract prints them."""
    one = priced.owed
    if one.deal.split:
        return with_margins(one, settle_split(one, figure, priced.part_taxes))
    return in_form(one, with_margins(one, settle(one, figure, tax=priced.tax)))


def _further_invoices(worked: Sequence[_Worked], known_until: date) -> Callable[[Charge], bool]:
    """Whether an invoice is still to come for a charge: something goes on for its payer, in its currency.

    As of the last day known: a run for an earlier day leaves waiting what waits.
    """
    going_on: set[tuple[str, str, str]] = set()
    for one in worked:
        if one.priced and _goes_on(one, known_until):
            deal = one.priced[-1].owed.deal
            payers = [part.bill_to for part in deal.split] or [deal.bill_to]
            going_on.update((deal.issuer, payer, deal.currency) for payer in payers)
    return lambda charge: (charge.issuer, charge.bill_to, charge.currency) in going_on


def _goes_on(one: _Worked, on: date) -> bool:
    """Whether a subscription that is held on a day has a cycle after those that were due."""
    life = one.case.holder.timeline
    if one.case.subscription.plan == "one_time" or not life.on(on):
        return False
    return life.ends_on is None or life.ends_on > one.walk.due[-1].cycle.until


def _outcomes(
    worked: Sequence[_Worked], done: Sequence[Draft], placed: Placed, *, as_of: date
) -> Iterator[Outcome]:
    """One outcome per active subscription: held something at the end of the day, or had to be looked at."""
    held: dict[str, list[Check]] = {}
    billed: set[str] = set()
    for draft in done:
        for charge in draft.charges:
            code = charge.ref.subscription
            if draft.checks:
                held.setdefault(code, []).extend(_about(draft.checks, code))
            else:
                billed.add(code)
    zero = {
        charge.ref.subscription
        for charges in placed.by_key.values()
        if is_suppressed(charges)
        for charge in charges
    }
    for one in worked:
        code = one.case.subscription.code
        excluded = ALL_ZERO if code in zero else ""
        if one.walk.is_elsewhere:
            excluded = ELSEWHERE
        if one.checks or code in held or code in billed or one.case.holder.timeline.on(as_of):
            yield outcome(
                code, one.checks, is_billed=code in billed, held=held.get(code, ()), excluded=excluded
            )


def _about(checks: tuple[Check, ...], subscription: str) -> list[Check]:
    """The checks of a draft that name a subscription, else those that name none: it is held along."""
    own = [check for check in checks if check.subscription == subscription]
    return own or [check for check in checks if not check.subscription] or list(checks)


def _notices(worked: Sequence[_Worked], charges: Sequence[Charge]) -> Iterator[Notice]:
    trials = {one.case.subscription.code for one in worked if one.case.subscription.plan == "trial"}
    for one in worked:
        yield from one.case.notices
    for charge in charges:
        code = charge.ref.subscription
        if not charge.net and code not in trials:
            yield Notice(
                "zero_price",
                f"Subscription {code} costs nothing for the cycle {charge.cycle}"
                f" ({charge.facts.price.source}).",
                code,
            )


def _tax_notices(done: Sequence[Draft], ground: Ground, as_of: date) -> Iterator[Notice]:
    """One notice for each issuer whose tax point is assumed."""
    for code in sorted({draft.document.issuer.code for draft in done}):
        notice = tax_point_notice(ground.catalog.issuers[code], on=as_of)
        if notice is not None:
            yield notice


def _once(checks: Iterable[Check]) -> Iterator[Check]:
    """The first check of each code: one sentence per subscription and cause, not one per cycle."""
    seen: set[str] = set()
    for check in checks:
        if check.code not in seen:
            seen.add(check.code)
            yield check
