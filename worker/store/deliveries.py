"""Deliveries as rows: planning them at release, claiming, write-ahead and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from mappings.canonical.record import CustomerRecord, DocumentRecord, ItemRecord, RecordKind


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
    """Insert the delivery rows of released documents, in the caller's transaction."""
    raise NotImplementedError
