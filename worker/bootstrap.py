"""The composition root: from settings to plain objects. Everything is built here and handed on."""

from __future__ import annotations

import os
import random
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from connectors import registry
from connectors.protocols import Clock, Ledger
from mappings.canonical.book import Book
from worker.clock import SystemClock
from worker.embedded import DatabaseLock, SentFile
from worker.flows.ports import Doorbell, NoWatermark, Ports, Timing, Watermark
from worker.flows.run import Hands
from worker.settings import Settings
from worker.store import installation, key_file, lanes, migrate, orders, setup, tokens
from worker.store.columns import new_id
from worker.store.engine import Store, open_store
from worker.store.tokens import BookTokens
from worker.store.vault import BadKeys, Vault, parse_keys


class UnknownBook(KeyError):
    """No book of this code is set up."""

    def __str__(self) -> str:
        return f"there is no book {self.args[0]!r}"


class SilentDoorbell:
    """Rings nowhere: for a command that does the work itself."""

    def ring(self, name: str, row_id: str) -> None:
        """Do nothing: the caller goes on in the same thread."""


@dataclass
class App:
    """One process's objects. `doorbell` is replaced by the broker's when a worker runs here."""

    settings: Settings
    store: Store
    clock: Clock
    holder: str
    doorbell: Doorbell
    keys_file: Path | None
    watermark: Watermark = field(default_factory=NoWatermark)
    _sessions: dict[str, tuple[Book, Ledger]] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ports(self) -> Ports:
        """The doors flows are handed."""
        return Ports(
            self.store,
            self.clock,
            self.open_ledger,
            self.doorbell,
            self.holder,
            random.random,
            self.watermark,
        )

    @property
    def is_embedded(self) -> bool:
        """SQLite without Redis: everything runs in the process that holds the database's lock."""
        return self.store.is_sqlite and self.settings.redis_url is None

    def lock(self) -> DatabaseLock | None:
        """The lock of an embedded database, or None where many processes may work."""
        path = self.settings.sqlite_path
        return DatabaseLock(path) if path is not None else None

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Be the one process that bills and sends on an embedded database; raises `HeldElsewhere`.

        The lock proves that whoever held it before is dead: its leases and begun work orders are ended.
        """
        lock = self.lock()
        if lock is None:
            yield
            return
        with lock:
            self.store.transact(lanes.free_all)
            self.store.transact(tokens.free_all)
            now, why = self.clock.now(), "the process that did it ended before it was done"
            self.store.transact(lambda connection: orders.give_up(connection, now=now, why=why))
            yield

    def book(self, code: str) -> Book:
        """A book by code; raises `UnknownBook`."""
        with self.store.read() as connection:
            book = setup.book(connection, code)
        if book is None:
            raise UnknownBook(code)
        return book

    def books(self) -> tuple[Book, ...]:
        """Every book, by code."""
        with self.store.read() as connection:
            return setup.books(connection)

    def timing(self, book: Book) -> Timing:
        """A book's quiet period and recheck: its own settings or its ledger's."""
        known = registry.ledger(book.ledger).capabilities
        return Timing(
            known.server_limit_s if book.server_limit_s is None else book.server_limit_s,
            known.recheck_s if book.recheck_s is None else book.recheck_s,
            known.throttle_default_s,
        )

    def hands(self, books: Sequence[str] = (), *, should_stop: Callable[[], bool]) -> Hands:
        """Who pushes the named books (none named = every book): this process, or workers where Redis is."""
        wanted = [self.book(code) for code in books] if books else self.books()
        return Hands(
            {book.code: (book, self.timing(book)) for book in wanted},
            is_here=self.settings.redis_url is None,
            should_stop=should_stop,
        )

    def tokens(self, book: str) -> BookTokens:
        """The token store that a book uses: its own, or another book's where one consent covers both."""
        return BookTokens(self.store, self.vault, self.clock, registry.tokens_of(self.book(book)))

    def open_ledger(self, book: Book) -> Ledger:
        """The session of a book; kept, so that its connections stay open, until the book's set-up changes."""
        with self._guard:
            known = self._sessions.get(book.code)
            if known is None or known[0] != book:
                kind = registry.ledger(book.ledger)
                session = kind.open(self.as_reached(book), clock=self.clock, tokens=self.tokens(book.code))
                known = self._sessions[book.code] = (book, session)
            return known[1]

    def as_reached(self, book: Book) -> Book:
        """A book as this process reaches it: its files by full path, its client secret at hand.

        A relative file lies beside an embedded database, wherever a command is started from. Raises
        `ValueError` for one on a shared database, where it would be another file on every machine.
        """
        kind = registry.ledger(book.ledger)
        known = dict(book.settings)
        for name in kind.path_settings & known.keys():
            path = Path(known[name])
            if not path.is_absolute():
                database = self.settings.sqlite_path
                if database is None:
                    raise ValueError(f"book {book.code}: {name} must be a full path, not {known[name]}")
                known[name] = str(database.resolve().parent / path)
        if kind.consent is not None:
            secret = self.settings.client_secret_of(book.code)
            known = {**known, "client_secret": secret} if secret else known
        return replace(book, settings=known)

    def vault(self) -> Vault:
        """The active keys: SUBLEDGER_KEYS, or in embedded mode a key file beside the database.

        Raises `BadKeys` where keys are missing on a shared database: a key file there would differ per host.
        """
        if self.settings.keys is not None:
            return parse_keys(self.settings.keys.get_secret_value())
        if self.keys_file is None:
            raise BadKeys("SUBLEDGER_KEYS is not set; create a key with: subledger keys new")
        if key_file.is_open_to_others(self.keys_file):
            structlog.get_logger().warning("keys.open-to-others", file=self.keys_file.name)
        return key_file.vault(self.keys_file)


def build(settings: Settings) -> App:
    """Open and migrate the database and put the process's objects together."""
    path = settings.sqlite_path
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    store = open_store(settings.database_url)
    migrate.upgrade(store)
    offset = lanes.clock_offset(store, datetime.now(UTC))
    _meet_epoch(store, settings.restore_epoch)
    return App(
        settings=settings,
        store=store,
        clock=SystemClock(offset if abs(offset) > timedelta(milliseconds=1) else timedelta(0)),
        holder=f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}",
        doorbell=SilentDoorbell(),
        keys_file=path.with_name(path.name + ".keys") if path is not None else None,
        watermark=NoWatermark() if path is None else SentFile(path.with_name(path.name + ".sent")),
    )


def _meet_epoch(store: Store, outside: str) -> None:
    """Another restore epoch than the database knows: every book is read before anything is sent."""
    if not outside:
        return
    with store.read() as connection:
        if installation.restore_epoch(connection) == outside:
            return
    now = datetime.now(UTC)
    books = store.transact(lambda connection: installation.meet_epoch(connection, outside, now=now))
    if books:
        structlog.get_logger().warning("db.restored", books=len(books))
