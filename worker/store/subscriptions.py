"""Subscription state as rows: lasting facts that may be corrected, versions that are only ever added.

Protects: any order of arrival and any number of repeats ends at the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from mappings.canonical.catalog import Product
from mappings.canonical.party import Party
from mappings.canonical.subscription import Subscription, SubscriptionVersion, Usage
from mappings.identity import canonical_json, fingerprint
from worker.store import bulk, groups
from worker.store.columns import new_id
from worker.store.tables import SubscriptionRow, UsageRow, VersionRow, table_of
from worker.store.version_details import details_of, with_details

SUBSCRIPTION = table_of(SubscriptionRow)
VERSION = table_of(VersionRow)
USAGE = table_of(UsageRow)

_COLUMNS = ("code", "source", "party", "group_code", "contract", "body", "hash")
_VERSION_COLUMNS = (
    "id", "subscription", "ref", "on_day", "quantity", "status", "observed", "at_instant", "details",
)  # fmt: skip
_USAGE_COLUMNS = ("id", "subscription", "ref", "on_day", "quantity", "meter")
_DECODER = msgspec.json.Decoder(Subscription)
_VERSIONS = select(
    VERSION.c.subscription,
    VERSION.c.ref,
    VERSION.c.on_day,
    VERSION.c.quantity,
    VERSION.c.status,
    VERSION.c.observed,
    VERSION.c.at_instant,
    VERSION.c.details,
)
_USAGE = select(USAGE.c.subscription, USAGE.c.ref, USAGE.c.on_day, USAGE.c.quantity, USAGE.c.meter)
_FILE_WORD = re.compile(r"file:(?P<day>\d{4}-\d{2}-\d{2}):1")


@dataclass(frozen=True, slots=True)
class StateChange:
    """What was new: subscriptions, corrected ones, versions, usage; `groups` are to be billed again."""

    added: int = 0
    changed: int = 0
    versions: int = 0
    usage: int = 0
    groups: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """The second time the same state arrives."""
        return not (self.added or self.changed or self.versions or self.usage)


@dataclass(frozen=True, slots=True)
class Directory:
    """Our parties and products by the ids a provider knows them under (lower case)."""

    parties: Mapping[str, str]
    products: Mapping[str, str]

    @staticmethod
    def of(parties: Iterable[Party], products: Iterable[Product]) -> Directory:
        """From the set-up's `tenants` and `offers`."""
        return Directory(
            {tenant.lower(): party.code for party in parties for tenant in party.tenants},
            {offer.lower(): product.code for product in products for offer in product.offers},
        )

    def assigned(self, subscription: Subscription) -> Subscription:
        """The subscription with party and product of ours, where it names none and we know its ids.

        An offer that we do not know as a whole is looked up without its availability part (product:sku),
        which changes with market and price list.
        """
        if subscription.party and subscription.product:
            return subscription
        offer = subscription.offer.lower()
        return replace(
            subscription,
            party=subscription.party or self.parties.get(subscription.tenant.lower(), ""),
            product=subscription.product
            or self.products.get(offer)
            or self.products.get(":".join(offer.split(":")[:2]), ""),
        )


@dataclass(frozen=True, slots=True)
class State:
    """The subscriptions of a group with everything known about what they held and used."""

    subscriptions: tuple[Subscription, ...] = ()
    versions: tuple[SubscriptionVersion, ...] = ()
    usage: tuple[Usage, ...] = ()


