"""Deliveries as rows: claiming, the write-ahead and the verdicts (worker.store.planning inserts them).

Protects: a row changes state only along the edges of the state machine, and only by the worker that
holds the lane's epoch.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

import msgspec
from sqlalchemy import Connection, Exists, and_, exists, func, select, update
from sqlalchemy.engine import RowMapping

from connectors.protocols import Expectation, Shipment
from mappings.canonical.record import (
    ApplicationRecord,
    AttachmentRecord,
    CustomerRecord,
    DocumentRecord,
    EmailRecord,
    ItemRecord,
    Record,
    RecordKind,
    VoidRecord,
)
from mappings.identity import DeliveryIdentity, canonical_json
from worker.delivery.batch import Waiting
from worker.delivery.states import State, check_edge
from worker.store import bulk
from worker.store.tables import DeliveryNeed, DeliveryRow, table_of

DELIVERY = table_of(DeliveryRow)
NEED = table_of(DeliveryNeed)

_RECORD_TYPES: dict[str, type] = {
    "customer": CustomerRecord,
    "item": ItemRecord,
    "invoice": DocumentRecord,
    "credit_note": DocumentRecord,
    "void": VoidRecord,
    "application": ApplicationRecord,
    "attachment": AttachmentRecord,
    "email": EmailRecord,
}


@dataclass(frozen=True, slots=True)
class Move:
    """One delivery, the state it goes to, and the columns that change with it."""

    delivery: Delivery
    state: State
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery row as flows see it; `record` is decoded, `wire` the exact bytes once written ahead."""

    id: str
    book: str
    kind: RecordKind
    ref: str
    revision: int
    state: State
    reason: str
    lookup: str
    key: str
    marker: str
    record: Record
    wire: bytes | None
    expect: Expectation
    batch_key: str
    epoch: int
    attempts: int
    starts: int
    absent_reads: int
    read_failures: int
    after_conflict: bool
    goes_alone: bool
    created_at: datetime
    changed_at: datetime
    send_started_at: datetime | None

    @property
    def shipment(self) -> Shipment:
        """The delivery as the ledger takes it; only after the write-ahead."""
        assert self.wire is not None, "no bytes before the write-ahead"
        return Shipment(self.kind, self.key, self.marker, self.lookup, self.wire, self.expect)


def due(connection: Connection, book: str, *, now: datetime, limit: int) -> tuple[Waiting, ...]:
    """Whose turn is next among the due deliveries of a book."""
    columns = (DELIVERY.c.id, DELIVERY.c.kind, DELIVERY.c.goes_alone)
    query = (
        select(*columns)
        .where(DELIVERY.c.book == book, DELIVERY.c.state == "due", DELIVERY.c.next_attempt_at <= now)
        .order_by(DELIVERY.c.rank, DELIVERY.c.sort_key, DELIVERY.c.id)
        .limit(limit)
    )
    return tuple(Waiting(*row) for row in connection.execute(query))


def unclear(connection: Connection, book: str, *, now: datetime, limit: int) -> tuple[Delivery, ...]:
    """Uncertain deliveries of a book whose next read is due."""
    query = (
        select(DELIVERY)
        .where(DELIVERY.c.book == book, DELIVERY.c.state == "uncertain", DELIVERY.c.next_attempt_at <= now)
        .order_by(DELIVERY.c.next_attempt_at, DELIVERY.c.id)
        .limit(limit)
    )
    return tuple(_delivery(row) for row in connection.execute(query).mappings())


def abandoned(connection: Connection, book: str, *, epoch: int) -> tuple[Delivery, ...]:
    """Deliveries left in `sending` by an earlier holder of the lane: their outcome is unknown."""
    query = select(DELIVERY).where(
        DELIVERY.c.book == book, DELIVERY.c.state == "sending", DELIVERY.c.epoch < epoch
    )
    return tuple(_delivery(row) for row in connection.execute(query).mappings())


def has_abandoned(connection: Connection, book: str, *, epoch: int) -> bool:
    """Whether an earlier holder of the lane left anything in `sending`."""
    left = select(DELIVERY.c.id).where(
        DELIVERY.c.book == book, DELIVERY.c.state == "sending", DELIVERY.c.epoch < epoch
    )
    return connection.execute(left.limit(1)).first() is not None


