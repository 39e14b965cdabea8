"""Every table. Unique constraints carry the guarantees; nothing relies on checking first.

Bodies are canonical JSON text (mappings.identity.canonical_json) of the frozen values in
mappings.canonical; columns beside them are what queries need.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Date,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from worker.store.columns import Exact, Instant, bytewise_text, new_id, row_id
from worker.store.rows import Row as Row
from worker.store.rows import table_of as table_of
from worker.store.truth_tables import ApplicationPace as ApplicationPace
from worker.store.truth_tables import AuditSealRow as AuditSealRow
from worker.store.truth_tables import BookFactsRow as BookFactsRow
from worker.store.truth_tables import ConsentRequestRow as ConsentRequestRow
from worker.store.truth_tables import DifferenceRow as DifferenceRow
from worker.store.truth_tables import InstallationRow as InstallationRow
from worker.store.truth_tables import MeteredReads as MeteredReads
from worker.store.truth_tables import PlanRow as PlanRow


class SetupObject(Row, table=True):
    """One object of the business set-up: issuer, book, chart, party, product, price_list, pool, contract...

    Dated objects (price lists, contracts) have code@from as their code: history is never overwritten.
    `group_code` names the billing group that alone reads the object; "" = every group reads it.
    """

    __tablename__ = "setup_object"
    kind: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    group_code: str = Field(default="", index=True)
    body: str = Field(sa_type=Text)
    hash: str
    changed_at: datetime = Field(sa_type=Instant)


class BillingGroup(Row, table=True):
    """A connected part of the party tree: the unit that is billed, locked and recomputed together.

    `account` is where its subscriptions went when it was last billed (JSON of a RunAccount); the group ""
    holds the subscriptions of no party of ours.
    """

    __tablename__ = "billing_group"
    code: str = Field(primary_key=True)
    billed_as_of: date | None = Field(default=None, sa_type=Date)
    is_dirty: bool = True
    account: str = Field(default="", sa_type=Text)


class PartyGroup(Row, table=True):
    """Which billing group a party is in."""

    __tablename__ = "party_group"
    party: str = Field(primary_key=True)
    group_code: str = Field(index=True)


class SubscriptionRow(Row, table=True):
    """The lasting facts of a subscription; `group_code` "" = no party of ours (unassigned)."""

    __tablename__ = "subscription"
    code: str = Field(primary_key=True)
    source: str
    party: str = Field(index=True)
    group_code: str = Field(index=True)
    contract: str = ""
    body: str = Field(sa_type=Text)
    hash: str


class VersionRow(Row, table=True):
    """What is held from a day on: append-only, effective-dated. `details`: JSON of what few versions have."""

    __tablename__ = "subscription_version"
    __table_args__ = (UniqueConstraint("subscription", "ref"),)
    id: str = Field(default_factory=new_id, primary_key=True, sa_type=row_id())
    subscription: str = Field(index=True)
    ref: str
    on_day: date = Field(sa_type=Date)
    quantity: Decimal = Field(sa_type=Exact)
    status: str
    observed: str
    at_instant: datetime | None = Field(default=None, sa_type=Instant)
    details: str | None = Field(default=None, sa_type=Text)


class UsageRow(Row, table=True):
    """Metered consumption of a subscription on a day."""

    __tablename__ = "usage_record"
    __table_args__ = (UniqueConstraint("subscription", "ref"),)
    id: str = Field(default_factory=new_id, primary_key=True, sa_type=row_id())
    subscription: str = Field(index=True)
    ref: str
    on_day: date = Field(sa_type=Date)
    quantity: Decimal = Field(sa_type=Exact)
    meter: str


class InboxRow(Row, table=True):
    """A webhook as it arrived. States: stored, applied, refused (with why), conflict (other body)."""

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("source", "event_id"),)
    id: str = Field(default_factory=new_id, primary_key=True, sa_type=row_id())
    source: str
    event_id: str
    body_hash: str
    body: bytes = Field(sa_type=LargeBinary)
    received_at: datetime = Field(sa_type=Instant)
    state: str = Field(default="stored", index=True)
    why: str = Field(default="", sa_type=Text)
    duplicates: int = 0
    attempts: int = 0
    next_attempt_at: datetime = Field(sa_type=Instant)


class ProviderLineRow(Row, table=True):
    """One line of a provider's reconciliation file, under its natural key."""

    __tablename__ = "provider_line"
    key: str = Field(primary_key=True)
    source: str
    invoice_number: str = Field(index=True)
    subscription: str = Field(index=True)
    charge_type: str
    body: str = Field(sa_type=Text)
    flags: str = Field(default="", sa_type=Text)


