"""`keys`: fresh ones, rotation by the environment and by the key file beside an embedded database."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.databases import SqliteDatabases
from tests.unit.worker.cli.conftest import Command, everything, seed
from tests.unit.worker.cli.test_problems import QUICKBOOKS
from worker.cli import exits
from worker.store.vault import new_key

Connected = Callable[[], Path]


@pytest.fixture
def connected(folder: Path, sqlite_databases: SqliteDatabases, run_command: Command) -> Connected:
    """Connects the seeded QuickBooks book with whatever keys are set now; returns the key file."""

    def connect() -> Path:
        seed(folder, sqlite_databases, book=QUICKBOOKS)
        (folder / "token").write_text("the-refresh-token\n")
        done = run_command("book", "connect", "US-BOOK", "--refresh-token-file", "token")
        assert done.code == exits.DONE
        return folder / "subledger.db.keys"

    return connect


class TestRotate:
    def test_makes_a_new_key_in_the_key_file_and_seals_with_it(
        self, connected: Connected, folder: Path, run_command: Command
    ) -> None:
        key_file = connected()
        before = key_file.read_text().strip()

        ended = run_command("keys", "rotate", "--json")

        rotation = ended.json["rotation"]
        assert (ended.code, rotation["key"], rotation["removable"]) == (exits.DONE, "local2", ["local"])
        assert key_file.read_text().strip().endswith(f",{before}")
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
        assert [row[2].startswith(b"local2:") for row in everything(folder)["book_token"]] == [True]  # type: ignore[attr-defined]  # the sealed column

    def test_goes_on_with_the_key_of_a_pass_that_was_stopped(
        self, connected: Connected, run_command: Command
    ) -> None:
        """The key was made and the process ended before anything was sealed with it."""
        key_file = connected()
        key_file.write_text(f"{new_key('fresh')},{key_file.read_text()}")

        ended = run_command("keys", "rotate", "--json")

        assert ended.json["rotation"]["key"] == "fresh"
        assert len(ended.json["rotation"]["resealed"]) == 1

    def test_takes_the_keys_of_the_environment(
        self, connected: Connected, run_command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old, new = new_key("k1"), new_key("k2")
        monkeypatch.setenv("SUBLEDGER_KEYS", old)
        connected()
        monkeypatch.setenv("SUBLEDGER_KEYS", f"{new},{old}")

        ended = run_command("keys", "rotate")

        assert ended.code == exits.DONE
        assert "1 secret (books: US-BOOK) is newly encrypted with key k2" in ended.out
        assert "key k1 may leave SUBLEDGER_KEYS" in ended.out

    def test_says_which_key_is_missing_and_how_to_go_on(
        self, connected: Connected, run_command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SUBLEDGER_KEYS", new_key("gone"))
        connected()
        monkeypatch.setenv("SUBLEDGER_KEYS", new_key("k2"))

        ended = run_command("keys", "rotate")

        assert ended.code == exits.SIGN_IN
        assert "the current token of book US-BOOK needs key gone" in ended.out
        assert "book connect" in ended.out


class TestKeyFile:
    def test_that_others_can_read_is_warned_of(self, connected: Connected, run_command: Command) -> None:
        """Bad input 41: a secret file that is readable by everybody."""
        connected().chmod(0o644)

        ended = run_command("keys", "rotate", "--dry-run")

        assert ended.code == exits.DONE
        assert "keys.open-to-others" in ended.err