def store_state(
    connection: Connection,
    subscriptions: Sequence[Subscription],
    versions: Sequence[SubscriptionVersion],
    usage: Sequence[Usage] = (),
    *,
    directory: Directory,
    is_written_by_hand: bool = False,
) -> StateChange:
    """Store what is new and mark the groups it touches for the next bill.

    Lasting facts are corrected by the source that brought the subscription (by what it observed last,
    whenever that arrives), and by a file written by hand; every other source only adds versions. A version
    whose (subscription, ref) is known is passed over. Raises ValueError for versions or usage of a
    subscription that nobody told us of.
    """
    known = load_subscriptions(connection, [one.code for one in subscriptions])
    stored = _stored(connection, versions)
    late = frozenset[str]() if is_written_by_hand else _told_late(versions, stored.values())
    merged = [
        known[one.code]
        if one.code in late and one.code in known
        else _merged(known.get(one.code), directory.assigned(one), is_written_by_hand=is_written_by_hand)
        for one in subscriptions
    ]
    changed = [one for one in merged if known.get(one.code) != one]
    parties = groups.of_parties(connection, (one.party for one in changed))
    left = _groups_of(connection, [one.code for one in changed if one.code in known])
    _write(connection, changed, parties)
    told = {one.subscription for one in versions} | {one.subscription for one in usage}
    held = _groups_of(connection, told | {one.code for one in changed})
    if unknown := sorted(told - held.keys()):
        raise ValueError(f"there is no subscription {', '.join(unknown[:5])}; its versions cannot be stored")
    new_versions = _new_versions(versions, stored)
    new_usage = _new_usage(connection, usage)
    _insert(connection, new_versions, new_usage)
    news = {one.subscription for one in new_versions} | {one.subscription for one in new_usage}
    touched = {held[code] for code in news | {one.code for one in changed}} | set(left.values())
    groups.mark_dirty(connection, touched)
    return StateChange(
        added=sum(one.code not in known for one in changed),
        changed=sum(one.code in known for one in changed),
        versions=len(new_versions),
        usage=len(new_usage),
        groups=frozenset(touched),
    )


def assign_unassigned(connection: Connection, directory: Directory) -> StateChange:
    """Give waiting subscriptions of a provider the party or product that the set-up names by now."""
    missing = SUBSCRIPTION.c.body.contains('"product":""') | (SUBSCRIPTION.c.party == "")
    waiting = [
        _DECODER.decode(body) for body in connection.scalars(select(SUBSCRIPTION.c.body).where(missing))
    ]
    found = [one for one in waiting if directory.assigned(one) != one]
    return store_state(connection, found, (), directory=directory)


def load_subscriptions(connection: Connection, codes: Iterable[str]) -> Mapping[str, Subscription]:
    """Code -> subscription, for those that are known."""
    found: dict[str, Subscription] = {}
    for chunk in bulk.chunks(sorted(set(codes))):
        query = select(SUBSCRIPTION.c.code, SUBSCRIPTION.c.body).where(SUBSCRIPTION.c.code.in_(chunk))
        found |= {row.code: _DECODER.decode(row.body) for row in connection.execute(query)}
    return found


def load_latest(connection: Connection, codes: Iterable[str]) -> Mapping[str, SubscriptionVersion]:
    """Code -> the version that is held last, for those that have any."""
    latest: dict[str, SubscriptionVersion] = {}
    for version in versions_of(connection, codes):
        before = latest.get(version.subscription)
        if before is None or _age(before) < _age(version):
            latest[version.subscription] = version
    return latest


def load_lasting(connection: Connection) -> tuple[Subscription, ...]:
    """Every subscription without what it held, in one order on every database."""
    collation = groups.binary_collation(connection)
    bodies = connection.scalars(select(SUBSCRIPTION.c.body).order_by(SUBSCRIPTION.c.code.collate(collation)))
    return tuple(map(_DECODER.decode, bodies))


def load_all(connection: Connection) -> State:
    """Every subscription with its versions and usage, in one order on every database."""
    return State(
        load_lasting(connection),
        tuple(sorted(map(_version, connection.execute(_VERSIONS)), key=_age)),
        tuple(sorted(map(_used, connection.execute(_USAGE)), key=_use_age)),
    )


