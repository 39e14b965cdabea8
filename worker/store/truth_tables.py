"""Tables for what operators do and what books say: frozen plans, facts and differences of books, seals.

Part of the one metadata; everybody imports them from worker.store.tables.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, Text, UniqueConstraint
from sqlmodel import Field

from worker.store.columns import Instant, new_id, row_id
from worker.store.rows import Row


class PlanRow(Row, table=True):
    """A frozen selection of things and what will be done to each; applied once. States: open, applied.

    `scope` says what was asked (JSON), `body` the frozen items (JSON), `result` what became of them (JSON).
    """

    __tablename__ = "frozen_plan"
    id: str = Field(default_factory=new_id, primary_key=True, sa_type=row_id())
    kind: str
    actor: str
    reason: str = Field(default="", sa_type=Text)
    scope: str = Field(default="{}", sa_type=Text)
    body: str = Field(sa_type=Text)
    state: str = "open"
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    applied_at: datetime | None = Field(default=None, sa_type=Instant)
    applied_by: str = ""
    result: str = Field(default="", sa_type=Text)


class BookFactsRow(Row, table=True):
    """What a book last said of itself, and until when its changes were read (`changes_until`)."""

    __tablename__ = "book_facts"
    book: str = Field(primary_key=True)
    asked_at: datetime = Field(sa_type=Instant)
    checked_at: datetime | None = Field(default=None, sa_type=Instant)
    company_id: str = ""
    company_name: str = ""
    home_currency: str = ""
    closed_until: date | None = Field(default=None, sa_type=Date)
    changes_until: datetime | None = Field(default=None, sa_type=Instant)


class DifferenceRow(Row, table=True):
    """A book and we say different things of one record, for one reason. Ours is never written over theirs."""

    __tablename__ = "difference"
    __table_args__ = (UniqueConstraint("book", "kind", "ledger_id", "reason"),)
    id: str = Field(default_factory=new_id, primary_key=True, sa_type=row_id())
    book: str = Field(index=True)
    kind: str
    code: str
    ledger_id: str
    reason: str
    lookup: str = ""
    delivery_id: str | None = Field(default=None, index=True, sa_type=row_id())
    what: str = Field(default="", sa_type=Text)
    hint: str = Field(default="", sa_type=Text)
    version: str = ""
    state: str = Field(default="open", index=True)
    first_seen_at: datetime = Field(sa_type=Instant)
    last_seen_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    closed_by: str = ""
    close_reason: str = Field(default="", sa_type=Text)


class ConsentRequestRow(Row, table=True):
    """An administrator was asked for consent to one book; the answer counts once, and not for ever.

    The `state` that comes back with the answer is a secret: only its hash is kept. Outcomes: "" (open),
    taken (an answer is being used), connected, failed.
    """

    __tablename__ = "consent_request"
    state_hash: str = Field(primary_key=True)
    book: str = Field(index=True)
    redirect_uri: str
    actor: str
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    outcome: str = ""
    why: str = Field(default="", sa_type=Text)


class AuditSealRow(Row, table=True):
    """The place of an audit entry in the hash chain: its hash covers the entry and the hash before."""

    __tablename__ = "audit_seal"
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    audit_id: str = Field(unique=True, sa_type=row_id())
    prev_hash: str
    hash: str


class InstallationRow(Row, table=True):
    """Facts of this installation as a whole, such as its restore epoch."""

    __tablename__ = "installation"
    name: str = Field(primary_key=True)
    value: str
    changed_at: datetime = Field(sa_type=Instant)


class MeteredReads(Row, table=True):
    """How often a book was read in a month (like 2026-11, UTC)."""

    __tablename__ = "metered_reads"
    book: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    reads: int = 0


class ApplicationPace(Row, table=True):
    """The slot that the last call of an application took, over all its books."""

    __tablename__ = "application_pace"
    application: str = Field(primary_key=True)
    slot_at: datetime = Field(sa_type=Instant)
