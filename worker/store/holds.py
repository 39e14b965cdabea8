"""Documents that a person keeps from being released, and approvals of exactly one content."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, select, update

from mappings.identity import canonical_json
from worker.billing.values import Check
from worker.store import bulk
from worker.store.tables import ApprovalRow, DocumentRow, HoldRow, table_of

HOLD = table_of(HoldRow)
APPROVAL = table_of(ApprovalRow)
DOCUMENT = table_of(DocumentRow)

OPERATOR_HOLD = "operator_hold"
_CHECKS = msgspec.json.Decoder(tuple[Check, ...])


@dataclass(frozen=True, slots=True)
class Hold:
    """Who keeps a document back, and why. `document_key` is what its drafts have in common."""

    ref: str
    document_key: str
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class Unreleased:
    """A draft or held document that a person acts on."""

    ref: str
    state: str
    kind: str
    issuer: str
    bill_to: str
    currency: str
    gross_minor: int
    fingerprint: str
    sort_key: str


def document_key(sort_key: str) -> str:
    """A document's key without its reference: what every draft of the same outstanding shares."""
    return sort_key.rpartition("\x1f")[0]


def all_holds(connection: Connection) -> Mapping[str, Hold]:
    """Document key -> hold."""
    query = select(HOLD.c.ref, HOLD.c.document_key, HOLD.c.reason, HOLD.c.actor)
    return {row.document_key: Hold(*row) for row in connection.execute(query)}


def follow(connection: Connection, hold: Hold, ref: str) -> None:
    """The held draft was written anew under another reference: its charges changed."""
    if hold.ref != ref:
        connection.execute(update(HOLD).where(HOLD.c.ref == hold.ref).values(ref=ref))


def hold_check(hold: Hold) -> Check:
    """A hold as the check that keeps its document held."""
    return Check(
        OPERATOR_HOLD, f"{hold.actor} keeps this document back until the hold is lifted: {hold.reason}"
    )


def unreleased(
    connection: Connection, *, refs: Collection[str] | None = None, issuers: Collection[str] | None = None
) -> tuple[Unreleased, ...]:
    """Drafts and held documents: the named ones, or all of these issuers, in release order."""
    query = select(
        DOCUMENT.c.ref,
        DOCUMENT.c.state,
        DOCUMENT.c.kind,
        DOCUMENT.c.issuer,
        DOCUMENT.c.bill_to,
        DOCUMENT.c.currency,
        DOCUMENT.c.gross_minor,
        DOCUMENT.c.fingerprint,
        DOCUMENT.c.sort_key,
    ).where(DOCUMENT.c.state != "released")
    if issuers is not None:
        query = query.where(DOCUMENT.c.issuer.in_(issuers))
    rows = [row for row in connection.execute(query) if refs is None or row.ref in refs]
    return tuple(Unreleased(*row) for row in sorted(rows, key=lambda row: (row.issuer, row.sort_key)))


def approve(connection: Connection, documents: Sequence[Unreleased], *, actor: str, now: datetime) -> int:
    """Approve exactly the content these documents have now; returns how many were not approved yet."""
    rows = [(one.ref, one.fingerprint, actor, now) for one in documents]
    columns = ("ref", "fingerprint", "actor", "at")
    return bulk.insert_new(connection, APPROVAL, columns, rows, unique=("ref", "fingerprint"))


def approved(connection: Connection, refs: Collection[str]) -> frozenset[tuple[str, str]]:
    """(reference, fingerprint) of every approval of these documents."""
    found: set[tuple[str, str]] = set()
    for chunk in bulk.chunks(sorted(refs)):
        query = select(APPROVAL.c.ref, APPROVAL.c.fingerprint).where(APPROVAL.c.ref.in_(chunk))
        found |= {(row.ref, row.fingerprint) for row in connection.execute(query)}
    return frozenset(found)


def put_hold(connection: Connection, document: Unreleased, *, reason: str, actor: str, now: datetime) -> None:
    """Keep a document back, also when later bills write it anew with other charges."""
    hold = Hold(document.ref, document_key(document.sort_key), reason, actor)
    columns = ("ref", "document_key", "reason", "actor", "at")
    row = (hold.ref, hold.document_key, hold.reason, hold.actor, now)
    bulk.upsert(connection, HOLD, columns, [row], unique=("document_key",))
    others = [check for check in _checks(connection, document.ref) if check.code != OPERATOR_HOLD]
    _write_checks(connection, document.ref, (*others, hold_check(hold)))


def lift_hold(connection: Connection, document: Unreleased) -> bool:
    """Let a document go again, unless a check of its own holds it; False when nobody had held it."""
    key = document_key(document.sort_key)
    lifted = connection.execute(delete(HOLD).where(HOLD.c.document_key == key)).rowcount > 0
    checks = _checks(connection, document.ref)
    _write_checks(connection, document.ref, tuple(check for check in checks if check.code != OPERATOR_HOLD))
    return lifted


def _checks(connection: Connection, ref: str) -> tuple[Check, ...]:
    text = connection.scalar(select(DOCUMENT.c.checks).where(DOCUMENT.c.ref == ref))
    return _CHECKS.decode(text) if text else ()


def _write_checks(connection: Connection, ref: str, checks: tuple[Check, ...]) -> None:
    values = {"state": "held" if checks else "draft", "checks": canonical_json(checks).decode()}
    connection.execute(
        update(DOCUMENT).where(DOCUMENT.c.ref == ref, DOCUMENT.c.state != "released").values(values)
    )
