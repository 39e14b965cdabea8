"""What led to a document: the versions its charges were made of, and the events that told them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from mappings.canonical.subscription import SubscriptionVersion
from worker.store import bulk, subscriptions
from worker.store.tables import InboxRow, table_of

INBOX = table_of(InboxRow)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A webhook as it lies in the inbox."""

    source: str
    event_id: str
    received_at: datetime
    state: str


def versions(connection: Connection, codes: Collection[str]) -> Mapping[str, tuple[SubscriptionVersion, ...]]:
    """Subscription -> its versions, the oldest day first."""
    found: dict[str, list[SubscriptionVersion]] = {}
    for version in subscriptions.versions_of(connection, codes):
        found.setdefault(version.subscription, []).append(version)
    return {code: tuple(sorted(own, key=lambda one: (one.on, one.observed))) for code, own in found.items()}


def events(connection: Connection, ids: Collection[str]) -> Mapping[str, StoredEvent]:
    """Event id -> the event, for those that came as webhooks and are kept."""
    found: dict[str, StoredEvent] = {}
    for chunk in bulk.chunks(sorted(ids)):
        query = select(INBOX.c.source, INBOX.c.event_id, INBOX.c.received_at, INBOX.c.state)
        for row in connection.execute(query.where(INBOX.c.event_id.in_(chunk))):
            found[row.event_id] = StoredEvent(row.source, row.event_id, row.received_at, row.state)
    return found
