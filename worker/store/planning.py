"""Planning the delivery rows of released documents, with the customers and items that must come first.

Protects: nothing that the book holds already, or that is on its way there, is planned a second time.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, select

from mappings.canonical.record import CustomerRecord, DocumentRecord, ItemRecord, RecordKind, Reference
from mappings.identity import DeliveryIdentity, canonical_json
from worker.delivery.batch import rank_of
from worker.store.columns import new_id
from worker.store.deliveries import DELIVERY, NEED
from worker.store.references import bind, bound_of

_Planned: TypeAlias = CustomerRecord | ItemRecord | DocumentRecord


@dataclass(frozen=True, slots=True)
class PlannedDocument:
    """A released document on its way into one book, with the customers and items it needs.

    `companions` come in the order they must be posted (a parent customer before its child). `takes`
    are the kinds of record the book's ledger holds (`Capabilities.records`).
    """

    book: str
    document_id: str
    record: DocumentRecord
    companions: tuple[CustomerRecord | ItemRecord, ...]
    create_missing: Literal["never", "always"]
    takes: frozenset[RecordKind]
    sort_key: str


def plan(connection: Connection, documents: Sequence[PlannedDocument], *, now: datetime) -> None:
    """Insert the delivery rows of released documents, in the caller's transaction.

    A companion the book already holds (external reference) or that is already on its way is not
    inserted again. With `create_missing: never` a missing one parks the document instead, and
    nothing is created silently.
    """
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    needs: list[dict[str, str]] = []
    on_the_way = _existing(connection, documents)
    held = {book: _held(connection, book, wanted) for book, wanted in _wanted(documents).items()}
    for document in documents:
        wanted = [one for one in document.companions if _kind(one) in document.takes]
        missing = [one for one in wanted if Reference(_kind(one), one.code) not in held[document.book]]
        new = _row(document.book, document.record, document, now)
        rows[document.book, new["kind"], new["ref"]] = new
        if missing and document.create_missing == "never":
            names = ", ".join(f"{_kind(one)} {one.code}" for one in missing)
            new.update(
                state="parked",
                reason="target_missing",
                why=f"Book {document.book} has no {names}, and this book creates nothing by itself.",
                hint="Link the record that is there already: subledger mapping suggest --book "
                f"{document.book}; or name it under ledger_ids in the workspace file.",
                missing="\n".join(f"{_kind(one)} {one.code}" for one in missing),
            )
            continue
        before: list[str] = []
        for companion in missing:
            place = (document.book, _kind(companion), companion.code)
            if place not in on_the_way:
                row = rows[place] = _row(document.book, companion, document, now)
                on_the_way[place] = row["id"]
                if isinstance(companion, CustomerRecord) and companion.parent and before:
                    row["state"] = "planned"
                    needs.append({"delivery_id": row["id"], "needs_id": before[-1]})
            before.append(on_the_way[place])
        new["state"] = "planned" if before else "due"
        needs.extend({"delivery_id": new["id"], "needs_id": one} for one in before)
    if rows:
        connection.execute(DELIVERY.insert(), list(rows.values()))
    if needs:
        connection.execute(NEED.insert(), needs)


def _wanted(documents: Sequence[PlannedDocument]) -> dict[str, set[Reference]]:
    wanted: dict[str, set[Reference]] = {}
    for document in documents:
        records = {Reference(_kind(one), one.code) for one in document.companions}
        wanted.setdefault(document.book, set()).update(records)
    return wanted


def _held(connection: Connection, book: str, wanted: set[Reference]) -> set[Reference]:
    """Which of the wanted records the book holds.

    One that was posted holds a ledger id even when its reference was lost (row 70): it is bound again.
    """
    known = set(bound_of(connection, book, wanted))
    lost = wanted - known
    if not lost:
        return known
    query = select(DELIVERY.c.kind, DELIVERY.c.ref, DELIVERY.c.ledger_id, DELIVERY.c.ledger_version).where(
        DELIVERY.c.book == book,
        DELIVERY.c.kind.in_(("customer", "item")),
        DELIVERY.c.ref.in_({one.code for one in lost}),
        DELIVERY.c.state == "posted",
        DELIVERY.c.ledger_id != "",
    )
    for row in connection.execute(query.order_by(DELIVERY.c.revision)).all():
        reference = Reference(row.kind, row.ref)
        if reference in lost:
            version = row.ledger_version
            bind(connection, book, reference, ledger_id=row.ledger_id, version=version, origin="posted")
            known.add(reference)
    return known


def _existing(
    connection: Connection, documents: Sequence[PlannedDocument]
) -> dict[tuple[str, str, str], str]:
    codes = {one.code for document in documents for one in document.companions}
    books = {document.book for document in documents}
    columns = (DELIVERY.c.book, DELIVERY.c.kind, DELIVERY.c.ref, DELIVERY.c.id)
    query = select(*columns).where(
        DELIVERY.c.book.in_(books),
        DELIVERY.c.kind.in_(("customer", "item")),
        DELIVERY.c.ref.in_(codes),
        DELIVERY.c.state != "posted",
    )
    return {(row.book, row.kind, row.ref): row.id for row in connection.execute(query)}


def _kind(record: _Planned) -> RecordKind:
    if isinstance(record, CustomerRecord):
        return "customer"
    if isinstance(record, ItemRecord):
        return "item"
    return record.document.kind


def _ref(record: _Planned) -> str:
    return record.document.ref if isinstance(record, DocumentRecord) else record.code


def _row(book: str, record: _Planned, document: PlannedDocument, now: datetime) -> dict[str, Any]:
    identity = DeliveryIdentity(book, _kind(record), _ref(record))
    is_document = isinstance(record, DocumentRecord)
    return {
        "id": new_id(),
        "book": book,
        "kind": identity.kind,
        "ref": identity.ref,
        "revision": 0,
        "state": "due",
        "reason": "",
        "why": "",
        "hint": "",
        "missing": "",
        "lookup": record.document.number if isinstance(record, DocumentRecord) else record.code,
        "document_id": document.document_id if is_document else None,
        "rank": rank_of(_kind(record)),
        "sort_key": document.sort_key,
        "record": zlib.compress(canonical_json(record)),
        "currency": record.document.currency if isinstance(record, DocumentRecord) else "",
        "gross_minor": record.document.gross.minor if isinstance(record, DocumentRecord) else 0,
        "key": identity.key,
        "marker": identity.marker,
        "next_attempt_at": now,
        "created_at": now,
        "changed_at": now,
    }
