"""The business set-up as rows: an import writes what changed and nothing else, and overwrites no history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select, text

from mappings.canonical.book import Book
from mappings.canonical.workspace import Setup
from mappings.identity import canonical_json, fingerprint
from worker.store import bulk, groups, lanes
from worker.store.columns import new_id
from worker.store.ledger_ids import bind_ledger_ids
from worker.store.restating import Restatement, RestatementNeeded, restatements
from worker.store.setup_kinds import KIND_OF, KINDS, as_setup
from worker.store.tables import SetupObject, table_of

OBJECT = table_of(SetupObject)

_COLUMNS = ("kind", "code", "group_code", "body", "hash", "changed_at")
_IMPORT_LOCK = 5_305_112_860_411_908
"""Our number among PostgreSQL's advisory locks: one import at a time."""
_STAMP = "stamp"
_RELEASE_ONLY = frozenset({"book", "chart", "fx_rate"})
"""Kinds that change nothing of what is owed, only whether a document can be released; a group with one that
could not is to be billed again anyway."""


@dataclass(frozen=True, slots=True)
class SetupChange:
    """What an import did: objects by kind, bindings of ledger ids, billed days it was allowed to alter."""

    added: Mapping[str, int] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    unchanged: int = 0
    bindings: int = 0
    restated: tuple[Restatement, ...] = ()

    @property
    def is_empty(self) -> bool:
        """The second import of the same file."""
        return not (self.added or self.changed or self.bindings)


@dataclass(frozen=True, slots=True)
class _Given:
    """An object of the import beside the row it would replace."""

    kind: str
    code: str
    value: Any
    body: str
    hash: str
    group_code: str
    is_new: bool


def store_setup(connection: Connection, setup: Setup, *, now: datetime, restate: bool = False) -> SetupChange:
    """Write the objects that are new or different; what the set-up does not mention stays.

    Raises `RestatementNeeded`, with nothing written, when a price list or contract would alter days that
    are billed on a released document and `restate` is False. Billing groups are computed by the caller
    (`groups.regroup`), after the subscriptions.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _IMPORT_LOCK})
    given, unchanged = _given(connection, setup)
    dated = [(one.kind, one.value) for one in given if KIND_OF[one.kind].dated]
    restated = restatements(connection, dated)
    if restated and not restate:
        raise RestatementNeeded(restated)
    rows = [(one.kind, one.code, one.group_code, one.body, one.hash, now) for one in given]
    bulk.upsert(connection, OBJECT, _COLUMNS, rows, unique=("kind", "code"))
    bindings = 0
    if given:
        bindings = bind_ledger_ids(connection, load_setup(connection))
        lanes.ensure(connection, [one.code for one in given if one.kind == "book"])
        _mark_dirty(connection, given)
        _renew_stamp(connection, now)
    return SetupChange(
        added=Counter(one.kind for one in given if one.is_new),
        changed=Counter(one.kind for one in given if not one.is_new),
        unchanged=unchanged,
        bindings=bindings,
        restated=restated,
    )


def load_setup(connection: Connection) -> Setup:
    """The whole set-up."""
    query = select(OBJECT.c.kind, OBJECT.c.body).where(OBJECT.c.kind != _STAMP).order_by(*_order(connection))
    return as_setup((row.kind, row.body) for row in connection.execute(query))


def book(connection: Connection, code: str) -> Book | None:
    """A book by code, or None."""
    body = connection.scalar(select(OBJECT.c.body).where(OBJECT.c.kind == "book", OBJECT.c.code == code))
    return None if body is None else msgspec.json.decode(body, type=Book)


def books(connection: Connection) -> tuple[Book, ...]:
    """Every book, by code."""
    query = select(OBJECT.c.kind, OBJECT.c.body).where(OBJECT.c.kind == "book").order_by(*_order(connection))
    return as_setup((row.kind, row.body) for row in connection.execute(query)).books


def load_shared(connection: Connection) -> Setup:
    """What every billing group reads: issuers, books, charts, products, price lists and rates."""
    shared = [kind.name for kind in KINDS if kind.shared]
    query = (
        select(OBJECT.c.kind, OBJECT.c.body).where(OBJECT.c.kind.in_(shared)).order_by(*_order(connection))
    )
    return as_setup((row.kind, row.body) for row in connection.execute(query))


def load_directory(connection: Connection) -> Setup:
    """Only what knows a provider's ids: parties with tenants, products with offers."""
    known = [
        (OBJECT.c.kind == "party") & ~OBJECT.c.body.contains('"tenants":[]'),
        (OBJECT.c.kind == "product") & ~OBJECT.c.body.contains('"offers":[]'),
    ]
    query = select(OBJECT.c.kind, OBJECT.c.body).where(or_(*known)).order_by(*_order(connection))
    return as_setup((row.kind, row.body) for row in connection.execute(query))


