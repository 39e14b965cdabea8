"""Create every table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_frozen_plan()
    _create_book_facts()
    _create_difference()
    _create_audit_seal()
    _create_installation()
    _create_setup_object()
    _create_billing_group()
    _create_party_group()
    _create_subscription()
    _create_subscription_version()
    _create_usage_record()
    _create_inbox()
    _create_provider_line()
    _create_run()
    _create_document()
    _create_charge()
    _create_approval()
    _create_document_hold()
    _create_series_counter()
    _create_delivery()
    _create_delivery_need()
    _create_attempt()
    _create_external_reference()
    _create_lane()
    _create_metered_reads()
    _create_application_pace()
    _create_book_token()
    _create_consent_request()
    _create_work_order()
    _create_audit()


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only: restore a backup instead")


def _create_frozen_plan() -> None:
    op.create_table(
        "frozen_plan",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=True),
        sa.Column("applied_by", sa.String(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frozen_plan")),
    )


def _create_book_facts() -> None:
    op.create_table(
        "book_facts",
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("company_id", sa.String(), nullable=False),
        sa.Column("company_name", sa.String(), nullable=False),
        sa.Column("home_currency", sa.String(), nullable=False),
        sa.Column("closed_until", sa.Date(), nullable=True),
        sa.Column("changes_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("book", name=op.f("pk_book_facts")),
    )


def _create_difference() -> None:
    op.create_table(
        "difference",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("ledger_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("lookup", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("close_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difference")),
        sa.UniqueConstraint(
            "book", "kind", "ledger_id", "reason", name=op.f("uq_difference_book_kind_ledger_id_reason")
        ),
    )
    op.create_index(op.f("ix_difference_book"), "difference", ["book"], unique=False)
    op.create_index(op.f("ix_difference_delivery_id"), "difference", ["delivery_id"], unique=False)
    op.create_index(op.f("ix_difference_state"), "difference", ["state"], unique=False)


def _create_audit_seal() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("audit_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_audit_seal_audit_id")),
    )


def _create_installation() -> None:
    op.create_table(
        "installation",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation")),
    )


def _create_setup_object() -> None:
    op.create_table(
        "setup_object",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("group_code", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "code", name=op.f("pk_setup_object")),
    )
    op.create_index(op.f("ix_setup_object_group_code"), "setup_object", ["group_code"], unique=False)


def _create_billing_group() -> None:
    op.create_table(
        "billing_group",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("billed_as_of", sa.Date(), nullable=True),
        sa.Column("is_dirty", sa.Boolean(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_billing_group")),
    )


def _create_party_group() -> None:
    op.create_table(
        "party_group",
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("group_code", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("party", name=op.f("pk_party_group")),
    )
    op.create_index(op.f("ix_party_group_group_code"), "party_group", ["group_code"], unique=False)


def _create_subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("group_code", sa.String(), nullable=False),
        sa.Column("contract", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_subscription")),
    )
    op.create_index(op.f("ix_subscription_group_code"), "subscription", ["group_code"], unique=False)
    op.create_index(op.f("ix_subscription_party"), "subscription", ["party"], unique=False)


def _create_subscription_version() -> None:
    op.create_table(
        "subscription_version",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("subscription", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("observed", sa.String(), nullable=False),
        sa.Column("at_instant", sa.BigInteger(), nullable=True),
        sa.Column("details", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_version")),
        sa.UniqueConstraint("subscription", "ref", name=op.f("uq_subscription_version_subscription_ref")),
    )
    op.create_index(
        op.f("ix_subscription_version_subscription"), "subscription_version", ["subscription"], unique=False
    )


def _create_usage_record() -> None:
    op.create_table(
        "usage_record",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("subscription", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("meter", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_record")),
        sa.UniqueConstraint("subscription", "ref", name=op.f("uq_usage_record_subscription_ref")),
    )
    op.create_index(op.f("ix_usage_record_subscription"), "usage_record", ["subscription"], unique=False)


def _create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("source", "event_id", name=op.f("uq_inbox_source_event_id")),
    )
    op.create_index(op.f("ix_inbox_state"), "inbox", ["state"], unique=False)


def _create_provider_line() -> None:
    op.create_table(
        "provider_line",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("invoice_number", sa.String(), nullable=False),
        sa.Column("subscription", sa.String(), nullable=False),
        sa.Column("charge_type", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_provider_line")),
    )
    op.create_index(
        op.f("ix_provider_line_invoice_number"), "provider_line", ["invoice_number"], unique=False
    )
    op.create_index(op.f("ix_provider_line_subscription"), "provider_line", ["subscription"], unique=False)


def _create_run() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )


def _create_document() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("bill_to", sa.String(), nullable=False),
        sa.Column("group_code", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("sort_key", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("series", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("document_date", sa.Date(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("checks", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("issuer", "series", "number", name=op.f("uq_document_issuer_series_number")),
        sa.UniqueConstraint("ref", name=op.f("uq_document_ref")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # A bill writes documents of two to four kilobytes; compressing each costs as much as all its indexes.
        op.execute("ALTER TABLE document SET (toast_tuple_target = 8160)")
    op.create_index(op.f("ix_document_group_state"), "document", ["group_code", "state"], unique=False)
    op.create_index(op.f("ix_document_number"), "document", ["number"], unique=False)
    op.create_index(op.f("ix_document_release"), "document", ["issuer", "state", "sort_key"], unique=False)


def _create_charge() -> None:
    op.create_table(
        "charge",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("document_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("group_code", sa.String(), nullable=False),
        sa.Column("subscription", sa.String(), nullable=False),
        sa.Column("cycle_start", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("contract", sa.String(), nullable=False),
        sa.Column("price_list", sa.String(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
        sa.UniqueConstraint(
            "subscription",
            "cycle_start",
            "revision",
            name=op.f("uq_charge_subscription_cycle_start_revision"),
        ),
    )
    op.create_index(op.f("ix_charge_document_id"), "charge", ["document_id"], unique=False)
    op.create_index(op.f("ix_charge_group_code"), "charge", ["group_code"], unique=False)


def _create_approval() -> None:
    op.create_table(
        "approval",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ref", "fingerprint", name=op.f("pk_approval")),
    )


def _create_document_hold() -> None:
    op.create_table(
        "document_hold",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("document_key", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_document_hold")),
        sa.UniqueConstraint("document_key", name=op.f("uq_document_hold_document_key")),
    )


def _create_series_counter() -> None:
    op.create_table(
        "series_counter",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("reset_key", sa.String(), nullable=False),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "series", "reset_key", name=op.f("pk_series_counter")),
    )


def _create_delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("lookup", sa.String(), nullable=False),
        sa.Column("document_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("sort_key", sa.String(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("marker", sa.String(), nullable=False),
        sa.Column("wire", sa.LargeBinary(), nullable=True),
        sa.Column("wire_hash", sa.String(), nullable=False),
        sa.Column("expect", sa.Text(), nullable=False),
        sa.Column("batch_key", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("send_started_at", sa.BigInteger(), nullable=True),
        sa.Column("absent_reads", sa.Integer(), nullable=False),
        sa.Column("read_failures", sa.Integer(), nullable=False),
        sa.Column("after_conflict", sa.Boolean(), nullable=False),
        sa.Column("goes_alone", sa.Boolean(), nullable=False),
        sa.Column("ledger_id", sa.String(), nullable=False),
        sa.Column("ledger_version", sa.String(), nullable=False),
        sa.Column("flags", sa.String(), nullable=False),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "book", "kind", "ref", "revision", name=op.f("uq_delivery_book_kind_ref_revision")
        ),
    )
    op.create_index(op.f("ix_delivery_document_id"), "delivery", ["document_id"], unique=False)
    op.create_index(op.f("ix_delivery_lane"), "delivery", ["book", "state", "next_attempt_at"], unique=False)
    turn = ["book", "state", "rank", "sort_key", "id"]
    op.create_index(op.f("ix_delivery_turn"), "delivery", turn, unique=False)


def _create_delivery_need() -> None:
    op.create_table(
        "delivery_need",
        sa.Column("delivery_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("needs_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "needs_id", name=op.f("pk_delivery_need")),
    )
    op.create_index(op.f("ix_delivery_need_needs_id"), "delivery_need", ["needs_id"], unique=False)


def _create_attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("delivery_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.String(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_delivery_id"), "attempt", ["delivery_id"], unique=False)


def _create_external_reference() -> None:
    op.create_table(
        "external_reference",
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("ledger_id", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("book", "kind", "code", name=op.f("pk_external_reference")),
    )
    where = sa.text("kind IN ('invoice', 'credit_note')")
    op.create_index(
        op.f("uq_external_reference_document"),
        "external_reference",
        ["book", "kind", "ledger_id"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def _create_metered_reads() -> None:
    op.create_table(
        "metered_reads",
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("book", "month", name=op.f("pk_metered_reads")),
    )


def _create_application_pace() -> None:
    op.create_table(
        "application_pace",
        sa.Column("application", sa.String(), nullable=False),
        sa.Column("slot_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("application", name=op.f("pk_application_pace")),
    )


def _create_lane() -> None:
    op.create_table(
        "lane",
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("pause_reason", sa.String(), nullable=False),
        sa.Column("pause_why", sa.Text(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("slot_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("pacing", sa.Text(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.Column("batches", sa.Integer(), nullable=False),
        sa.Column("throttled", sa.Integer(), nullable=False),
        sa.Column("recovered", sa.Integer(), nullable=False),
        sa.Column("verify_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("book", name=op.f("pk_lane")),
    )


def _create_book_token() -> None:
    op.create_table(
        "book_token",
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_previous", sa.LargeBinary(), nullable=True),
        sa.Column("refresher", sa.String(), nullable=False),
        sa.Column("refreshing_until", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("rolling_until", sa.BigInteger(), nullable=True),
        sa.Column("hard_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("book", name=op.f("pk_book_token")),
    )


def _create_consent_request() -> None:
    op.create_table(
        "consent_request",
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("redirect_uri", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_consent_request")),
    )
    op.create_index(op.f("ix_consent_request_book"), "consent_request", ["book"], unique=False)


def _create_work_order() -> None:
    op.create_table(
        "work_order",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order")),
    )
    op.create_index(op.f("ix_work_order_state"), "work_order", ["state"], unique=False)


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