def get(connection: Connection, delivery_id: str) -> Delivery | None:
    """One delivery by id."""
    row = connection.execute(select(DELIVERY).where(DELIVERY.c.id == delivery_id)).mappings().first()
    return None if row is None else _delivery(row)


def get_many(connection: Connection, ids: Sequence[str]) -> dict[str, Delivery]:
    """Deliveries by id; at most a few hundred at a time."""
    query = select(DELIVERY).where(DELIVERY.c.id.in_(tuple(ids)))
    return {row["id"]: _delivery(row) for row in connection.execute(query).mappings()}


def locked(connection: Connection, ids: Sequence[str]) -> tuple[Delivery, ...]:
    """Deliveries by id, in the given order, which nobody else changes before this transaction ends."""
    query = select(DELIVERY).where(DELIVERY.c.id.in_(tuple(ids))).order_by(DELIVERY.c.id).with_for_update()
    found = {row["id"]: _delivery(row) for row in connection.execute(query).mappings()}
    return tuple(found[one] for one in ids if one in found)


def move_all(connection: Connection, moves: Sequence[Move], *, now: datetime) -> frozenset[str]:
    """Take many deliveries along their edges; returns the ids of those that were still as they were read.

    Raises `ForbiddenEdge` when the state machine has no such edge.
    """
    if len(moves) == 1:  # the lone document of a webhook: one statement, not two
        (only,) = moves
        moved = move(connection, only.delivery, only.state, now=now, **only.values)
        return frozenset({only.delivery.id} if moved else ())
    query = select(DELIVERY.c.id, DELIVERY.c.state, DELIVERY.c.epoch).order_by(DELIVERY.c.id)
    query = query.where(DELIVERY.c.id.in_([one.delivery.id for one in moves])).with_for_update()
    stand = {(row.id, row.state, row.epoch) for row in connection.execute(query)}
    held = [one for one in moves if (one.delivery.id, one.delivery.state, one.delivery.epoch) in stand]
    move_locked(connection, held, now=now)
    return frozenset(one.delivery.id for one in held)


def move_locked(connection: Connection, moves: Sequence[Move], *, now: datetime) -> None:
    """Take deliveries that this transaction has locked along their edges: one statement for those alike."""
    alike: dict[tuple[str, ...], list[bulk.Values]] = {}
    for one in moves:
        check_edge(one.delivery.state, one.state)
        row = (one.delivery.id, one.state, now, *one.values.values())
        alike.setdefault(tuple(one.values), []).append(row)
    for names, rows in alike.items():
        bulk.update(connection, DELIVERY, "id", ("state", "changed_at", *names), rows)


def move(
    connection: Connection, delivery: Delivery, state: State, *, now: datetime, **values: object
) -> bool:
    """Take one delivery along an edge; False if another transaction has moved it since it was read.

    Raises `ForbiddenEdge` when the state machine has no such edge.
    """
    check_edge(delivery.state, state)
    changed = connection.execute(
        update(DELIVERY)
        .where(
            DELIVERY.c.id == delivery.id,
            DELIVERY.c.state == delivery.state,
            DELIVERY.c.epoch == delivery.epoch,
        )
        .values(state=state, changed_at=now, **values)
    )
    return changed.rowcount == 1


def with_state(delivery: Delivery, state: State) -> Delivery:
    """The delivery as it is after a move."""
    return replace(delivery, state=state)


def reopen(connection: Connection, delivery: Delivery, state: State, *, now: datetime) -> bool:
    """Let a parked or blocked delivery go on, with its counters at zero.

    When nothing of it can be in the book it becomes a new revision with its own key: a ledger may
    answer a used key with the refusal it stored (R6).
    """
    fresh: dict[str, object] = {}
    if state == "due" and delivery.wire is not None:
        revision = delivery.revision + 1
        key = DeliveryIdentity(delivery.book, delivery.kind, delivery.ref, revision).key
        fresh = {"revision": revision, "key": key, "wire": None, "wire_hash": ""}
    return move(
        connection,
        delivery,
        state,
        now=now,
        reason=delivery.reason if state == "uncertain" else "",
        why="",
        hint="",
        next_attempt_at=now,
        attempts=0,
        starts=0,
        absent_reads=0,
        read_failures=0,
        after_conflict=False,
        missing="",
        **fresh,
    )


