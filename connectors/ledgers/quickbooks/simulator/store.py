"""Durable state in one SQLite file (or in memory): records, answers by request id, tokens, companies.

Committed before the answer leaves, so nothing answered is forgotten by a kill -9 of the simulator.
WAL without fsync is enough for that: a killed process loses no written page, only a power cut would.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.simulation.codec import decode, encode

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    realm TEXT NOT NULL, entity TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, gone INTEGER NOT NULL,
    PRIMARY KEY (realm, entity, id)
);
CREATE TABLE IF NOT EXISTS answer (
    realm TEXT NOT NULL, request_id TEXT NOT NULL, status INTEGER NOT NULL, content_type TEXT NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (realm, request_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS company (realm TEXT PRIMARY KEY, config BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS attachment (realm TEXT, id TEXT, content BLOB, PRIMARY KEY (realm, id));
CREATE TABLE IF NOT EXISTS token (kind TEXT, value TEXT, body BLOB NOT NULL, PRIMARY KEY (kind, value));
"""
# An update keeps the row's place, so that reading by rowid gives the order of creation.
_PUT_RECORD = """
INSERT INTO record VALUES (?,?,?,?,?,?,?) ON CONFLICT (realm, entity, id) DO UPDATE SET
    body=excluded.body, created_at=excluded.created_at, updated_at=excluded.updated_at, gone=excluded.gone
"""


@dataclass(slots=True)
class Row:
    """One record of a company. `gone` = deleted: kept for change reads, hidden from everything else."""

    entity: str
    id: str
    body: dict[str, object]
    created_at: datetime
    updated_at: datetime
    gone: bool = False


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What a request id was answered with the first time."""

    status: int
    content_type: str
    body: bytes


class Store:
    """The SQLite file behind all companies of one simulator; thread-safe."""

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        where = ":memory:" if folder is None else str(folder / "simulator.sqlite3")
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(where, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def rows(self, realm: str) -> list[Row]:
        found = self._query(
            "SELECT entity, id, body, created_at, updated_at, gone FROM record WHERE realm=? ORDER BY rowid",
            realm,
        )
        return [
            Row(
                entity=str(entity),
                id=str(identifier),
                body=_object(body),
                created_at=datetime.fromisoformat(str(created_at)),
                updated_at=datetime.fromisoformat(str(updated_at)),
                gone=bool(gone),
            )
            for entity, identifier, body, created_at, updated_at, gone in found
        ]

    def save(
        self,
        realm: str,
        rows: Iterable[Row],
        *,
        answers: Sequence[tuple[str, StoredAnswer]] = (),
        files: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Records, answers and attached files in one transaction."""
        changed = [
            (
                realm,
                row.entity,
                row.id,
                encode(row.body),
                row.created_at.isoformat(),
                row.updated_at.isoformat(),
                int(row.gone),
            )
            for row in rows
        ]
        with self._lock, _Transaction(self._connection) as write:
            write.executemany(_PUT_RECORD, changed)
            write.executemany(
                "INSERT OR REPLACE INTO answer VALUES (?,?,?,?,?)",
                [(realm, key, held.status, held.content_type, held.body) for key, held in answers],
            )
            write.executemany(
                "INSERT OR REPLACE INTO attachment VALUES (?,?,?)",
                [(realm, key, content) for key, content in files],
            )

    def answer(self, realm: str, request_id: str) -> StoredAnswer | None:
        found = self._query(
            "SELECT status, content_type, body FROM answer WHERE realm=? AND request_id=?", realm, request_id
        )
        for status, content_type, body in found:
            return StoredAnswer(int(str(status)), str(content_type), _bytes(body))
        return None

    def attachment(self, realm: str, identifier: str) -> bytes | None:
        found = self._query("SELECT content FROM attachment WHERE realm=? AND id=?", realm, identifier)
        return _bytes(found[0][0]) if found else None

    def company_config(self, realm: str) -> bytes | None:
        found = self._query("SELECT config FROM company WHERE realm=?", realm)
        return _bytes(found[0][0]) if found else None

    def save_company_config(self, realm: str, config: bytes) -> None:
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO company VALUES (?,?)", (realm, config))

    def forget(self, realm: str) -> None:
        """Every trace of a company except its tokens."""
        with self._lock, _Transaction(self._connection) as write:
            for statement in (
                "DELETE FROM record WHERE realm=?",
                "DELETE FROM answer WHERE realm=?",
                "DELETE FROM attachment WHERE realm=?",
                "DELETE FROM company WHERE realm=?",
            ):
                write.execute(statement, (realm,))

    def tokens(self, kind: str) -> dict[str, dict[str, object]]:
        return {
            str(value): _object(body)
            for value, body in self._query("SELECT value, body FROM token WHERE kind=?", kind)
        }

    def save_tokens(self, entries: Iterable[tuple[str, str, dict[str, object]]]) -> None:
        """(kind, value, body) of each token, in one transaction."""
        listed = [(kind, value, encode(body)) for kind, value, body in entries]
        with self._lock, _Transaction(self._connection) as write:
            write.executemany("INSERT OR REPLACE INTO token VALUES (?,?,?)", listed)

    def _query(self, statement: str, *values: str) -> list[tuple[object, ...]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()


class _Transaction:
    """BEGIN IMMEDIATE ... COMMIT, or ROLLBACK on the way out of an exception."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


def _object(body: object) -> dict[str, object]:
    value = decode(_bytes(body))
    if not isinstance(value, dict):
        raise TypeError(f"not a JSON object in the simulator's state: {value!r}")
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"not bytes in the simulator's state: {value!r}")
    return value
