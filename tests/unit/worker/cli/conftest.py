"""Seeded installations in temporary folders, and the command line as a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select, update

from mappings.canonical.book import Book
from tests.servers.databases import SqliteDatabases
from tests.unit.worker.small_world import BOOK, SETUP, WORLD
from worker.bootstrap import App, build
from worker.cli.main import invoke
from worker.flows import bill, run
from worker.settings import Settings
from worker.store.engine import open_store
from worker.store.tables import DeliveryRow, Row, table_of
from worker.store.workspace import store_workspace

SURROUNDINGS = (
    "REDIS_URL",
    "SUBLEDGER_KEYS",
    "SUBLEDGER_WEBHOOK_SECRETS",
    "SUBLEDGER_PORT",
    "SUBLEDGER_HOST",
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The JSON error on stderr."""
        return json.loads(self.err)


Command = Callable[..., Ended]


@pytest.fixture
def run_command(capfd: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Run one command line in this process. The logs it sets up write to this test's stderr, so they end."""

    def run_it(*arguments: str) -> Ended:
        capfd.readouterr()
        code = invoke(arguments)
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    yield run_it
    structlog.reset_defaults()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder to work in, with nothing of the surroundings set."""
    with working_in(tmp_path):
        yield tmp_path


@pytest.fixture
def installation(folder: Path, sqlite_databases: SqliteDatabases) -> Path:
    """The small world, imported and not billed yet; its book is a Beancount file in the folder."""
    seed(folder, sqlite_databases)
    return folder


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory, sqlite_databases: SqliteDatabases) -> Iterator[Path]:
    """January is posted but for one parked delivery, February is billed and waits as drafts.

    Shared by a module's tests, which must not change it.
    """
    folder = tmp_path_factory.mktemp("busy")
    with working_in(folder):
        seed(folder, sqlite_databases)
        app = open_app(folder)
        run.run(
            app.ports,
            app.hands(should_stop=lambda: False),
            as_of=date(2026, 1, 31),
            progress=lambda _stage, _done, _of: None,
        )
        bill.run(app.ports, as_of=date(2026, 2, 28))
        with app.store.write() as connection:
            connection.execute(
                update(table_of(DeliveryRow))
                .where(table_of(DeliveryRow).c.lookup == PARKED)
                .values(state="parked", reason="unrecognised", send_started_at=None, wire=None, starts=0)
            )
        app.store.close()
        yield folder


PARKED = "US-2026-00003"
"""Number of the document whose delivery is parked in the busy installation."""


def working_in(folder: Path) -> Any:
    """A context in which commands find the folder's database."""
    context = pytest.MonkeyPatch()

    class Working:
        def __enter__(self) -> None:
            for name in SURROUNDINGS:
                context.delenv(name, raising=False)
            context.setenv("DATABASE_URL", f"sqlite:///{folder / 'subledger.db'}")
            context.chdir(folder)

        def __exit__(self, *_error: object) -> None:
            context.undo()

    return Working()


def seed(folder: Path, databases: SqliteDatabases, *, book: Book | None = None) -> None:
    """Import the small world into a new database of the folder."""
    held = book or replace(BOOK, settings={"file": str(folder / "us.beancount")})
    workspace = replace(WORLD, setup=replace(SETUP, books=(held,)))
    store = open_store(databases.migrated(folder))
    now = datetime(2026, 1, 5, 8, tzinfo=UTC)
    store.transact(lambda connection: store_workspace(connection, workspace, now=now))
    store.close()


def open_app(folder: Path) -> App:
    """The installation's objects."""
    return build(Settings(DATABASE_URL=f"sqlite:///{folder / 'subledger.db'}"))  # type: ignore[call-arg]


def everything(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    store = open_store(f"sqlite:///{folder / 'subledger.db'}")
    try:
        with store.read() as connection:
            return {
                name: sorted((tuple(row) for row in connection.execute(select(table))), key=str)
                for name, table in Row.metadata.tables.items()
            }
    finally:
        store.close()