def load_for_groups(connection: Connection, codes: Collection[str], shared: Setup) -> Mapping[str, Setup]:
    """Group -> the shared set-up with the parties, contracts, pools and opening charges of the group."""
    own = [kind.name for kind in KINDS if not kind.shared]
    rows: dict[str, list[tuple[str, str]]] = {code: [] for code in codes}
    for chunk in bulk.chunks(sorted(codes)):
        query = select(OBJECT.c.group_code, OBJECT.c.kind, OBJECT.c.body).where(
            OBJECT.c.group_code.in_(chunk), OBJECT.c.kind.in_(own)
        )
        for row in connection.execute(query.order_by(*_order(connection))):
            rows[row.group_code].append((row.kind, row.body))
    found: dict[str, Setup] = {}
    for code, objects in rows.items():
        mine = as_setup(objects)
        found[code] = replace(
            shared,
            parties=mine.parties,
            pools=mine.pools,
            contracts=mine.contracts,
            opening_charges=mine.opening_charges,
            adjustments=mine.adjustments,
        )
    return found


def read_stamp(connection: Connection) -> str:
    """Changes with every import that changed something, so that a long run sees when to read anew."""
    stamp = connection.scalar(select(OBJECT.c.hash).where(OBJECT.c.kind == _STAMP))
    return stamp or ""


def _given(connection: Connection, setup: Setup) -> tuple[list[_Given], int]:
    """The objects that are new or different, and how many are as they were."""
    query = select(OBJECT.c.kind, OBJECT.c.code, OBJECT.c.hash, OBJECT.c.group_code)
    stored = {(row.kind, row.code): row for row in connection.execute(query)}
    given: list[_Given] = []
    unchanged = 0
    for kind in KINDS:
        values = {kind.code(value): value for value in getattr(setup, kind.field)}
        for code, value in values.items():
            row, digest = stored.get((kind.name, code)), fingerprint(value)
            if row is not None and row.hash == digest:
                unchanged += 1
                continue
            group = row.group_code if row is not None else ""
            body = canonical_json(value).decode()
            given.append(_Given(kind.name, code, value, body, digest, group, row is None))
    return given, unchanged


def _mark_dirty(connection: Connection, given: Iterable[_Given]) -> None:
    """The groups whose bill may come out differently after this import."""
    kinds = {one.kind for one in given}
    if any(KIND_OF[kind].shared and kind not in _RELEASE_ONLY for kind in kinds):
        groups.mark_all_dirty(connection)
        return
    own = [one for one in given if not KIND_OF[one.kind].shared and not one.is_new]
    groups.mark_dirty(connection, {one.group_code for one in own})


def _renew_stamp(connection: Connection, now: datetime) -> None:
    rows = [(_STAMP, "", "", "", new_id(), now)]
    bulk.upsert(connection, OBJECT, _COLUMNS, rows, unique=("kind", "code"))


def _order(connection: Connection) -> tuple[Any, Any]:
    """One order on every database, whatever its collation: what is read must not depend on it."""
    collation = groups.binary_collation(connection)
    return OBJECT.c.kind, OBJECT.c.code.collate(collation)
