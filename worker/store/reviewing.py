"""What a review reads: the charges of unreleased documents, and what their groups were billed before."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec
from sqlalchemy import Connection, and_, func, not_, or_, select

from mappings.canonical.period import add_months
from worker.billing.periods import CYCLE_MONTHS
from worker.billing.review import Pending
from worker.billing.values import BilledCharge, Charge
from worker.store import bulk
from worker.store.due_groups import is_due
from worker.store.tables import BillingGroup, ChargeRow, DocumentRow, table_of

GROUP = table_of(BillingGroup)
DOCUMENT = table_of(DocumentRow)
CHARGE = table_of(ChargeRow)
GROUPS_AT_ONCE = 200
MONTHS_DIFFER = timedelta(days=3)
"""A cycle of a 31st may end up to three days before the same day of the month after."""

LATE_MONTHS = 3
"""A cycle in arrears is due again two months after it began, and is missed for one more."""

_CHARGE = msgspec.json.Decoder(Charge)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Some groups: what is pending, and what was billed since a day."""

    pending: tuple[Pending, ...]
    billed: tuple[BilledCharge, ...]


def groups_with_drafts(connection: Connection, refs: Collection[str] | None = None) -> tuple[str, ...]:
    """The billing groups that have unreleased documents, or the groups of the named ones."""
    if refs is None:
        query = select(DOCUMENT.c.group_code).where(DOCUMENT.c.state != "released").distinct()
        return tuple(sorted(connection.scalars(query)))
    found: set[str] = set()
    for chunk in bulk.chunks(sorted(refs)):
        found.update(connection.scalars(select(DOCUMENT.c.group_code).where(DOCUMENT.c.ref.in_(chunk))))
    return tuple(sorted(found))


def groups_gone_quiet(connection: Connection, *, as_of: date) -> tuple[str, ...]:
    """Groups with a subscription whose newest billed cycle is over and has had no successor for a while.

    Somewhat more than those that a review tells of: it looks at the cycles themselves.
    """
    newest = func.max(CHARGE.c.cycle_start)
    is_over = [
        and_(
            newest <= add_months(as_of, -months) + MONTHS_DIFFER,
            newest > add_months(as_of, -months - LATE_MONTHS),
        )
        for months in sorted({*CYCLE_MONTHS.values()} - {0})
    ]
    query = (
        select(CHARGE.c.group_code)
        .join(DOCUMENT, DOCUMENT.c.id == CHARGE.c.document_id)
        .where(DOCUMENT.c.state == "released")
        .group_by(CHARGE.c.group_code, CHARGE.c.subscription)
        .having(or_(*is_over))
    )
    return tuple(sorted(set(connection.scalars(query))))


def standing(connection: Connection, groups: Collection[str], *, as_of: date) -> tuple[str, ...]:
    """Those of the groups that nothing changed for since they were billed for a day."""
    found: set[str] = set()
    for chunk in bulk.chunks(sorted(groups)):
        found.update(
            connection.scalars(select(GROUP.c.code).where(GROUP.c.code.in_(chunk), not_(is_due(as_of))))
        )
    return tuple(sorted(found))


def last_billed_day(connection: Connection) -> date | None:
    """The latest day for which a document that is not released was billed."""
    query = select(DOCUMENT.c.as_of).where(DOCUMENT.c.state != "released")
    return max((day for day in connection.scalars(query.distinct()) if day is not None), default=None)


def read(
    connection: Connection, groups: Collection[str], *, since: date, refs: Collection[str] | None = None
) -> Iterator[Reviewed]:
    """The groups in portions; charges of cycles that began before `since` are left out."""
    wanted = None if refs is None else frozenset(refs)
    ordered = sorted(groups)
    for at in range(0, len(ordered), GROUPS_AT_ONCE):
        portion = ordered[at : at + GROUPS_AT_ONCE]
        pending: list[Pending] = []
        billed: list[BilledCharge] = []
        query = (
            select(CHARGE.c.body, DOCUMENT.c.ref, DOCUMENT.c.state, DOCUMENT.c.number, DOCUMENT.c.as_of)
            .join(DOCUMENT, DOCUMENT.c.id == CHARGE.c.document_id)
            .where(CHARGE.c.group_code.in_(portion), CHARGE.c.cycle_start >= since)
            .order_by(CHARGE.c.subscription, CHARGE.c.cycle_start, CHARGE.c.revision)
        )
        for row in connection.execute(query):
            charge = _CHARGE.decode(row.body)
            if row.state == "released":
                billed.append(BilledCharge(charge, row.ref, row.number, row.as_of))
            elif wanted is None or row.ref in wanted:
                pending.append(Pending(charge, row.ref, row.state == "held"))
        yield Reviewed(tuple(pending), tuple(billed))