class RunRow(Row, table=True):
    """One bill run: what it was asked, what it did, and the sentence that adds up."""

    __tablename__ = "run"
    id: str = Field(default_factory=new_id, primary_key=True, sa_type=row_id())
    as_of: date = Field(sa_type=Date)
    started_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    summary: str = Field(default="", sa_type=Text)


class DocumentRow(Row, table=True):
    """A document: draft (may be rewritten by the next bill), held (with checks), or released (frozen)."""

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("issuer", "series", "number"),
        Index("ix_document_group_state", "group_code", "state"),
        Index("ix_document_release", "issuer", "state", "sort_key"),
    )
    id: str = Field(default_factory=new_id, primary_key=True, sa_type=row_id())
    ref: str = Field(unique=True)
    state: str
    kind: str
    issuer: str
    bill_to: str
    group_code: str
    currency: str
    net_minor: int = Field(sa_type=BigInteger)
    tax_minor: int = Field(sa_type=BigInteger)
    gross_minor: int = Field(sa_type=BigInteger)
    sort_key: str = Field(sa_type=bytewise_text())
    series: str | None = None
    number: str | None = Field(default=None, index=True)
    document_date: date | None = Field(default=None, sa_type=Date)
    body: str = Field(sa_type=Text)
    fingerprint: str
    checks: str = Field(default="[]", sa_type=Text)
    run_id: str | None = Field(default=None, sa_type=row_id())
    as_of: date | None = Field(default=None, sa_type=Date)
    released_at: datetime | None = Field(default=None, sa_type=Instant)


class ChargeRow(Row, table=True):
    """One priced reason to pay for one period. (what, period, revision) can exist once."""

    __tablename__ = "charge"
    __table_args__ = (UniqueConstraint("subscription", "cycle_start", "revision"),)
    id: str = Field(default_factory=new_id, primary_key=True, sa_type=row_id())
    document_id: str = Field(index=True, sa_type=row_id())
    group_code: str = Field(index=True)
    subscription: str
    cycle_start: date = Field(sa_type=Date)
    revision: int
    contract: str = ""
    price_list: str = ""
    net_minor: int = Field(sa_type=BigInteger)
    currency: str
    body: str = Field(sa_type=Text)


class ApprovalRow(Row, table=True):
    """Somebody approved exactly this content of this document (hash of the body)."""

    __tablename__ = "approval"
    ref: str = Field(primary_key=True)
    fingerprint: str = Field(primary_key=True)
    actor: str
    at: datetime = Field(sa_type=Instant)


class HoldRow(Row, table=True):
    """An operator keeps a document from being released, with a reason.

    A draft's reference changes with its charges; the hold stays with the document key and follows.
    """

    __tablename__ = "document_hold"
    ref: str = Field(primary_key=True)
    document_key: str = Field(unique=True)
    reason: str = Field(sa_type=Text)
    actor: str
    at: datetime = Field(sa_type=Instant)


class SeriesCounter(Row, table=True):
    """The next number of a series; locked by the release that takes from it, so there are no gaps."""

    __tablename__ = "series_counter"
    issuer: str = Field(primary_key=True)
    series: str = Field(primary_key=True)
    reset_key: str = Field(primary_key=True)
    next_number: int