def load_for_groups(connection: Connection, codes: Collection[str]) -> Mapping[str, State]:
    """Group -> the state of its subscriptions, in three queries for each 500 groups."""
    states: dict[str, State] = {}
    for chunk in bulk.chunks(sorted(codes)):
        states |= _load_chunk(connection, chunk)
    return states


def _load_chunk(connection: Connection, codes: Sequence[str]) -> Mapping[str, State]:
    own = SUBSCRIPTION.c.group_code.in_(codes)
    collation = groups.binary_collation(connection)
    query = select(SUBSCRIPTION.c.group_code, SUBSCRIPTION.c.body).where(own)
    subscriptions: dict[str, list[Subscription]] = {code: [] for code in codes}
    versions: dict[str, list[SubscriptionVersion]] = {code: [] for code in codes}
    usage: dict[str, list[Usage]] = {code: [] for code in codes}
    group_of: dict[str, str] = {}
    for row in connection.execute(query.order_by(SUBSCRIPTION.c.code.collate(collation))):
        subscription = _DECODER.decode(row.body)
        subscriptions[row.group_code].append(subscription)
        group_of[subscription.code] = row.group_code
    of_version = _VERSIONS.join(SUBSCRIPTION, SUBSCRIPTION.c.code == VERSION.c.subscription).where(own)
    for version in map(_version, connection.execute(of_version)):
        versions[group_of[version.subscription]].append(version)
    of_usage = _USAGE.join(SUBSCRIPTION, SUBSCRIPTION.c.code == USAGE.c.subscription).where(own)
    for used in map(_used, connection.execute(of_usage)):
        usage[group_of[used.subscription]].append(used)
    return {
        code: State(
            tuple(subscriptions[code]),
            tuple(sorted(versions[code], key=_age)),
            tuple(sorted(usage[code], key=_use_age)),
        )
        for code in codes
    }


def _merged(known: Subscription | None, given: Subscription, *, is_written_by_hand: bool) -> Subscription:
    """What counts from now on. A provider does not know our codes, so it takes none of them away."""
    if known is None or is_written_by_hand:
        return given
    if known.source != given.source:
        return known
    return replace(
        given,
        party=given.party or known.party,
        product=given.product or known.product,
        contract=given.contract or known.contract,
        billed_until=given.billed_until or known.billed_until,
        converted_from=given.converted_from or known.converted_from,
        splits=given.splits or known.splits,
        assignments=given.assignments or known.assignments,
    )


def _write(connection: Connection, changed: Iterable[Subscription], parties: Mapping[str, str]) -> None:
    rows = [
        (
            one.code,
            one.source,
            one.party,
            parties.get(one.party, groups.UNASSIGNED),
            one.contract,
            canonical_json(one).decode(),
            fingerprint(one),
        )
        for one in changed
    ]
    bulk.upsert(connection, SUBSCRIPTION, _COLUMNS, rows, unique=("code",))


def _groups_of(connection: Connection, codes: Iterable[str]) -> Mapping[str, str]:
    """Subscription -> its group, for those that are known."""
    found: dict[str, str] = {}
    for chunk in bulk.chunks(sorted(set(codes))):
        query = select(SUBSCRIPTION.c.code, SUBSCRIPTION.c.group_code).where(SUBSCRIPTION.c.code.in_(chunk))
        found |= {row.code: row.group_code for row in connection.execute(query)}
    return found


def _stored(
    connection: Connection, versions: Iterable[SubscriptionVersion]
) -> dict[tuple[str, str], SubscriptionVersion]:
    """Everything that is stored of the subscriptions that versions are about."""
    codes = {version.subscription for version in versions}
    return {(one.subscription, one.ref): one for one in versions_of(connection, codes)}


