"""A bench's seller into a database: the rows that an import of the same workspace writes, by COPY.

An import looks at every object one by one and regroups the whole tree; a million subscriptions would take
longer than what the bench measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

from mappings.canonical.workspace import Workspace
from mappings.identity import canonical_json, fingerprint
from tests.bench import sellers
from tests.bench.sellers import GROUP_SIZE, NOW, Group
from worker.store import bulk
from worker.store.columns import new_id
from worker.store.engine import Connection, open_store
from worker.store.tables import (
    BillingGroup,
    PartyGroup,
    SetupObject,
    SubscriptionRow,
    VersionRow,
    table_of,
)
from worker.store.workspace import store_workspace

LOT = 500
"""Groups of one transaction."""

_OBJECT = ("kind", "code", "group_code", "body", "hash", "changed_at")
_SUBSCRIPTION = ("code", "source", "party", "group_code", "contract", "body", "hash")
_VERSION = ("id", "subscription", "ref", "on_day", "quantity", "status", "observed", "at_instant")


def load(url: str, *, seed: int, subscriptions: int, processes: int) -> None:
    """Fill a migrated database with a seller of this many subscriptions."""
    store = open_store(url)
    workspace = Workspace(sellers.shared_setup(seed))
    store.transact(lambda connection: store_workspace(connection, workspace, now=NOW))
    lots = _lots(subscriptions // GROUP_SIZE)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for _ in pool.map(partial(_load_lot, url, seed), lots):
            pass
    # A database of this age has statistics, and its old rows are known to be visible.
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM (ANALYZE)")
    store.close()


def load_groups(connection: Connection, groups: Iterable[Group]) -> None:
    """Write groups as an import would have left them."""
    found = list(groups)
    objects = [row for group in found for row in _objects(group)]
    members = [(party.code, _name(group)) for group in found for party in group.parties]
    bulk.insert(connection, table_of(SetupObject), _OBJECT, objects)
    bulk.insert(connection, table_of(PartyGroup), ("party", "group_code"), members)
    bulk.insert(
        connection,
        table_of(BillingGroup),
        ("code", "is_dirty", "account"),
        [(_name(group), True, "") for group in found],
    )
    subscriptions = [
        (one.code, one.source, one.party, _name(group), "", canonical_json(one).decode(), fingerprint(one))
        for group in found
        for one in group.subscriptions
    ]
    bulk.insert(connection, table_of(SubscriptionRow), _SUBSCRIPTION, subscriptions)
    versions = [
        (new_id(), one.subscription, one.ref, one.on, one.quantity, one.status, one.observed, one.at)
        for group in found
        for one in group.versions
    ]
    bulk.insert(connection, table_of(VersionRow), _VERSION, versions)


def _lots(groups: int) -> list[range]:
    return [range(first, min(first + LOT, groups)) for first in range(0, groups, LOT)]


def _load_lot(url: str, seed: int, numbers: range) -> int:
    store = open_store(url)
    with store.write() as connection:
        load_groups(connection, sellers.groups(seed, numbers))
    store.close()
    return len(numbers)


def _name(group: Group) -> str:
    return group.parties[0].code


def _objects(group: Group) -> Iterator[tuple[Any, ...]]:
    named: list[tuple[str, str, Any]] = [("party", party.code, party) for party in group.parties]
    named.append(("contract", f"{group.contract.code}@{group.contract.from_}", group.contract))
    if group.pool is not None:
        named.append(("pool", group.pool.code, group.pool))
    for kind, code, value in named:
        yield kind, code, _name(group), canonical_json(value).decode(), fingerprint(value), NOW
