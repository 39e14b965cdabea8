"""What was accepted beside what the books hold: duplicates and losses, counted from the books themselves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from tests.bench.chaos.blows import Thaw
from tests.bench.chaos.park import Park
from tests.e2e.books import KINDS, MARKER, NOTES
from tests.faults.seller import PRICE, REALMS
from worker.store.deliveries import DELIVERY
from worker.store.references import REFERENCE
from worker.store.tables import ChargeRow, DocumentRow, table_of

DOCUMENT = table_of(DocumentRow)
CHARGE = table_of(ChargeRow)
LEASE_S = 12.0
"""A worker frozen for less still holds its lanes when it goes on."""

AFTER_THAW_S = 3.0
"""A record created this soon after a thaw may be what the frozen worker had begun to send."""


@dataclass(frozen=True, slots=True)
class Count:
    """Documents accepted (released) and in the books; records held twice, apart from unprotected ones; lost.

    `lost` are events without a charge on a document, documents that no book holds, and money that is missing.
    """

    accepted: int
    in_ledger: int
    duplicates: tuple[str, ...]
    unprotected: tuple[str, ...]
    lost: tuple[str, ...]
    recovered_by_read: int
    parked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Record:
    book: str
    entity: str
    marker: str
    number: str
    net: int
    created_at: float


def count(park: Park, events: Sequence[int], thaws: Sequence[Thaw], *, is_guarded: bool) -> Count:
    """Compare everything, once all is quiet."""
    records = list(_records(park))
    held = defaultdict(list)
    for record in records:
        held[record.marker].append(record)
    twice = {marker: found for marker, found in held.items() if len(found) > 1}
    free = {} if is_guarded else {one: found for one, found in twice.items() if _after_thaw(found, thaws)}
    documents = [one for one in records if one.entity in KINDS]
    issued, charged, recovered, parked = _ours(park)
    numbers = {one.number for one in documents}
    lost = [f"event {number}" for number in events if f"EVENT-{number:05}" not in charged]
    lost += [f"document {number}" for number in issued if number not in numbers]
    if not lost and not twice:
        lost += _missing_money(events, documents)
    return Count(
        accepted=len(issued),
        in_ledger=len({one.number for one in documents}),
        duplicates=tuple(sorted(_named(twice[one]) for one in twice.keys() - free.keys())),
        unprotected=tuple(sorted(_named(found) for found in free.values())),
        lost=tuple(lost),
        recovered_by_read=recovered,
        parked=tuple(parked),
    )


def _records(park: Park) -> Iterator[_Record]:
    for book, realm in REALMS.items():
        dump = park.simulator.get("dump", realm=realm)
        for entity, member in NOTES.items():
            for body in dump.get(entity, ()):
                marker = MARKER.search(str(body.get(member, "")))
                if marker is not None:
                    yield _record(book, entity, marker[1], body)


def _record(book: str, entity: str, marker: str, body: dict[str, Any]) -> _Record:
    created = datetime.fromisoformat(body["MetaData"]["CreateTime"]).timestamp()
    number = str(body.get("DocNumber", body.get("DisplayName", body.get("Name", ""))))
    return _Record(book, entity, marker, number, int(body.get("TotalAmt", 0)), created)


def _after_thaw(found: Sequence[_Record], thaws: Sequence[Thaw]) -> bool:
    """Whether one of them came right after a thaw: created by a worker that froze after its last check."""
    return any(
        thaw.frozen_s >= LEASE_S and -1.0 <= record.created_at - thaw.at <= AFTER_THAW_S
        for record in found
        for thaw in thaws
    )


def _named(found: Sequence[_Record]) -> str:
    return f"{found[0].book} {found[0].entity} {found[0].number} x{len(found)}"


def _ours(park: Park) -> tuple[list[str], set[str], int, list[str]]:
    """Numbers we issued, subscriptions charged on them, records found by a read, and what is parked."""
    released = DOCUMENT.c.state == "released"
    waiting = select(DELIVERY.c.kind, DELIVERY.c.lookup, DELIVERY.c.reason)
    with park.app.store.read() as connection:
        issued = list(connection.scalars(select(DOCUMENT.c.number).where(released)))
        joined = select(CHARGE.c.subscription).join(DOCUMENT, DOCUMENT.c.id == CHARGE.c.document_id)
        charged = set(connection.scalars(joined.where(released)))
        origins = Counter(connection.scalars(select(REFERENCE.c.origin)))
        rows = connection.execute(waiting.where(DELIVERY.c.state.in_(("parked", "blocked")))).all()
    return issued, charged, origins["found"], [f"{kind} {lookup}: {reason}" for kind, lookup, reason in rows]


def _missing_money(events: Sequence[int], documents: Sequence[_Record]) -> list[str]:
    owed = sum((1 + number % 9) * PRICE for number in events)
    held = sum(one.net for one in documents)
    return [] if owed == held else [f"the books hold {held} USD of {owed} USD"]
