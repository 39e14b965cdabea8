"""What a bench measures besides time: memory of processes, rows written since a moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import LiteralString

import psutil
import psycopg
from psycopg import sql

MEGABYTE = 1024 * 1024
EVERY_S = 0.05
WRITTEN: tuple[LiteralString, ...] = ("charge", "document", "delivery")


@dataclass
class Memory:
    """The most resident memory seen: of all processes together (shared pages count again), and of one."""

    together_mb: float = 0.0
    largest_mb: float = 0.0
    _done: threading.Event = field(default_factory=threading.Event)

    def _watch(self, process: psutil.Process) -> None:
        while not self._done.wait(EVERY_S):
            sizes = [_resident(one) for one in _with_children(process)]
            self.together_mb = max(self.together_mb, sum(sizes))
            self.largest_mb = max([self.largest_mb, *sizes])


@contextmanager
def watched(pid: int) -> Iterator[Memory]:
    """Follow a process and its children until the block ends."""
    memory = Memory()
    watcher = threading.Thread(target=memory._watch, args=(psutil.Process(pid),))
    watcher.start()
    try:
        yield memory
    finally:
        memory._done.set()
        watcher.join()


def _with_children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _resident(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / MEGABYTE
    except psutil.NoSuchProcess:
        return 0.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of a database: its next transaction, and how many rows the watched tables have."""

    transaction: int
    rows: int


def mark(url: str) -> Mark:
    """The moment to ask `rows_written` about."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        assert row is not None
        return Mark(row[0], sum(_count(connection, table) for table in WRITTEN))


def rows_written(url: str, since: Mark) -> int:
    """Rows of charge, document and delivery that were inserted, changed or deleted since a mark.

    A row written carries its transaction's number (a bench's database is far from their wrap-around).
    """
    with psycopg.connect(url) as connection:
        new = sum(_count(connection, table, since.transaction) for table in WRITTEN)
        total = sum(_count(connection, table) for table in WRITTEN)
    return new + abs(total - since.rows - new) if new else abs(total - since.rows)


def _count(connection: psycopg.Connection, table: LiteralString, since: int = 0) -> int:
    query = sql.SQL("SELECT count(*) FROM {} WHERE xmin::text::bigint >= %s").format(sql.Identifier(table))
    row = connection.execute(query, (since,)).fetchone()
    assert row is not None
    return int(row[0])
