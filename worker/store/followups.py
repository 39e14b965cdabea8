"""Follow-ups as delivery rows: what is done about a document once it is in a book.

A follow-up waits until its document is posted there. Its identity is (book, kind, what it is about), so
asking twice is as good as once; asking again after it ended is a new revision, by a person's word.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from mappings.canonical.document import DocumentKind
from mappings.canonical.money import Money
from mappings.canonical.record import (
    ApplicationRecord,
    AttachmentRecord,
    EmailRecord,
    FollowUp,
    FollowUpKind,
    Target,
    VoidRecord,
)
from mappings.identity import DeliveryIdentity, canonical_json
from worker.delivery.batch import rank_of
from worker.store import bulk
from worker.store.columns import new_id
from worker.store.deliveries import DELIVERY, NEED

_KINDS: dict[type, FollowUpKind] = {
    VoidRecord: "void",
    ApplicationRecord: "application",
    AttachmentRecord: "attachment",
    EmailRecord: "email",
}
_ENDED = ("posted", "cancelled")


@dataclass(frozen=True, slots=True)
class InBook:
    """A document's delivery in one book, as follow-ups need it."""

    id: str
    book: str
    state: str
    target: Target
    ledger_id: str
    sort_key: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A follow-up that was asked for: its delivery, state, and whether it is new."""

    id: str
    book: str
    kind: FollowUpKind
    number: str
    state: str
    is_new: bool


def in_books(connection: Connection, document_ids: Sequence[str]) -> tuple[InBook, ...]:
    """The deliveries of documents that were not cancelled, by number and book."""
    names = (
        "id",
        "book",
        "kind",
        "ref",
        "state",
        "lookup",
        "gross_minor",
        "currency",
        "ledger_id",
        "sort_key",
    )
    found: list[InBook] = []
    for chunk in bulk.chunks(document_ids):
        query = select(*(DELIVERY.c[name] for name in names)).where(
            DELIVERY.c.document_id.in_(chunk), DELIVERY.c.state != "cancelled"
        )
        for row in connection.execute(query.order_by(DELIVERY.c.lookup, DELIVERY.c.book)):
            kind: DocumentKind = "credit_note" if row.kind == "credit_note" else "invoice"
            target = Target(kind, row.ref, row.lookup, Money(row.gross_minor, row.currency))
            found.append(InBook(row.id, row.book, row.state, target, row.ledger_id, row.sort_key))
    return tuple(found)


def plan(
    connection: Connection, wanted: Sequence[tuple[InBook, FollowUp]], *, now: datetime, again: bool = False
) -> tuple[Planned, ...]:
    """Insert follow-ups that are not there yet, each after its document; `again` repeats one that ended."""
    return tuple(_plan_one(connection, place, record, now, again=again) for place, record in wanted)


def kind_of(record: FollowUp) -> FollowUpKind:
    """The kind of delivery a follow-up is."""
    return _KINDS[type(record)]


def ref_of(record: FollowUp) -> str:
    """Reference of a follow-up: its document's, and what tells several of a kind apart."""
    ref = record.document.ref
    if isinstance(record, ApplicationRecord):
        return f"{ref}/{record.invoice.ref}"
    if isinstance(record, AttachmentRecord):
        return f"{ref}/{hashlib.sha256(record.name.encode() + record.content).hexdigest()[:20]}"
    return ref


def _plan_one(
    connection: Connection, place: InBook, record: FollowUp, now: datetime, *, again: bool
) -> Planned:
    kind, ref = kind_of(record), ref_of(record)
    same = (DELIVERY.c.book == place.book, DELIVERY.c.kind == kind, DELIVERY.c.ref == ref)
    known = connection.execute(
        select(DELIVERY.c.id, DELIVERY.c.state, DELIVERY.c.revision)
        .where(*same)
        .order_by(DELIVERY.c.revision.desc())
        .limit(1)
    ).first()
    if known is not None and not (again and known.state in _ENDED):
        return Planned(known.id, place.book, kind, place.target.number, known.state, is_new=False)
    revision = 0 if known is None else known.revision + 1
    identity = DeliveryIdentity(place.book, kind, ref, revision)
    is_there = place.state == "posted"
    row = {
        "id": new_id(),
        "book": place.book,
        "kind": kind,
        "ref": ref,
        "revision": revision,
        "state": "due" if is_there else "planned",
        "lookup": place.target.number,
        "rank": rank_of(kind),
        "sort_key": place.sort_key,
        "record": zlib.compress(canonical_json(record)),
        "key": identity.key,
        "marker": identity.marker,
        "goes_alone": True,
        "next_attempt_at": now,
        "created_at": now,
        "changed_at": now,
    }
    connection.execute(DELIVERY.insert().values(row))
    connection.execute(NEED.insert().values(delivery_id=row["id"], needs_id=place.id))
    return Planned(str(row["id"]), place.book, kind, place.target.number, str(row["state"]), is_new=True)
