"""Bring a database to the schema this program knows: forward only, safe when many processes start at once.

The whole upgrade is one transaction under one lock (an advisory lock on PostgreSQL, the write lock on
SQLite), so a process that dies half-way leaves the old schema.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from worker.store.engine import Store, open_store

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 5_305_112_860_411_907
"""Our number among PostgreSQL's advisory locks."""


class UnsupportedRevision(RuntimeError):
    """The database's schema is not one this program can work on; `revision` is what it has."""

    def __init__(self, revision: str | None, advice: str) -> None:
        has = f"has schema revision {revision}" if revision else "has no schema of Subledger yet"
        super().__init__(f"the database {has}; this program works on {head()}. {advice}")
        self.revision = revision


def head() -> str:
    """The revision this program works on."""
    newest = _scripts().get_current_head()
    assert newest is not None
    return newest


def upgrade(store: Store | str) -> str:
    """Migrate to `head()` and return it; does nothing when it is there.

    Raises `UnsupportedRevision` when a newer program has already migrated the database further.
    """
    if isinstance(store, str):
        opened = open_store(store)
        try:
            return upgrade(opened)
        finally:
            opened.close()
    if revision(store) != head():
        store.transact(_upgrade)
    return head()


def revision(store: Store) -> str | None:
    """The schema revision the database has, or None when it has none of ours."""
    with store.read() as connection:
        return _revision(connection)


def check(store: Store) -> None:
    """Raise `UnsupportedRevision` unless this program can work on the database as it is (R14)."""
    found = revision(store)
    if found != head():
        raise UnsupportedRevision(found, _advice(found))


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = _revision(connection)
    if found is not None and not _is_known(found):
        raise UnsupportedRevision(found, _advice(found))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _advice(found: str | None) -> str:
    if found is None or _is_known(found):
        return "Run `subledger db upgrade`."
    return "A newer Subledger has migrated it: install that version, or restore the backup from before."


def _is_known(found: str) -> bool:
    return any(script.revision == found for script in _scripts().walk_revisions())


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
