"""When a book's application may make its next call: some providers limit it over all its books together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.application import application
from connectors.protocols import Ledger
from mappings.canonical.book import Book
from worker.flows.ports import Ports
from worker.store import pacing


@dataclass(frozen=True, slots=True)
class AppSlots:
    """The slots of one application; where it is not limited, every instant is one and nothing is stored."""

    ports: Ports
    application: str
    gap: timedelta

    @classmethod
    def of(cls, ports: Ports, book: Book, ledger: Ledger) -> AppSlots:
        """The slots of the application that speaks for a book."""
        known = application(book, ledger.capabilities)
        gap = 60 / known.calls_per_minute if known.calls_per_minute else 0.0
        return cls(ports, known.name, timedelta(seconds=gap))

    def seen(self, now: datetime) -> datetime:
        """The next slot, which another lane may still take."""
        if not self.gap:
            return now
        with self.ports.store.read() as connection:
            return pacing.next_slot(connection, self.application, gap=self.gap, now=now)

    def taken(self, now: datetime) -> datetime:
        """The next slot, mine from here on."""
        if not self.gap:
            return now
        return self.ports.store.transact(
            lambda connection: pacing.take_slot(connection, self.application, gap=self.gap, now=now)
        )