def wake_dependents(connection: Connection, posted_ids: Iterable[str], *, now: datetime) -> None:
    """Make due every planned delivery that waited only for the ones just posted."""
    other = table_of(DeliveryRow).alias("needed")
    still_waiting = exists().where(
        and_(NEED.c.delivery_id == DELIVERY.c.id, NEED.c.needs_id == other.c.id, other.c.state != "posted")
    )
    waiting = select(NEED.c.delivery_id).where(NEED.c.needs_id.in_(tuple(posted_ids)))
    connection.execute(
        update(DELIVERY)
        .where(DELIVERY.c.state == "planned", DELIVERY.c.id.in_(waiting), ~still_waiting)
        .values(state="due", next_attempt_at=now, changed_at=now)
    )


def next_wake(connection: Connection, book: str) -> datetime | None:
    """When the book next has something to do, or None when nothing waits."""
    query = select(func.min(DELIVERY.c.next_attempt_at)).where(
        DELIVERY.c.book == book, DELIVERY.c.state.in_(("due", "uncertain"))
    )
    return cast("datetime | None", connection.execute(query).scalar())


def books_with_work(connection: Connection, *, now: datetime) -> tuple[str, ...]:
    """Books that have a due or uncertain delivery whose time has come, or one left in `sending`."""
    ready = and_(DELIVERY.c.state.in_(("due", "uncertain")), DELIVERY.c.next_attempt_at <= now)
    query = select(DELIVERY.c.book).where(ready | (DELIVERY.c.state == "sending")).distinct()
    return tuple(sorted(connection.execute(query).scalars()))


def needs_somebody() -> Exists:
    """Whether a delivery needs another one that a person must look at first."""
    other = table_of(DeliveryRow).alias("needed")
    return exists().where(
        and_(
            NEED.c.delivery_id == DELIVERY.c.id,
            NEED.c.needs_id == other.c.id,
            other.c.state.in_(("parked", "blocked", "cancelled")),
        )
    )


def has_any(connection: Connection, book: str) -> bool:
    """Whether anything was ever to be sent to a book."""
    return (
        connection.execute(select(DELIVERY.c.id).where(DELIVERY.c.book == book).limit(1)).first() is not None
    )


def open_count(connection: Connection, books: Sequence[str]) -> int:
    """Number of deliveries of these books that go on by themselves.

    One that waits for a parked, blocked or cancelled delivery does not: a person comes first.
    """
    waits = and_(DELIVERY.c.state == "planned", ~needs_somebody())
    moving = DELIVERY.c.state.in_(("due", "sending", "uncertain")) | waits
    query = select(func.count()).select_from(DELIVERY).where(DELIVERY.c.book.in_(books), moving)
    return int(connection.execute(query).scalar_one())


def posted_since(
    connection: Connection, since: datetime, books: Sequence[str]
) -> tuple[tuple[str, str, str, int, int], ...]:
    """(book, kind, currency, documents, gross in minor units) of documents posted since an instant."""
    columns = (DELIVERY.c.book, DELIVERY.c.kind, DELIVERY.c.currency)
    query = (
        select(*columns, func.count(), func.sum(DELIVERY.c.gross_minor))
        .where(
            DELIVERY.c.state == "posted",
            DELIVERY.c.document_id.is_not(None),
            DELIVERY.c.changed_at >= since,
            DELIVERY.c.book.in_(books),
        )
        .group_by(*columns)
        .order_by(*columns)
    )
    return tuple((row[0], row[1], row[2], int(row[3]), int(row[4])) for row in connection.execute(query))


def pack(wire: bytes) -> bytes:
    """Bytes as they lie in the row."""
    return zlib.compress(wire)


def expect_json(expect: Expectation) -> str:
    """An expectation as it lies in the row."""
    return canonical_json(expect).decode()


def _delivery(row: RowMapping | Mapping[str, Any]) -> Delivery:
    expect = msgspec.json.decode(row["expect"], type=Expectation) if row["expect"] else Expectation()
    record: Record = msgspec.json.decode(zlib.decompress(row["record"]), type=_RECORD_TYPES[row["kind"]])
    names = ("id", "book", "kind", "ref", "revision", "state", "reason", "lookup", "key", "marker")
    more = ("batch_key", "epoch", "attempts", "starts", "absent_reads", "read_failures", "after_conflict")
    last = ("goes_alone", "created_at", "changed_at", "send_started_at")
    return Delivery(
        **{name: row[name] for name in (*names, *more, *last)},
        record=record,
        wire=zlib.decompress(row["wire"]) if row["wire"] is not None else None,
        expect=expect,
    )
