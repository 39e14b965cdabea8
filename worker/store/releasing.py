"""What a release reads and writes: drafts in document order, the counter of a series, frozen documents."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import msgspec
from sqlalchemy import Connection, bindparam, func, select, update

from mappings.canonical.document import Document, DocumentKind
from mappings.identity import canonical_json, fingerprint
from worker.billing.values import Check
from worker.store import bulk, groups
from worker.store.tables import DocumentRow, SeriesCounter, table_of

DOCUMENT = table_of(DocumentRow)
COUNTER = table_of(SeriesCounter)

_ALONE = "*"
"""The row of a series that its one worker locks; the other rows count, one per reset key."""

_DOCUMENT = msgspec.json.Decoder(Document)


@dataclass(frozen=True, slots=True)
class Pile:
    """Drafts that are released by one worker after another: of one issuer and kind."""

    issuer: str
    kind: DocumentKind


@dataclass(frozen=True, slots=True)
class Candidate:
    """A draft, with the fingerprint an approval must name."""

    id: str
    document: Document
    fingerprint: str
    sort_key: str
    group: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Drafts:
    """Drafts in document order; `last` is the sort key to go on after, "" when there are no more."""

    candidates: tuple[Candidate, ...]
    last: str


@dataclass(frozen=True, slots=True)
class Release:
    """A draft as it is frozen: with number and dates; `notes` stay with it."""

    id: str
    document: Document
    notes: tuple[Check, ...] = ()


def piles(connection: Connection, *, only: Collection[str] | None) -> tuple[Pile, ...]:
    """Where drafts wait; `only` limits it to those of these billing groups."""
    query = select(DOCUMENT.c.issuer, DOCUMENT.c.kind).where(DOCUMENT.c.state == "draft").distinct()
    if only is not None:
        query = query.where(DOCUMENT.c.group_code.in_(only))
    found = connection.execute(query).all()
    return tuple(Pile(row.issuer, cast("DocumentKind", row.kind)) for row in sorted(found, key=tuple))


def enter(connection: Connection, issuer: str) -> None:
    """Be the one worker of this issuer until the transaction ends; others wait here.

    Not only of one series: an invoice and a credit note may need the same new customer in a book.
    """
    _locked_counter(connection, issuer, "", _ALONE, first=0)


def next_drafts(
    connection: Connection, pile: Pile, *, after: str, limit: int, only: Collection[str] | None
) -> Drafts:
    """The next drafts in document order; their groups are locked, so that no bill rewrites them meanwhile."""
    order = DOCUMENT.c.sort_key
    query = select(DOCUMENT.c.id, DOCUMENT.c.group_code, DOCUMENT.c.sort_key).where(
        DOCUMENT.c.issuer == pile.issuer,
        DOCUMENT.c.kind == pile.kind,
        DOCUMENT.c.state == "draft",
        order > after,
    )
    if only is not None:
        query = query.where(DOCUMENT.c.group_code.in_(only))
    seen = connection.execute(query.order_by(order).limit(limit)).all()
    groups.lock(connection, {row.group_code for row in seen})
    columns = ("id", "body", "fingerprint", "sort_key", "group_code", "as_of")
    again = select(*(DOCUMENT.c[name] for name in columns)).where(
        DOCUMENT.c.id.in_([row.id for row in seen]), DOCUMENT.c.state == "draft"
    )
    candidates = tuple(
        Candidate(
            row.id, _DOCUMENT.decode(row.body), row.fingerprint, row.sort_key, row.group_code, row.as_of
        )
        for row in connection.execute(again.order_by(order))
    )
    return Drafts(candidates, seen[-1].sort_key if len(seen) == limit else "")


class Counters:
    """The running numbers of one series inside one transaction; `save` writes what was taken.

    A number that is looked at and not taken stays the next one, so there are no gaps.
    """

    def __init__(self, connection: Connection, issuer: str, series: str, *, first: int) -> None:
        self._connection = connection
        self._place = (issuer, series)
        self._first = first
        self._next: dict[str, int] = {}
        self._taken: set[str] = set()

    def peek(self, reset_key: str) -> int:
        """The next number under a reset key."""
        if reset_key not in self._next:
            known = _locked_counter(self._connection, *self._place, reset_key, first=self._first)
            self._next[reset_key] = max(known, self._first)
        return self._next[reset_key]

    def take(self, reset_key: str) -> None:
        """The number is used by a document of this transaction."""
        self._next[reset_key] += 1
        self._taken.add(reset_key)

    def save(self) -> None:
        """Write the counters down."""
        issuer, series = self._place
        for key in sorted(self._taken):
            place = (
                COUNTER.c.issuer == issuer,
                COUNTER.c.series == series,
                COUNTER.c.reset_key == key,
            )
            self._connection.execute(update(COUNTER).where(*place).values(next_number=self._next[key]))


def next_numbers(connection: Connection, issuer: str) -> Mapping[tuple[str, str], int]:
    """(Series, reset key) -> the number that an issuer's next document gets, for those that gave one."""
    query = select(COUNTER.c.series, COUNTER.c.reset_key, COUNTER.c.next_number)
    rows = connection.execute(query.where(COUNTER.c.issuer == issuer))
    return {(series, key): number for series, key, number in rows}


def latest_date(connection: Connection, issuer: str, series: str) -> date | None:
    """The latest document date released in a series."""
    query = select(func.max(DOCUMENT.c.document_date)).where(
        DOCUMENT.c.issuer == issuer, DOCUMENT.c.series == series, DOCUMENT.c.state == "released"
    )
    return cast("date | None", connection.scalar(query))


def freeze(connection: Connection, releases: Sequence[Release], *, now: datetime) -> None:
    """Drafts become released documents: from here on nothing of them changes."""
    rows: list[dict[str, Any]] = [
        {
            "of_id": one.id,
            "to_series": one.document.series,
            "to_number": one.document.number,
            "to_date": one.document.document_date,
            "to_body": canonical_json(one.document).decode(),
            "to_fingerprint": fingerprint(one.document),
            "to_checks": canonical_json(one.notes).decode(),
        }
        for one in releases
    ]
    values = {
        "state": "released",
        "series": bindparam("to_series"),
        "number": bindparam("to_number"),
        "document_date": bindparam("to_date"),
        "body": bindparam("to_body"),
        "fingerprint": bindparam("to_fingerprint"),
        "checks": bindparam("to_checks"),
        "released_at": now,
    }
    if rows:
        connection.execute(update(DOCUMENT).where(DOCUMENT.c.id == bindparam("of_id")).values(values), rows)


def hold(connection: Connection, held: Sequence[tuple[Candidate, tuple[Check, ...]]]) -> None:
    """Drafts that cannot be released now: held with the reason until the next bill, which tries again."""
    for candidate, checks in held:
        values = {"state": "held", "checks": canonical_json(checks).decode()}
        connection.execute(update(DOCUMENT).where(DOCUMENT.c.id == candidate.id).values(values))
    groups.mark_dirty(connection, {candidate.group for candidate, _ in held})


def _locked_counter(connection: Connection, issuer: str, series: str, reset_key: str, *, first: int) -> int:
    columns = ("issuer", "series", "reset_key", "next_number")
    unique = ("issuer", "series", "reset_key")
    bulk.insert_new(connection, COUNTER, columns, [(issuer, series, reset_key, first)], unique=unique)
    place = (COUNTER.c.issuer == issuer, COUNTER.c.series == series, COUNTER.c.reset_key == reset_key)
    number = connection.scalar(select(COUNTER.c.next_number).where(*place).with_for_update())
    assert number is not None
    return int(number)
