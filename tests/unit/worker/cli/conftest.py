"""A seeded installation in a temporary folder, and the command line as a function."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.worker.small_world import BOOK, SETUP, WORLD
from worker.cli.main import invoke
from worker.store.engine import open_store
from worker.store.workspace import store_workspace


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
def run_command(capfd: pytest.CaptureFixture[str]) -> Command:
    """Run one command line in this process."""

    def run(*arguments: str) -> Ended:
        capfd.readouterr()
        code = invoke(arguments)
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with nothing of the surroundings set."""
    for name in ("REDIS_URL", "SUBLEDGER_KEYS", "SUBLEDGER_WEBHOOK_SECRETS", "SUBLEDGER_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'subledger.db'}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def installation(folder: Path, sqlite_url: str) -> Path:
    """The small world, imported and not billed yet; its book is a Beancount file in the folder."""
    book = replace(BOOK, settings={"file": str(folder / "us.beancount")})
    workspace = replace(WORLD, setup=replace(SETUP, books=(book,)))
    store = open_store(sqlite_url)
    now = datetime(2026, 1, 5, 8, tzinfo=UTC)
    store.transact(lambda connection: store_workspace(connection, workspace, now=now))
    store.close()
    return folder
