"""What people look at: counts by state, lists and single things, read from the rows as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, case, false, func, or_, select
from sqlalchemy.engine import RowMapping

from mappings.canonical.document import Document
from mappings.canonical.money import Money
from mappings.canonical.record import FOLLOW_UPS
from worker.billing.values import Check
from worker.store.deliveries import needs_somebody
from worker.store.tables import (
    AttemptRow,
    DeliveryNeed,
    DeliveryRow,
    DocumentRow,
    HoldRow,
    LaneRow,
    RunRow,
    table_of,
)

DOCUMENT = table_of(DocumentRow)
DELIVERY = table_of(DeliveryRow)
NEED = table_of(DeliveryNeed)
ATTEMPT = table_of(AttemptRow)
LANE = table_of(LaneRow)
HOLD = table_of(HoldRow)
RUN = table_of(RunRow)


WAITS_FOR_STUCK = "waits_for_stuck"
"""Reason shown for a document whose customer or item is parked, blocked or cancelled."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Documents that share book (or issuer), state, reason, kind and currency: how many, and their gross."""

    place: str
    state: str
    reason: str
    kind: str
    count: int
    gross: Money


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """How a book's lane stands: pause, throttle until, and what it has called so far."""

    book: str
    pause_reason: str
    pause_why: str
    not_before: datetime
    calls: int
    reads: int
    batches: int
    throttled: int
    recovered: int
    verify_since: datetime | None

    @property
    def is_verifying(self) -> bool:
        """Whether the book is read before anything is created in it (after a restore)."""
        return self.verify_since is not None


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One document in a list. `delivery` is "BOOK state" of its delivery, "" while it has none."""

    id: str
    ref: str
    number: str
    state: str
    kind: str
    issuer: str
    bill_to: str
    document_date: date | None
    net: Money
    tax: Money
    gross: Money
    delivery: str


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """One document in full: its content, why it is held (our checks, an operator's reason)."""

    line: DocumentLine
    content: Document
    checks: tuple[Check, ...]
    held_by: str
    held_because: str
    deliveries: tuple[DeliveryLine, ...]
    follow_ups: tuple[DeliveryLine, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One delivery in a list; `number` is the document's number, or the code of a customer or item."""

    id: str
    book: str
    kind: str
    number: str
    ref: str
    revision: int
    state: str
    reason: str
    why: str
    hint: str
    gross: Money | None
    attempts: int
    next_attempt_at: datetime
    ledger_id: str
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One call that was made for a delivery, with its verdict."""

    act: str
    started_at: datetime
    ended_at: datetime
    verdict: str
    code: str
    status: int | None
    why: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """One delivery in full: what it waits for and every attempt, oldest first."""

    line: DeliveryLine
    key: str
    marker: str
    waits_for: tuple[DeliveryLine, ...]
    attempts: tuple[AttemptLine, ...]


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents a list shows; "" and () mean all. `not_sent`: posted, and not mailed."""

    states: tuple[str, ...] = ()
    issuer: str = ""
    bill_to: str = ""
    book: str = ""
    not_sent: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries a list shows; "" and () mean all."""

    states: tuple[str, ...] = ()
    book: str = ""
    kinds: tuple[str, ...] = ()


def lanes(connection: Connection) -> tuple[LaneFacts, ...]:
    """Every lane, by book."""
    names = tuple(LaneFacts.__dataclass_fields__)
    query = select(*(LANE.c[name] for name in names)).order_by(LANE.c.book)
    return tuple(LaneFacts(**row) for row in connection.execute(query).mappings())


def delivery_tallies(connection: Connection) -> tuple[Tally, ...]:
    """Documents on their way or arrived, by book, state, reason, kind and currency.

    A planned one whose customer or item needs a person counts as blocked: it does not go on by itself.
    """
    is_stuck = and_(DELIVERY.c.state == "planned", needs_somebody())
    state = case((is_stuck, "blocked"), else_=DELIVERY.c.state).label("state")
    reason = case((is_stuck, WAITS_FOR_STUCK), else_=DELIVERY.c.reason).label("reason")
    keys = (DELIVERY.c.book, state, reason, DELIVERY.c.kind, DELIVERY.c.currency)
    counted = select(*keys, DELIVERY.c.gross_minor).where(DELIVERY.c.document_id.is_not(None)).subquery()
    columns = (counted.c.book, counted.c.state, counted.c.reason, counted.c.kind, counted.c.currency)
    query = (
        select(*columns, func.count(), func.sum(counted.c.gross_minor)).group_by(*columns).order_by(*columns)
    )
    return tuple(
        _tally(book, state, reason, kind, currency, count, gross)
        for book, state, reason, kind, currency, count, gross in connection.execute(query)
    )


def document_tallies(connection: Connection) -> tuple[Tally, ...]:
    """Documents that are not released yet, by issuer, state, kind and currency."""
    keys = (DOCUMENT.c.issuer, DOCUMENT.c.state, DOCUMENT.c.kind, DOCUMENT.c.currency)
    query = (
        select(*keys, func.count(), func.sum(DOCUMENT.c.gross_minor))
        .where(DOCUMENT.c.state != "released")
        .group_by(*keys)
        .order_by(*keys)
    )
    return tuple(
        _tally(issuer, state, "", kind, currency, count, gross)
        for issuer, state, kind, currency, count, gross in connection.execute(query)
    )


def _tally(place: str, state: str, reason: str, kind: str, currency: str, count: int, gross: object) -> Tally:
    return Tally(place, state, reason, kind, count, Money(int(str(gross)), currency))


def last_run(connection: Connection) -> RunRow | None:
    """The newest bill run."""
    row = connection.execute(select(RUN).order_by(RUN.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else RunRow(**row)


def documents(
    connection: Connection, wanted: DocumentFilter, *, limit: int
) -> tuple[tuple[DocumentLine, ...], int]:
    """The newest documents of a filter, and how many there are in all."""
    query = _filtered_documents(wanted)
    total = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    newest = query.order_by(
        DOCUMENT.c.document_date.desc(), DOCUMENT.c.number.desc(), DOCUMENT.c.id.desc()
    ).limit(limit)
    rows = connection.execute(newest).mappings().all()
    return _document_lines(connection, rows), total


def _filtered_documents(wanted: DocumentFilter) -> Select[Any]:
    query = select(DOCUMENT)
    if wanted.states:
        query = query.where(DOCUMENT.c.state.in_(wanted.states))
    if wanted.issuer:
        query = query.where(DOCUMENT.c.issuer == wanted.issuer)
    if wanted.bill_to:
        query = query.where(DOCUMENT.c.bill_to == wanted.bill_to)
    if wanted.book:
        in_book = select(DELIVERY.c.document_id).where(
            DELIVERY.c.book == wanted.book, DELIVERY.c.document_id.is_not(None)
        )
        query = query.where(DOCUMENT.c.id.in_(in_book))
    if wanted.not_sent:
        query = query.where(
            DOCUMENT.c.id.in_(
                select(DELIVERY.c.document_id).where(_is_posted(), DELIVERY.c.document_id.is_not(None))
            ),
            DOCUMENT.c.ref.not_in(select(DELIVERY.c.ref).where(_is_posted(), DELIVERY.c.kind == "email")),
        )
    return query


def _is_posted() -> ColumnElement[bool]:
    return DELIVERY.c.state == "posted"


def documents_named(connection: Connection, name: str) -> tuple[DocumentFacts, ...]:
    """Documents with this number, reference or id; several issuers may use the same number."""
    query = select(DOCUMENT).where(
        or_(DOCUMENT.c.number == name, DOCUMENT.c.ref == name, _is_id(DOCUMENT.c.id, name))
    )
    rows = connection.execute(query.order_by(DOCUMENT.c.issuer, DOCUMENT.c.id)).mappings().all()
    return tuple(_document_facts(connection, row) for row in rows)


def _document_facts(connection: Connection, row: RowMapping) -> DocumentFacts:
    hold = connection.execute(select(HOLD).where(HOLD.c.ref == row["ref"])).mappings().first()
    query = select(DELIVERY).where(DELIVERY.c.document_id == row["id"]).order_by(DELIVERY.c.revision)
    deliveries = tuple(_delivery_line(one) for one in connection.execute(query).mappings())
    return DocumentFacts(
        line=_document_lines(connection, (row,))[0],
        content=msgspec.json.decode(row["body"], type=Document),
        checks=msgspec.json.decode(row["checks"], type=tuple[Check, ...]),
        held_by=hold["actor"] if hold else "",
        held_because=hold["reason"] if hold else "",
        deliveries=deliveries,
        follow_ups=_follow_ups(connection, row["ref"]),
    )


def _follow_ups(connection: Connection, ref: str) -> tuple[DeliveryLine, ...]:
    """What was asked for about a document: its reference, alone or before a slash, is theirs."""
    query = select(DELIVERY).where(
        DELIVERY.c.kind.in_(FOLLOW_UPS), or_(DELIVERY.c.ref == ref, DELIVERY.c.ref.startswith(f"{ref}/"))
    )
    ordered = query.order_by(DELIVERY.c.created_at, DELIVERY.c.id)
    return tuple(_delivery_line(one) for one in connection.execute(ordered).mappings())


def _document_lines(connection: Connection, rows: Sequence[RowMapping]) -> tuple[DocumentLine, ...]:
    columns = (DELIVERY.c.document_id, DELIVERY.c.book, DELIVERY.c.state)
    query = select(*columns).where(DELIVERY.c.document_id.in_([row["id"] for row in rows]))
    where = {
        document: f"{book} {state}"
        for document, book, state in connection.execute(query.order_by(DELIVERY.c.revision))
    }
    return tuple(
        DocumentLine(
            id=row["id"],
            ref=row["ref"],
            number=row["number"] or "",
            state=row["state"],
            kind=row["kind"],
            issuer=row["issuer"],
            bill_to=row["bill_to"],
            document_date=row["document_date"],
            net=Money(row["net_minor"], row["currency"]),
            tax=Money(row["tax_minor"], row["currency"]),
            gross=Money(row["gross_minor"], row["currency"]),
            delivery=where.get(row["id"], ""),
        )
        for row in rows
    )


def deliveries(
    connection: Connection, wanted: DeliveryFilter, *, limit: int
) -> tuple[tuple[DeliveryLine, ...], int]:
    """The deliveries of a filter that changed last, and how many there are in all."""
    query = select(DELIVERY)
    if wanted.states:
        query = query.where(DELIVERY.c.state.in_(wanted.states))
    if wanted.book:
        query = query.where(DELIVERY.c.book == wanted.book)
    if wanted.kinds:
        query = query.where(DELIVERY.c.kind.in_(wanted.kinds))
    total = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    newest = query.order_by(DELIVERY.c.changed_at.desc(), DELIVERY.c.id).limit(limit)
    return tuple(_delivery_line(row) for row in connection.execute(newest).mappings()), total


def deliveries_named(connection: Connection, name: str) -> tuple[DeliveryFacts, ...]:
    """Deliveries with this id, or of the document with this number; its follow-ups go by their ids."""
    is_named = and_(DELIVERY.c.lookup == name, DELIVERY.c.kind.not_in(FOLLOW_UPS))
    query = select(DELIVERY).where(or_(_is_id(DELIVERY.c.id, name), is_named))
    rows = connection.execute(query.order_by(DELIVERY.c.book, DELIVERY.c.id)).mappings().all()
    return tuple(_delivery_facts(connection, row) for row in rows)


def _delivery_facts(connection: Connection, row: RowMapping) -> DeliveryFacts:
    needed = select(NEED.c.needs_id).where(NEED.c.delivery_id == row["id"])
    waits = select(DELIVERY).where(DELIVERY.c.id.in_(needed), DELIVERY.c.state != "posted")
    names = tuple(AttemptLine.__dataclass_fields__)
    tries = select(*(ATTEMPT.c[name] for name in names)).where(ATTEMPT.c.delivery_id == row["id"])
    tries = tries.order_by(ATTEMPT.c.started_at, ATTEMPT.c.id)
    return DeliveryFacts(
        line=_delivery_line(row),
        key=row["key"],
        marker=row["marker"],
        waits_for=tuple(_delivery_line(one) for one in connection.execute(waits).mappings()),
        attempts=tuple(AttemptLine(**one) for one in connection.execute(tries).mappings()),
    )


def _delivery_line(row: RowMapping) -> DeliveryLine:
    names = (
        "id", "book", "kind", "ref", "revision", "state", "reason", "why", "hint", "attempts",
        "next_attempt_at", "ledger_id", "created_at", "changed_at",
    )  # fmt: skip
    gross = Money(row["gross_minor"], row["currency"]) if row["currency"] else None
    return DeliveryLine(**{name: row[name] for name in names}, number=row["lookup"], gross=gross)


def _is_id(column: Any, name: str) -> ColumnElement[bool]:
    """Whether a row's key is this text; one that is no UUID is nobody's (PostgreSQL would refuse it)."""
    try:
        key = str(UUID(name))
    except ValueError:
        return false()
    return cast("ColumnElement[bool]", column == key)
