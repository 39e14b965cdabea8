"""Subscriptions that change hands, and bills that are moved by days: where the walk of cycles is cut.

With `reassignment: cycle_end` the party on a cycle's first day pays all of it; with `split_at_date` the
cycle is cut on the day: the party before is owed its rest back, the party after is billed from then on.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from mappings.canonical.contract import Contract
from mappings.canonical.period import Period
from mappings.canonical.subscription import Subscription
from worker.billing.hierarchy import ALWAYS, Agreements


def handovers(subscription: Subscription, agreements: Agreements) -> tuple[date, ...]:
    """The days on which a subscription's cycles are cut between two parties, in order."""
    if not subscription.assignments:
        return ()
    days = []
    for taken in subscription.assignments:
        before = agreements.of(subscription, taken.from_ - timedelta(days=1))
        if before is not None and before.reassignment == "split_at_date":
            days.append(taken.from_)
    return tuple(sorted(days))


def held_by(subscription: Subscription) -> tuple[tuple[str, Period], ...]:
    """Who holds a subscription on which days, in order."""
    if not subscription.assignments:
        return ((subscription.party, ALWAYS),)
    days = sorted({ALWAYS.start, ALWAYS.until, *(taken.from_ for taken in subscription.assignments)})
    return tuple((subscription.party_on(start), Period(start, until)) for start, until in pairwise(days))


def latest_day(contract: Contract | None, as_of: date) -> date:
    """The latest first day of a cycle that can be due: after today where bills go out ahead."""
    lead = 0 if contract is None else max(0, -contract.offset_days)
    return as_of + timedelta(days=lead) if lead else as_of