class DeliveryRow(Row, table=True):
    """One record to be put into one book. Its identity (book, kind, ref, revision) can exist once.

    A lane sends by `rank` (worker.delivery.batch.rank_of), then `sort_key`.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("book", "kind", "ref", "revision"),
        Index("ix_delivery_lane", "book", "state", "next_attempt_at"),
        Index("ix_delivery_turn", "book", "state", "rank", "sort_key", "id"),
    )
    id: str = Field(default_factory=new_id, primary_key=True, sa_type=row_id())
    book: str
    kind: str
    ref: str
    revision: int = 0
    state: str
    reason: str = ""
    why: str = Field(default="", sa_type=Text)
    hint: str = Field(default="", sa_type=Text)
    lookup: str = ""
    document_id: str | None = Field(default=None, index=True, sa_type=row_id())
    rank: int = 0
    sort_key: str = ""
    record: bytes = Field(sa_type=LargeBinary)
    currency: str = ""
    gross_minor: int = Field(default=0, sa_type=BigInteger)
    key: str
    marker: str
    wire: bytes | None = Field(default=None, sa_type=LargeBinary)
    wire_hash: str = ""
    expect: str = Field(default="", sa_type=Text)
    batch_key: str = ""
    epoch: int = 0
    attempts: int = 0
    starts: int = 0
    next_attempt_at: datetime = Field(sa_type=Instant)
    send_started_at: datetime | None = Field(default=None, sa_type=Instant)
    absent_reads: int = 0
    read_failures: int = 0
    after_conflict: bool = False
    goes_alone: bool = False
    ledger_id: str = ""
    ledger_version: str = ""
    flags: str = ""
    missing: str = Field(default="", sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class DeliveryNeed(Row, table=True):
    """A delivery waits until the delivery it needs is posted."""

    __tablename__ = "delivery_need"
    delivery_id: str = Field(primary_key=True, sa_type=row_id())
    needs_id: str = Field(primary_key=True, index=True, sa_type=row_id())


class AttemptRow(Row, table=True):
    """What happened once: append-only evidence, also from a worker that had lost its lane."""

    __tablename__ = "attempt"
    id: str = Field(default_factory=new_id, primary_key=True, sa_type=row_id())
    delivery_id: str = Field(index=True, sa_type=row_id())
    book: str
    act: str
    epoch: int
    key: str
    started_at: datetime = Field(sa_type=Instant)
    ended_at: datetime = Field(sa_type=Instant)
    verdict: str
    code: str = ""
    status: int | None = Field(default=None, sa_type=Integer)
    why: str = Field(default="", sa_type=Text)
    trace_id: str = ""
    evidence: str = Field(default="", sa_type=Text)


class ExternalReference(Row, table=True):
    """Our thing (kind, code) is their record (ledger id) in a book; unique both ways for documents."""

    __tablename__ = "external_reference"
    __table_args__ = (
        Index(
            "uq_external_reference_document",
            "book",
            "kind",
            "ledger_id",
            unique=True,
            sqlite_where=text("kind IN ('invoice', 'credit_note')"),
            postgresql_where=text("kind IN ('invoice', 'credit_note')"),
        ),
    )
    book: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    ledger_id: str
    version: str = ""
    origin: str
    name: str = ""


class LaneRow(Row, table=True):
    """One book's lane: who may send (lease), since when it pauses, and its pacing state.

    `slot_at`: when its next call has a slot; until then the sweeper need not ring for it.
    """

    __tablename__ = "lane"
    book: str = Field(primary_key=True)
    holder: str = ""
    epoch: int = 0
    lease_until: datetime = Field(sa_type=Instant)
    pause_reason: str = ""
    pause_why: str = Field(default="", sa_type=Text)
    not_before: datetime = Field(sa_type=Instant)
    slot_at: datetime = Field(sa_type=Instant)
    failures: int = 0
    pacing: str = Field(default="", sa_type=Text)
    calls: int = 0
    reads: int = 0
    batches: int = 0
    throttled: int = 0
    recovered: int = 0
    verify_since: datetime | None = Field(default=None, sa_type=Instant)


class TokenRow(Row, table=True):
    """The encrypted token pair of a book, and who may refresh it now.

    When consent ends is no secret, so it stands beside: unless the pair is used (rolling), and in any case.
    """

    __tablename__ = "book_token"
    book: str = Field(primary_key=True)
    version: int
    sealed: bytes = Field(sa_type=LargeBinary)
    sealed_previous: bytes | None = Field(default=None, sa_type=LargeBinary)
    refresher: str = ""
    refreshing_until: datetime = Field(sa_type=Instant)
    stored_at: datetime = Field(sa_type=Instant)
    rolling_until: datetime | None = Field(default=None, sa_type=Instant)
    hard_until: datetime | None = Field(default=None, sa_type=Instant)


class WorkOrderRow(Row, table=True):
    """Work handed to the process that holds an embedded database. States: waiting, running, done, failed."""

    __tablename__ = "work_order"
    id: str = Field(default_factory=new_id, primary_key=True, sa_type=row_id())
    verb: str
    arguments: str = Field(default="{}", sa_type=Text)
    state: str = Field(default="waiting", index=True)
    progress: str = Field(default="", sa_type=Text)
    result: str = Field(default="", sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class AuditRow(Row, table=True):
    """An act of a person or a change of settings; sealed into a hash chain by a later step."""

    __tablename__ = "audit"
    id: str = Field(default_factory=new_id, primary_key=True, sa_type=row_id())
    at: datetime = Field(sa_type=Instant)
    actor: str
    act: str
    object: str
    reason: str = Field(default="", sa_type=Text)
    body: str = Field(default="", sa_type=Text)
