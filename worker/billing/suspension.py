"""Suspended seats: billed like any others, unless the contract says that nothing is charged meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal

from mappings.canonical.subscription import SubscriptionVersion
from worker.billing.timeline import NOTHING, Timeline


def without_suspended(
    timeline: Timeline, versions: Sequence[SubscriptionVersion], *, is_free: Callable[[date], bool]
) -> Timeline:
    """The timeline with nothing held on suspended days that are free. `versions`: one per day, in order.

    The day of the suspension decides, so a contract that changes meanwhile alters nothing.
    """
    days: list[tuple[date, date]] = []
    since: date | None = None
    for version in versions:
        is_suspended = version.status == "suspended"
        if is_suspended and since is None and is_free(version.on):
            since = version.on
        elif not is_suspended and since is not None:
            days.append((since, version.on))
            since = None
    if since is not None:
        days.append((since, date.max))
    return masked(timeline, days)


def masked(timeline: Timeline, spans: Iterable[tuple[date, date]]) -> Timeline:
    """The timeline with nothing held from the first day of each span until its second."""
    hidden = tuple(spans)
    if not hidden:
        return timeline
    edges = {day for span in hidden for day in span if day != date.max}
    days: list[date] = []
    quantities: list[Decimal] = []
    for day in sorted(edges.union(timeline.days)):
        is_hidden = any(start <= day < until for start, until in hidden)
        quantity = NOTHING if is_hidden else timeline.on(day)
        if quantity != (quantities[-1] if quantities else NOTHING):
            days.append(day)
            quantities.append(quantity)
    return Timeline(tuple(days), tuple(quantities), timeline.known_from)
