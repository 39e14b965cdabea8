"""Add-ons live on their parent: on days on which the parent holds nothing, the add-on holds nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from worker.billing.suspension import masked
from worker.billing.timeline import Timeline


def with_parents(timelines: Mapping[str, Timeline], parents: Mapping[str, str]) -> Mapping[str, Timeline]:
    """Timelines by subscription, those of add-ons cut to their parents' days (parents of parents too).

    `parents` names the parent of each add-on. A parent we do not know, or one that is below itself, cuts
    nothing.
    """
    if not parents:
        return timelines
    done: dict[str, Timeline] = {}

    def cut(code: str, below: tuple[str, ...]) -> Timeline:
        if code in done:
            return done[code]
        own = timelines[code]
        parent = parents.get(code, "")
        if parent in timelines and parent not in below:
            own = masked(own, _empty(cut(parent, (*below, code))))
        done[code] = own
        return own

    return {code: cut(code, ()) for code in sorted(timelines)}


def _empty(parent: Timeline) -> Iterator[tuple[date, date]]:
    """The spans of days, after its first, on which a parent holds nothing."""
    ends = (*parent.days[1:], date.max)[: len(parent.days)]
    return (
        (day, until)
        for day, until, quantity in zip(parent.days, ends, parent.quantities, strict=True)
        if not quantity
    )