def _told_late(
    versions: Iterable[SubscriptionVersion], stored: Iterable[SubscriptionVersion]
) -> frozenset[str]:
    """Subscriptions of which something was observed later than what is told now.

    What was told without saying when it was observed counts as told now.
    """
    newest: dict[str, str] = {}
    for one in stored:
        newest[one.subscription] = max(newest.get(one.subscription, ""), one.observed)
    told: dict[str, str] = {}
    for one in versions:
        told[one.subscription] = max(told.get(one.subscription, ""), one.observed)
    return frozenset(code for code, observed in told.items() if "" < observed < newest.get(code, ""))


def _new_versions(
    versions: Sequence[SubscriptionVersion], known: Mapping[tuple[str, str], SubscriptionVersion]
) -> list[SubscriptionVersion]:
    """Those that are not stored yet.

    A file written by hand has no event ids: its ref `file:DAY:1` says "the file's word about that day".
    The same word again is nothing new, another one is the next correction of that day.
    """
    stored = dict(known)
    new: list[SubscriptionVersion] = []
    for version in versions:
        word = _FILE_WORD.fullmatch(version.ref)
        if word is not None:
            version = _next_word(version, word["day"], stored)
        if (version.subscription, version.ref) not in stored:
            stored[version.subscription, version.ref] = version
            new.append(version)
    return new


def _next_word(
    version: SubscriptionVersion, day: str, stored: Mapping[tuple[str, str], SubscriptionVersion]
) -> SubscriptionVersion:
    """The version under the ref it is stored as, or under the first free one when it says something new."""
    number = 1
    while (before := stored.get((version.subscription, _word(day, number)))) is not None:
        following = _word(day, number + 1)
        if (version.subscription, following) not in stored and before == replace(version, ref=before.ref):
            return before
        number += 1
    return replace(version, ref=_word(day, number))


def _word(day: str, number: int) -> str:
    """1..9, 91..99, 991..: texts that sort like their numbers, since the larger ref wins a day."""
    nines, rest = divmod(number - 1, 9)
    return f"file:{day}:{'9' * nines}{rest + 1}"


def _new_usage(connection: Connection, usage: Sequence[Usage]) -> list[Usage]:
    known: set[tuple[str, str]] = set()
    for chunk in bulk.chunks(sorted({one.subscription for one in usage})):
        query = select(USAGE.c.subscription, USAGE.c.ref).where(USAGE.c.subscription.in_(chunk))
        known |= {(row.subscription, row.ref) for row in connection.execute(query)}
    given = {(one.subscription, one.ref): one for one in usage}
    return [one for place, one in given.items() if place not in known]


def _insert(connection: Connection, versions: Iterable[SubscriptionVersion], usage: Iterable[Usage]) -> None:
    unique = ("subscription", "ref")
    held = [
        (
            new_id(),
            one.subscription,
            one.ref,
            one.on,
            one.quantity,
            one.status,
            one.observed,
            one.at,
            details_of(one),
        )
        for one in versions
    ]
    used = [(new_id(), one.subscription, one.ref, one.on, one.quantity, one.meter) for one in usage]
    bulk.insert_new(connection, VERSION, _VERSION_COLUMNS, held, unique=unique)
    bulk.insert_new(connection, USAGE, _USAGE_COLUMNS, used, unique=unique)


def versions_of(connection: Connection, codes: Iterable[str]) -> Iterator[SubscriptionVersion]:
    """Every version of these subscriptions."""
    for chunk in bulk.chunks(sorted(set(codes))):
        yield from map(_version, connection.execute(_VERSIONS.where(VERSION.c.subscription.in_(chunk))))


def _version(row: Any) -> SubscriptionVersion:
    *facts, details = row
    version = SubscriptionVersion(*facts)
    return version if details is None else with_details(version, details)


def _used(row: Any) -> Usage:
    return Usage(*row)


def _age(version: SubscriptionVersion) -> tuple[date, str, str, str]:
    """Of two versions of one subscription the one that counts later is larger."""
    return version.on, version.observed, version.ref, version.subscription


def _use_age(usage: Usage) -> tuple[date, str, str]:
    return usage.on, usage.subscription, usage.ref
