"""Differences between books and us, as rows: opened by what a book says, closed by the book or a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import Connection, select, update

from connectors.protocols import Expectation
from worker.delivery.differences import Difference, Known
from worker.store import bulk
from worker.store.columns import new_id
from worker.store.deliveries import DELIVERY
from worker.store.references import REFERENCE
from worker.store.tables import DifferenceRow, table_of

DIFFERENCE = table_of(DifferenceRow)


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """One difference in a list. States: open, closed (by the book or a person, with the reason)."""

    id: str
    book: str
    kind: str
    code: str
    lookup: str
    ledger_id: str
    reason: str
    what: str
    hint: str
    state: str
    first_seen_at: datetime
    last_seen_at: datetime
    closed_by: str
    close_reason: str


def known(
    connection: Connection, book: str, kind: str, ledger_ids: Collection[str]
) -> dict[str, tuple[Known, ...]]:
    """Ledger id -> the records of ours that stand for it; two customers of ours may share one."""
    found: dict[str, tuple[Known, ...]] = {}
    for chunk in bulk.chunks(sorted(set(ledger_ids))):
        query = (
            select(
                REFERENCE.c.code, REFERENCE.c.ledger_id, REFERENCE.c.version, DELIVERY.c.id,
                DELIVERY.c.lookup, DELIVERY.c.expect,
            )
            .join(
                DELIVERY,
                (DELIVERY.c.book == REFERENCE.c.book)
                & (DELIVERY.c.kind == REFERENCE.c.kind)
                & (DELIVERY.c.ref == REFERENCE.c.code)
                & (DELIVERY.c.state == "posted"),
                isouter=True,
            )
            .where(
                REFERENCE.c.book == book, REFERENCE.c.kind == kind, REFERENCE.c.ledger_id.in_(chunk)
            )
        )  # fmt: skip
        rows = connection.execute(query).all()
        voided = _voided_by_us(connection, book, [row.code for row in rows]) if kind == "invoice" else set()
        for row in rows:
            expect = msgspec.json.decode(row.expect, type=Expectation) if row.expect else Expectation()
            one = Known(
                kind, row.code, row.ledger_id, row.lookup or row.code, row.version, expect, row.id or "",
                row.code in voided,
            )  # fmt: skip
            found[row.ledger_id] = (*found.get(row.ledger_id, ()), one)
    return found


def markers_of(connection: Connection, book: str, markers: Collection[str]) -> frozenset[str]:
    """Those of the markers that belong to a posted delivery of the book."""
    found: set[str] = set()
    for chunk in bulk.chunks(sorted(markers)):
        query = select(DELIVERY.c.marker).where(
            DELIVERY.c.book == book, DELIVERY.c.marker.in_(chunk), DELIVERY.c.state == "posted"
        )
        found.update(connection.execute(query).scalars())
    return frozenset(found)


def note(
    connection: Connection,
    book: str,
    ours: Known,
    found: Sequence[Difference],
    *,
    version: str,
    now: datetime,
) -> None:
    """Make the open differences of one record exactly these; flags of its delivery follow."""
    place = (
        DIFFERENCE.c.book == book,
        DIFFERENCE.c.kind == ours.kind,
        DIFFERENCE.c.ledger_id == ours.ledger_id,
    )
    stored = {
        row.reason: row
        for row in connection.execute(
            select(DIFFERENCE.c.id, DIFFERENCE.c.reason, DIFFERENCE.c.state, DIFFERENCE.c.version).where(
                *place
            )
        )
    }
    for one in found:
        row = stored.pop(one.reason, None)
        if row is None:
            connection.execute(DIFFERENCE.insert().values(_row(book, ours, one, version, now)))
        elif row.state == "open" or row.version != version:
            values = {"what": one.what, "hint": one.hint, "version": version, "last_seen_at": now,
                      "state": "open", "closed_at": None, "closed_by": "", "close_reason": ""}  # fmt: skip
            connection.execute(update(DIFFERENCE).where(DIFFERENCE.c.id == row.id).values(values))
    gone = [row.id for row in stored.values() if row.state == "open"]
    if gone:
        close(connection, gone, by="book", reason="the book agrees with us again", now=now)


def flag(connection: Connection, delivery_id: str, flags: Collection[str]) -> None:
    """What a book shows of a posted delivery: differs, voided, missing, paid. Its state stays posted."""
    text = ",".join(sorted(flags))
    connection.execute(
        update(DELIVERY).where(DELIVERY.c.id == delivery_id, DELIVERY.c.flags != text).values(flags=text)
    )


def close(connection: Connection, ids: Sequence[str], *, by: str, reason: str, now: datetime) -> int:
    """Close open differences; returns how many were open."""
    done = connection.execute(
        update(DIFFERENCE)
        .where(DIFFERENCE.c.id.in_(ids), DIFFERENCE.c.state == "open")
        .values(state="closed", closed_at=now, closed_by=by, close_reason=reason)
    )
    return int(done.rowcount)


def lines(
    connection: Connection, *, book: str = "", states: Collection[str] = ("open",), limit: int = 1000
) -> tuple[DifferenceLine, ...]:
    """Differences, the oldest first."""
    names = tuple(DifferenceLine.__dataclass_fields__)
    query = select(*(DIFFERENCE.c[name] for name in names)).where(DIFFERENCE.c.state.in_(tuple(states)))
    if book:
        query = query.where(DIFFERENCE.c.book == book)
    ordered = query.order_by(DIFFERENCE.c.first_seen_at, DIFFERENCE.c.id).limit(limit)
    return tuple(DifferenceLine(**row) for row in connection.execute(ordered).mappings())


def get(connection: Connection, difference_id: str) -> DifferenceLine | None:
    """One difference by id; text that is no id is nobody's."""
    try:
        key = str(UUID(difference_id))
    except ValueError:
        return None
    names = tuple(DifferenceLine.__dataclass_fields__)
    query = select(*(DIFFERENCE.c[name] for name in names)).where(DIFFERENCE.c.id == key)
    row = connection.execute(query).mappings().first()
    return None if row is None else DifferenceLine(**row)


def _row(book: str, ours: Known, one: Difference, version: str, now: datetime) -> Mapping[str, object]:
    return {
        "id": new_id(), "book": book, "kind": ours.kind, "code": ours.code, "ledger_id": ours.ledger_id,
        "reason": one.reason, "lookup": ours.lookup, "delivery_id": ours.delivery_id or None,
        "what": one.what, "hint": one.hint, "version": version, "state": "open", "first_seen_at": now,
        "last_seen_at": now,
    }  # fmt: skip


def _voided_by_us(connection: Connection, book: str, refs: Collection[str]) -> set[str]:
    query = select(DELIVERY.c.ref).where(
        DELIVERY.c.book == book,
        DELIVERY.c.kind == "void",
        DELIVERY.c.ref.in_(tuple(refs)),
        DELIVERY.c.state.in_(("posted", "sending", "uncertain")),
    )
    return set(connection.execute(query).scalars())
