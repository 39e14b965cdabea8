"""What one subscription is and holds, day by day: phases, seat windows, suspensions, conversions together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Literal

from mappings.canonical.catalog import Returns
from mappings.canonical.contract import Contract
from mappings.canonical.subscription import Subscription, SubscriptionVersion
from mappings.lean import lean
from worker.billing import windows
from worker.billing.conversions import Moves
from worker.billing.deals import Ground
from worker.billing.phases import Phases, TermRules, course, is_ordinary
from worker.billing.suspension import without_suspended
from worker.billing.timeline import Timeline, days_of, timeline
from worker.billing.values import BilledCharge, Notice
from worker.billing.windows import Windows

TERMLESS = frozenset({"one_time", "usage"})


@lean
@dataclass(frozen=True, slots=True)
class Life:
    """What is held on which day, and as what. `phases` is None for a subscription that never changed."""

    timeline: Timeline
    versions: tuple[SubscriptionVersion, ...]
    phases: Phases | None = None
    notices: tuple[Notice, ...] = ()


def life_of(
    subscription: Subscription,
    versions: tuple[SubscriptionVersion, ...],
    billed: Mapping[date, Sequence[BilledCharge]],
    *,
    ground: Ground,
    conversions: Moves,
    known_until: date,
) -> Life:
    """The life of a subscription as known at the end of a day; `billed` are the charges by cycle."""
    contracts = ground.calendar.agreements.all_of(subscription)
    last, phases = subscription, None
    renewed_until = max(billed, default=None)
    is_plain = subscription.plan in TERMLESS or is_ordinary(subscription, versions)
    if not is_plain:
        renewed = tuple(start for start in billed if not _is_est(billed[start]))
        renewed_until = max(renewed, default=None)
        rules = _term_rules(subscription, contracts, ground)
        found = course(subscription, versions, known_until=known_until, renewed=renewed, rules=rules)
        if found is not None:
            last, phases, versions = found.last, found.phases, found.versions
    returns = ground.catalog.products[subscription.product].returns
    is_bound = _is_bound(subscription, contracts, returns, phases, ground)
    windowed = None
    if is_bound is not None:
        known = days_of(version for version in versions if version.on <= known_until)
        bound = Windows(
            is_bound,
            _renewals(subscription, phases, known, known_until),
            windows.RULES[returns],
            conversions.leaving(subscription.code),
            _closes(subscription, conversions, is_bound, known),
        )
        windowed = partial(windows.within, bound, subscription.code)
    held, notices = timeline(
        last, versions, known_until=known_until, renewed_until=renewed_until, windowed=windowed
    )
    if any(version.status == "suspended" for version in versions):
        held = without_suspended(
            held, days_of(versions), is_free=_is_free_while_suspended(subscription, ground)
        )
    return Life(held, versions, phases, notices)


def bought_once(subscription: str, known: Sequence[SubscriptionVersion], returns: Returns) -> Decimal:
    """What is left of a one-time purchase after what was given back within the product's window."""
    bound = Windows(lambda _day: True, (), windows.RULES[returns])
    steps, _ = windows.within(bound, subscription, known)
    return steps[-1][1]


def _term_rules(subscription: Subscription, contracts: tuple[Contract, ...], ground: Ground) -> TermRules:
    agreements, products = ground.calendar.agreements, ground.catalog.products

    def end_of_term(day: date) -> Literal["expire", "est"]:
        is_sold_as_est = products[subscription.product].returns == "by_contract"
        contract = agreements.of(subscription, day)
        return contract.end_of_term if contract is not None and is_sold_as_est else "expire"

    def product_of(offer: str) -> str:
        folded = offer.lower()
        wanted = {folded, ":".join(folded.split(":")[:2])}
        fits = (one.code for one in products.values() if wanted & {each.lower() for each in one.offers})
        return next(fits, "")

    return TermRules(end_of_term, product_of)


def _is_bound(
    subscription: Subscription,
    contracts: tuple[Contract, ...],
    returns: Returns,
    phases: Phases | None,
    ground: Ground,
) -> Callable[[date], bool] | None:
    """Whether a reduction of a day is bound to windows; None where none ever is.

    Trials and Extended Service Terms may be left at any time.
    """
    is_by_contract = returns == "by_contract"
    if is_by_contract and not any(contract.reductions == "window_7d" for contract in contracts):
        return None
    agreements = ground.calendar.agreements

    def is_bound(day: date) -> bool:
        if phases is not None:
            phase = phases.on(day)
            if phase.est_of is not None or phase.view.plan == "trial":
                return False
        if not is_by_contract:
            return True
        contract = agreements.of(subscription, day)
        return contract is not None and contract.reductions == "window_7d"

    return is_bound


def _renewals(
    subscription: Subscription,
    phases: Phases | None,
    known: Sequence[SubscriptionVersion],
    known_until: date,
) -> tuple[date, ...]:
    if not known or subscription.plan in TERMLESS:
        return ()
    if phases is None:
        return tuple(windows.renewals(subscription, known[0].on, known_until))
    return tuple(phases.renewals(known[0].on, known_until))


def _closes(
    subscription: Subscription,
    conversions: Moves,
    is_bound: Callable[[date], bool],
    known: Sequence[SubscriptionVersion],
) -> datetime | None:
    """Upgraded seats keep the window of the subscription they come from (csp_billing A3.9)."""
    source = conversions.source_of(subscription.code)
    if source is None or not known:
        return None
    given, versions = source
    first = versions[0].on if versions else known[0].on
    bound = Windows(is_bound, tuple(windows.renewals(given, first, known[0].on)))
    return windows.newest_end(bound, versions, windows.instant(known[0]))


def _is_est(charges: Sequence[BilledCharge]) -> bool:
    return charges[-1].charge.facts.price.rule == "est"


def _is_free_while_suspended(subscription: Subscription, ground: Ground) -> Callable[[date], bool]:
    agreements = ground.calendar.agreements

    def is_free(day: date) -> bool:
        contract = agreements.of(subscription, day)
        return contract is not None and contract.suspension == "no_charge"

    return is_free
