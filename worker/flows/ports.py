"""What a flow is handed: the few things it may touch, as plain objects (built by bootstrap)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from connectors.protocols import Clock, Ledger
from mappings.canonical.book import Book
from worker.store.engine import Store


class Doorbell(Protocol):
    """Tells a worker that a row waits. Losing a ring costs seconds: the sweeper rings again."""

    def ring(self, name: str, row_id: str) -> None: ...


class OpenLedger(Protocol):
    """Opens the session of one book, with its tokens and secrets."""

    def __call__(self, book: Book) -> Ledger: ...


class Watermark(Protocol):
    """When something was last sent to each book, outside the database: a restore cannot take it back."""

    def last_sent(self, book: str) -> datetime | None: ...

    def sent(self, book: str, at: datetime) -> None: ...


class NoWatermark:
    """Nothing is kept outside: after a restore a person, or the environment, must say so."""

    def last_sent(self, book: str) -> datetime | None:
        return None

    def sent(self, book: str, at: datetime) -> None:
        """Keep nothing."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The doors of a flow. `holder` names this process on leases; `jitter` gives a number in [0, 1)."""

    store: Store
    clock: Clock
    open_ledger: OpenLedger
    doorbell: Doorbell
    holder: str
    jitter: Callable[[], float]
    watermark: Watermark = field(default_factory=NoWatermark)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a book's server may still commit after a send began, and how far reads are apart (seconds)."""

    server_limit_s: float
    recheck_s: float
    throttle_default_s: float = 60.0
