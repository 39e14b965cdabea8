"""The review of what is billed and not released yet: the table that an approval covers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from mappings.canonical.period import add_months
from worker.billing.review import YEARS_BACK, ReviewLine, by_surprise
from worker.billing.review import review as reviewed
from worker.flows.ports import Ports
from worker.store import reviewing


def review(
    ports: Ports,
    *,
    as_of: date | None = None,
    refs: Collection[str] | None = None,
    beside: Sequence[ReviewLine] | None = None,
) -> tuple[ReviewLine, ...]:
    """Every payer with unreleased documents, or with a period before and none now; most surprising first.

    `as_of` is the day that last period is looked for from, else the day the documents were billed for. With
    `refs` only payers of these documents are told. `beside` are the lines of a dry run, which computes only
    groups that something changed for: the others are told as they stand.
    """
    lines: list[ReviewLine] = list(beside or ())
    with ports.store.read() as connection:
        day = as_of or reviewing.last_billed_day(connection)
        if day is None:
            return ()
        groups = set(reviewing.groups_with_drafts(connection, refs))
        if refs is None:
            groups.update(reviewing.groups_gone_quiet(connection, as_of=day))
        if beside is not None:
            groups = set(reviewing.standing(connection, groups, as_of=day))
        since = add_months(day, -12 * YEARS_BACK - 1)
        for portion in reviewing.read(connection, groups, since=since, refs=refs):
            lines.extend(reviewed(portion.pending, portion.billed, as_of=day))
    return by_surprise(one for one in lines if refs is None or one.documents)
