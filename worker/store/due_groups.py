"""Which groups a bill has to look at, and where the subscriptions of all others went by their last bill."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, exists, func, not_, or_, select

from mappings.canonical.subscription import Subscription
from worker.billing.values import AccountReason, RunAccount
from worker.store import bulk, groups
from worker.store.tables import BillingGroup, DocumentRow, SubscriptionRow, table_of

GROUP = table_of(BillingGroup)
SUBSCRIPTION = table_of(SubscriptionRow)
DOCUMENT = table_of(DocumentRow)

Column = Literal["held", "unassigned", "unpriced", "excluded"]

_COUNTS = ("active", "billed", "nothing_due", "held", "unassigned", "unpriced", "excluded")
_ACCOUNT = msgspec.json.Decoder(RunAccount)
_SUBSCRIPTION = msgspec.json.Decoder(Subscription)


@dataclass(frozen=True, slots=True)
class GroupSize:
    """A group that is to be billed, with its number of subscriptions."""

    code: str
    subscriptions: int


@dataclass(frozen=True, slots=True)
class TouchedGroup:
    """A group with those of its subscriptions that an event was about."""

    code: str
    billed_as_of: date | None
    subscriptions: tuple[Subscription, ...]


def groups_of(connection: Connection, codes: Iterable[str]) -> tuple[TouchedGroup, ...]:
    """The groups of these subscriptions; what belongs to no party of ours is left out."""
    found: dict[str, list[Subscription]] = {}
    days: dict[str, date | None] = {}
    for chunk in bulk.chunks(sorted(set(codes))):
        query = (
            select(GROUP.c.code, GROUP.c.billed_as_of, SUBSCRIPTION.c.body)
            .join(SUBSCRIPTION, SUBSCRIPTION.c.group_code == GROUP.c.code)
            .where(SUBSCRIPTION.c.code.in_(chunk), GROUP.c.code != groups.UNASSIGNED)
        )
        for row in connection.execute(query):
            found.setdefault(row.code, []).append(_SUBSCRIPTION.decode(row.body))
            days[row.code] = row.billed_as_of
    return tuple(TouchedGroup(code, days[code], tuple(found[code])) for code in sorted(found))


def groups_to_bill(
    connection: Connection, *, as_of: date, only: Collection[str] | None = None
) -> Iterator[GroupSize]:
    """Groups that something changed for, or that were last billed for another day; the largest last.

    Everything else would come out as it stands. `only` limits it to some groups. They are read a piece at a
    time: a seller may have very many.
    """
    count = select(func.count()).where(SUBSCRIPTION.c.group_code == GROUP.c.code).scalar_subquery()
    held = count.label("held")
    query = select(GROUP.c.code, held).where(is_due(as_of)).order_by(held, GROUP.c.code)
    if only is not None:
        query = query.where(GROUP.c.code.in_(only))
    for code, number in connection.execute(query, execution_options={"yield_per": bulk.IN_MAX}):
        yield GroupSize(code, number)


def standing_account(connection: Connection, *, as_of: date) -> RunAccount:
    """Where the subscriptions of all groups went that are not to be billed, by their last bill.

    What was billed then is nothing due now, once no draft of the group is left. Most groups have the same
    account, so the database counts them.
    """
    has_drafts = exists().where(DOCUMENT.c.group_code == GROUP.c.code, DOCUMENT.c.state == "draft")
    each = (
        select(GROUP.c.account, has_drafts.label("has_drafts"))
        .where(GROUP.c.account != "", not_(is_due(as_of)))
        .subquery()
    )
    query = select(each.c.account, each.c.has_drafts, func.count()).group_by(
        each.c.account, each.c.has_drafts
    )
    accounts = []
    for body, is_drafted, groups_alike in connection.execute(query):
        account = _ACCOUNT.decode(body)
        accounts.append(_times(account if is_drafted else _all_released(account), groups_alike))
    return total_account(accounts)


def is_due(as_of: date) -> ColumnElement[bool]:
    """Whether a group's bill may come out differently from how it stands."""
    return or_(GROUP.c.is_dirty, GROUP.c.billed_as_of.is_(None), GROUP.c.billed_as_of != as_of)


def _times(account: RunAccount, groups_alike: int) -> RunAccount:
    counts = {name: getattr(account, name) * groups_alike for name in _COUNTS}
    return RunAccount(**counts, reasons=account.reasons)


def total_account(accounts: Iterable[RunAccount]) -> RunAccount:
    """The sum of many accounts, with each reason once for all the subscriptions it is about."""
    accounts = tuple(accounts)
    counts = {name: sum(getattr(one, name) for one in accounts) for name in _COUNTS}
    about: dict[tuple[Column, str], list[str]] = {}
    for account in accounts:
        for reason in account.reasons:
            about.setdefault((reason.column, reason.sentence), []).extend(reason.subscriptions)
    reasons = [AccountReason(*what, tuple(sorted(codes))) for what, codes in sorted(about.items())]
    return RunAccount(**counts, reasons=tuple(reasons))


def _all_released(account: RunAccount) -> RunAccount:
    return replace(account, billed=0, nothing_due=account.nothing_due + account.billed)
