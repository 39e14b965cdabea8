"""Billing groups as rows: who is in which, which must be billed again, and the lock a bill takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from mappings.canonical.catalog import Pool
from mappings.canonical.contract import Adjustment, Contract, OpeningCharge
from mappings.canonical.party import Party
from mappings.canonical.subscription import Subscription
from worker.store import bulk
from worker.store.grouping import group_parties
from worker.store.setup_kinds import KINDS, decode
from worker.store.tables import (
    BillingGroup,
    ChargeRow,
    DocumentRow,
    PartyGroup,
    SetupObject,
    SubscriptionRow,
    table_of,
)

GROUP = table_of(BillingGroup)
MEMBER = table_of(PartyGroup)
OBJECT = table_of(SetupObject)
SUBSCRIPTION = table_of(SubscriptionRow)
_SUBSCRIPTION = msgspec.json.Decoder(Subscription)
CHARGE = table_of(ChargeRow)
DOCUMENT = table_of(DocumentRow)

UNASSIGNED = ""
"""The group of subscriptions that belong to no party of ours."""


def lock(connection: Connection, groups: Iterable[str]) -> tuple[str, ...]:
    """Lock the rows of those groups that exist, in one order everywhere so that nobody waits in a circle.

    On SQLite the write transaction is the lock.
    """
    locked: list[str] = []
    for chunk in bulk.chunks(sorted(set(groups))):
        query = (
            select(GROUP.c.code)
            .where(GROUP.c.code.in_(chunk))
            .order_by(GROUP.c.code.collate(binary_collation(connection)))
        )
        locked += connection.scalars(query.with_for_update())
    return tuple(locked)


def mark_dirty(connection: Connection, groups: Iterable[str]) -> None:
    """Something these groups depend on changed: the next bill computes them again."""
    rows = [(code, True, "") for code in sorted(set(groups))]
    bulk.insert_new(connection, GROUP, ("code", "is_dirty", "account"), rows, unique=("code",))
    for chunk in bulk.chunks(code for code, *_ in rows):
        connection.execute(
            update(GROUP).where(GROUP.c.code.in_(chunk), ~GROUP.c.is_dirty).values(is_dirty=True)
        )


def mark_all_dirty(connection: Connection) -> None:
    """Something that every group reads changed."""
    connection.execute(update(GROUP).where(~GROUP.c.is_dirty).values(is_dirty=True))


def of_parties(connection: Connection, parties: Iterable[str]) -> Mapping[str, str]:
    """Party code -> group code, for the parties we know."""
    found: dict[str, str] = {}
    for chunk in bulk.chunks(sorted(set(parties) - {""})):
        query = select(MEMBER.c.party, MEMBER.c.group_code).where(MEMBER.c.party.in_(chunk))
        found |= {row.party: row.group_code for row in connection.execute(query)}
    return found


def regroup(connection: Connection) -> frozenset[str]:
    """Compute the groups anew and move every row that belongs elsewhere now; returns the groups touched.

    Drafts of a group that a party left are dropped, since what they bill may be in several groups now;
    the next bill writes them again, under the same references.
    """
    objects = _objects(connection)
    now = _computed(connection, objects)
    before = {row.party: row.group_code for row in connection.execute(select(MEMBER))}
    moved = sorted(party for party, group in now.items() if before.get(party) != group)
    left = {before[party] for party in moved if party in before}
    joined = {now[party] for party in moved}
    lock(connection, left | joined)
    bulk.upsert(
        connection,
        MEMBER,
        ("party", "group_code"),
        [(party, now[party]) for party in moved],
        unique=("party",),
    )
    if moved:
        _drop_drafts(connection, left)
        _move_subscriptions(connection)
        _move_billed(connection, left)
    touched = left | joined | _place_objects(connection, objects, now)
    gone = left - set(now.values())
    mark_dirty(connection, touched - gone)
    for chunk in bulk.chunks(sorted(gone)):
        connection.execute(delete(GROUP).where(GROUP.c.code.in_(chunk)))
    return frozenset(touched - gone)


@dataclass(frozen=True, slots=True)
class _Object:
    kind: str
    code: str
    group_code: str
    value: Any


def _objects(connection: Connection) -> list[_Object]:
    """Every set-up object that belongs to one group."""
    kinds = [kind.name for kind in KINDS if not kind.shared]
    query = select(OBJECT.c.kind, OBJECT.c.code, OBJECT.c.group_code, OBJECT.c.body).where(
        OBJECT.c.kind.in_(kinds)
    )
    return [
        _Object(row.kind, row.code, row.group_code, decode(row.kind, row.body))
        for row in connection.execute(query)
    ]


def _computed(connection: Connection, objects: Iterable[_Object]) -> Mapping[str, str]:
    values = [one.value for one in objects]
    named = (
        select(SUBSCRIPTION.c.party, SUBSCRIPTION.c.contract).where(SUBSCRIPTION.c.contract != "").distinct()
    )
    return group_parties(
        [value for value in values if isinstance(value, Party)],
        [value for value in values if isinstance(value, Contract)],
        [(row.party, row.contract) for row in connection.execute(named)],
        _together(connection),
    )


def _together(connection: Connection) -> list[tuple[str, str]]:
    """The party of a subscription with every party that shares it or takes it over."""
    is_shared = or_(
        SUBSCRIPTION.c.body.contains('"splits":[{'), SUBSCRIPTION.c.body.contains('"assignments":[{')
    )
    bodies = connection.scalars(select(SUBSCRIPTION.c.body).where(is_shared))
    shared = [_SUBSCRIPTION.decode(body) for body in bodies]
    return [(one.party, other) for one in shared for other in one.parties]


def _drop_drafts(connection: Connection, groups: Collection[str]) -> None:
    for chunk in bulk.chunks(sorted(groups)):
        unreleased = select(DOCUMENT.c.id).where(
            DOCUMENT.c.group_code.in_(chunk), DOCUMENT.c.state != "released"
        )
        connection.execute(delete(CHARGE).where(CHARGE.c.document_id.in_(unreleased)))
        connection.execute(delete(DOCUMENT).where(DOCUMENT.c.id.in_(unreleased)))


def _move_subscriptions(connection: Connection) -> None:
    group = select(MEMBER.c.group_code).where(MEMBER.c.party == SUBSCRIPTION.c.party).scalar_subquery()
    right = func.coalesce(group, UNASSIGNED)
    connection.execute(
        update(SUBSCRIPTION).where(SUBSCRIPTION.c.group_code != right).values(group_code=right)
    )


def _move_billed(connection: Connection, left: Collection[str]) -> None:
    """Charges go with their subscription, documents with who was billed; a minimum's charge, which is of no
    subscription, goes with its document."""
    of_subscription = select(SUBSCRIPTION.c.group_code).where(SUBSCRIPTION.c.code == CHARGE.c.subscription)
    of_payer = select(MEMBER.c.group_code).where(MEMBER.c.party == DOCUMENT.c.bill_to)
    of_charges_payer = (
        select(MEMBER.c.group_code)
        .join(DOCUMENT, MEMBER.c.party == DOCUMENT.c.bill_to)
        .where(DOCUMENT.c.id == CHARGE.c.document_id)
    )
    for chunk in bulk.chunks(sorted(left)):
        connection.execute(
            update(CHARGE)
            .where(CHARGE.c.group_code.in_(chunk))
            .values(
                group_code=func.coalesce(
                    of_subscription.scalar_subquery(),
                    of_charges_payer.scalar_subquery(),
                    CHARGE.c.group_code,
                )
            )
        )
        connection.execute(
            update(DOCUMENT)
            .where(DOCUMENT.c.group_code.in_(chunk))
            .values(group_code=func.coalesce(of_payer.scalar_subquery(), DOCUMENT.c.group_code))
        )


def _place_objects(connection: Connection, objects: Iterable[_Object], groups: Mapping[str, str]) -> set[str]:
    """Set the group of every party, contract, pool, opening charge and adjustment that is elsewhere now.

    Returns the groups they went to.
    """
    openings = {one.value.subscription for one in objects if isinstance(one.value, OpeningCharge)}
    holders = _holders(connection, openings)
    moves = [
        {"of_kind": one.kind, "of_code": one.code, "right": right}
        for one in objects
        if (right := groups.get(_owner(one.value, holders), UNASSIGNED)) != one.group_code
    ]
    if moves:
        place = (OBJECT.c.kind == bindparam("of_kind"), OBJECT.c.code == bindparam("of_code"))
        connection.execute(update(OBJECT).where(*place).values(group_code=bindparam("right")), moves)
    return {move["right"] for move in moves}


def _owner(value: Party | Contract | Pool | OpeningCharge | Adjustment, holders: Mapping[str, str]) -> str:
    """The party whose group alone reads the object."""
    match value:
        case Party():
            return value.code
        case Contract() | Adjustment():
            return value.party
        case Pool():
            return value.group
        case OpeningCharge():
            return holders.get(value.subscription, "")


def _holders(connection: Connection, subscriptions: Collection[str]) -> Mapping[str, str]:
    """Subscription -> its party."""
    found: dict[str, str] = {}
    for chunk in bulk.chunks(sorted(subscriptions)):
        query = select(SUBSCRIPTION.c.code, SUBSCRIPTION.c.party).where(SUBSCRIPTION.c.code.in_(chunk))
        found |= {row.code: row.party for row in connection.execute(query)}
    return found


def binary_collation(connection: Connection) -> str:
    """The collation that compares bytes, whatever the database's default is."""
    return "BINARY" if connection.dialect.name == "sqlite" else "C"
