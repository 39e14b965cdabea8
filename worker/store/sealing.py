"""The audit log's hash chain: entries are sealed within seconds by one sealer, and any change shows (R15).

An entry is written unchained in the transaction of its act, so that acts never wait for each other. The
sealer gives it a place: its hash covers the entry and the hash of the place before. Nothing is updated.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text

from mappings.identity import canonical_json
from worker.store.audit import AUDIT
from worker.store.tables import AuditSealRow, table_of

SEAL = table_of(AuditSealRow)

GENESIS = "0" * 64
_LOCK = 5_305_112_860_411_909
"""Our number among PostgreSQL's advisory locks: one sealer at a time."""
_OVERLAP = 500
"""A transaction that began earlier may commit later: so many sealed entries back are looked at again."""
_PAGE = 1000
_FIELDS = ("id", "at", "actor", "act", "object", "reason", "body")


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: how many entries it has, and the last one's hash. To be kept elsewhere."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the chain found; `bad_seq` is the first place that is not as it was, 0 = none."""

    entries: int
    head: Head
    bad_seq: int = 0
    bad_id: str = ""
    why: str = ""

    @property
    def is_whole(self) -> bool:
        """Nothing was altered, taken out or put in."""
        return not self.bad_seq


@dataclass(frozen=True, slots=True)
class Entry:
    """One audit entry with its place in the chain; `seq` 0 = not sealed yet."""

    seq: int
    id: str
    at: datetime
    actor: str
    act: str
    object: str
    reason: str
    body: str


def seal(connection: Connection, *, whole: bool = False, limit: int = 10_000) -> int:
    """Chain the entries that are not yet; returns how many. `whole` looks for them from the beginning.

    Two sealers at once: one seals, the other does nothing.
    """
    if connection.dialect.name == "postgresql" and not connection.scalar(
        text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}
    ):
        return 0
    head = head_of(connection)
    rows = _unsealed(connection, head.seq, whole=whole, limit=limit)
    sealed, previous = [], head.hash
    for seq, row in enumerate(rows, head.seq + 1):
        digest = _digest(seq, previous, row)
        sealed.append({"seq": seq, "audit_id": row.id, "prev_hash": previous, "hash": digest})
        previous = digest
    if sealed:
        connection.execute(SEAL.insert(), sealed)
    return len(sealed)


def has_unsealed(connection: Connection) -> bool:
    """Whether there is something to seal; cheap enough for every sweep."""
    return bool(_unsealed(connection, head_of(connection).seq, whole=False, limit=1))


def head_of(connection: Connection) -> Head:
    """The end of the chain."""
    row = connection.execute(select(SEAL.c.seq, SEAL.c.hash).order_by(SEAL.c.seq.desc()).limit(1)).first()
    return Head(0, GENESIS) if row is None else Head(row.seq, row.hash)


def verify(connection: Connection, *, anchor: Head | None = None) -> Verified:
    """Compute the whole chain anew. `anchor` is a head that was kept outside: it must be in the chain."""
    head, previous, seq = head_of(connection), GENESIS, 0
    while True:
        page = _page(connection, after=seq)
        for row in page:
            why = _fault(seq, previous, row, anchor)
            if why:
                return Verified(seq, head, seq + 1, row.audit_id, why)
            seq, previous = row.seq, row.hash
        if len(page) < _PAGE:
            break
    if anchor is not None and anchor.seq > seq:
        return Verified(seq, head, seq + 1, "", f"the chain ends at {seq}, and once it reached {anchor.seq}")
    return Verified(seq, head)


def entries(connection: Connection, *, limit: int, subject: str = "") -> tuple[Entry, ...]:
    """The entries written last, the newest first."""
    query = select(SEAL.c.seq, *(AUDIT.c[name] for name in _FIELDS)).join_from(
        AUDIT, SEAL, SEAL.c.audit_id == AUDIT.c.id, isouter=True
    )
    if subject:
        query = query.where(AUDIT.c.object == subject)
    rows = connection.execute(query.order_by(AUDIT.c.id.desc()).limit(limit)).mappings()
    return tuple(Entry(**{**row, "seq": row["seq"] or 0}) for row in rows)


def _unsealed(connection: Connection, last: int, *, whole: bool, limit: int) -> list[Any]:
    query = select(*(AUDIT.c[name] for name in _FIELDS)).join_from(
        AUDIT, SEAL, SEAL.c.audit_id == AUDIT.c.id, isouter=True
    )
    query = query.where(SEAL.c.seq.is_(None))
    if not whole and last > _OVERLAP:
        bound = connection.scalar(select(SEAL.c.audit_id).where(SEAL.c.seq == last - _OVERLAP))
        query = query.where(AUDIT.c.id > bound)
    return list(connection.execute(query.order_by(AUDIT.c.id).limit(limit)))


def _page(connection: Connection, *, after: int) -> list[Any]:
    columns = (SEAL.c.seq, SEAL.c.audit_id, SEAL.c.prev_hash, SEAL.c.hash)
    query = (
        select(*columns, *(AUDIT.c[name] for name in _FIELDS))
        .join_from(SEAL, AUDIT, SEAL.c.audit_id == AUDIT.c.id, isouter=True)
        .where(SEAL.c.seq > after)
        .order_by(SEAL.c.seq)
        .limit(_PAGE)
    )
    return list(connection.execute(query))


def _fault(before: int, previous: str, row: Any, anchor: Head | None) -> str:
    """What is wrong with one place of the chain, "" = nothing."""
    if row.seq != before + 1:
        return f"the place {before + 1} is missing"
    if row.id is None:
        return "the entry was taken out"
    if row.prev_hash != previous:
        return "it does not follow the place before"
    if row.hash != _digest(row.seq, previous, row):
        return "the entry was altered"
    if anchor is not None and anchor.seq == row.seq and anchor.hash != row.hash:
        return "the chain was written anew: its hash is not the one that was kept outside"
    return ""


def _digest(seq: int, previous: str, row: Any) -> str:
    facts = [
        seq,
        previous,
        str(row.id),
        row.at.isoformat(),
        row.actor,
        row.act,
        row.object,
        row.reason,
        row.body,
    ]
    return hashlib.sha256(canonical_json(facts)).hexdigest()
