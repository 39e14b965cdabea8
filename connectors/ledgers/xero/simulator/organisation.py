"""One organisation's books in memory: records by kind, found by id, number or name."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.ledgers.xero.simulator.config import OrganisationConfig
from connectors.ledgers.xero.simulator.wire_dates import stamp

Body = dict[str, object]

NUMBERS = {
    "Invoices": "InvoiceNumber",
    "CreditNotes": "CreditNoteNumber",
    "Contacts": "Name",
    "Items": "Code",
}
IDS = {"Invoices": "InvoiceID", "CreditNotes": "CreditNoteID", "Contacts": "ContactID", "Items": "ItemID"}


@dataclass(slots=True)
class Row:
    """One record; `body` is what reads show."""

    kind: str
    id: str
    body: Body
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """A change that webhooks may tell of."""

    tenant_id: str
    kind: str
    id: str
    is_new: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class File:
    """A file on a document."""

    id: str
    name: str
    media_type: str
    content: bytes


@dataclass
class Organisation:
    """Take `lock` around everything that reads or changes more than one record."""

    config: OrganisationConfig
    notify: Callable[[tuple[Event, ...]], None]
    lock: threading.RLock = field(default_factory=threading.RLock)
    files: dict[str, list[File]] = field(default_factory=dict)
    _rows: dict[str, dict[str, Row]] = field(default_factory=lambda: {kind: {} for kind in NUMBERS})
    _by_number: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _events: list[Event] = field(default_factory=list)

    @property
    def currencies(self) -> tuple[str, ...]:
        return (self.config.base_currency, *self.config.currencies)

    def all(self, kind: str) -> Iterator[Row]:
        yield from self._rows[kind].values()

    def get(self, kind: str, identifier: str) -> Row | None:
        return self._rows[kind].get(identifier)

    def by_number(self, kind: str, number: str) -> list[Row]:
        """Records under a number, name or code; case does not count."""
        rows = self._rows[kind]
        return [rows[identifier] for identifier in self._by_number.get((kind, number.casefold()), ())]

    def put(self, kind: str, body: Body, *, now: datetime) -> Row:
        """Keep a record, new or changed, with its id and instants filled in."""
        identifier = str(body.get(IDS[kind]) or uuid.uuid4())
        held = self._rows[kind].get(identifier)
        if held is not None:  # two changes never share an instant: it is all that tells them apart
            now = max(now, held.updated_at + timedelta(milliseconds=1))
        row = Row(kind, identifier, body, held.created_at if held else now, now)
        body[IDS[kind]] = identifier
        body["UpdatedDateUTC"] = stamp(now)
        if held is not None:
            self._by_number[(kind, self._number(held))].remove(identifier)
        self._by_number.setdefault((kind, self._number(row)), []).append(identifier)
        self._rows[kind][identifier] = row
        self._events.append(Event(self.config.tenant_id, kind, identifier, held is None, now))
        return row

    def flush(self) -> None:
        """Tell what changed since the last time."""
        events, self._events = tuple(self._events), []
        self.notify(events)

    def _number(self, row: Row) -> str:
        return str(row.body.get(NUMBERS[row.kind]) or "").casefold()
