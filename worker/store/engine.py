"""The one door to the database: SQLite (WAL, synchronous=FULL) or PostgreSQL, by URL.

Reads run in deferred, writes in immediate transactions: on SQLite the engine takes over BEGIN, so a
writer waits for the lock at its first statement instead of failing at its last.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection as Connection
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError

Result = TypeVar("Result")

WRITE = "subledger_write"
_TRIES_MAX = 5
_TRUSTED_S = 1.0
"""How long a connection counts as alive after it was used."""
_RETRIABLE_PG = {"40001", "40P01"}


class BadDatabaseUrl(ValueError):
    """DATABASE_URL names neither SQLite nor PostgreSQL."""


class Store:
    """Transactions on one database. `read` never writes; `write` commits at its end or not at all."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def is_sqlite(self) -> bool:
        """Embedded mode: one process holds the database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: one consistent picture."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction; the caller's exception rolls it back."""
        with self.engine.connect() as plain:
            connection = plain.execution_options(**{WRITE: True})
            with connection.begin():
                yield connection

    def transact(self, work: Callable[[Connection], Result]) -> Result:
        """Run local work in a write transaction, again at most 5 times after a deadlock or busy database.

        Only local work may be inside: no call to another system is ever repeated this way (R5).
        """
        for tries_left in range(_TRIES_MAX - 1, -1, -1):
            try:
                with self.write() as connection:
                    return work(connection)
            except DBAPIError as error:
                if tries_left == 0 or not _is_retriable(error):
                    raise
                time.sleep(random.uniform(0.005, 0.05))
        raise AssertionError("unreachable: the last try returns or raises")

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open a database by URL; raises `BadDatabaseUrl` with what is accepted. Does not migrate."""
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": 5.0, "check_same_thread": False})
        _take_over_begin(engine)
    else:
        engine = create_engine(parsed, pool_size=10, max_overflow=30)
        _ping_after_a_pause(engine)
    return Store(engine)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    backend = parsed.get_backend_name() if parsed is not None else ""
    if parsed is None or backend not in ("sqlite", "postgresql"):
        raise BadDatabaseUrl(
            f"DATABASE_URL starts with {url.split(':', 1)[0]!r}; use sqlite:///FILE or postgresql://USER@HOST/NAME"
        )
    return parsed.set(drivername="postgresql+psycopg") if backend == "postgresql" else parsed


def _is_retriable(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlstate", None)
    return code in _RETRIABLE_PG or "database is locked" in str(error.orig)


def _ping_after_a_pause(engine: Engine) -> None:
    """Ask a connection whether it is alive before it is used, unless it was used a moment ago.

    A ping for each of the twenty transactions that an event takes would cost as much as two of them.
    """

    @event.listens_for(engine, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("used_at", time.monotonic()) <= _TRUSTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _take_over_begin(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def configure(dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        is_write = connection.get_execution_options().get(WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")
