"""`book connect`: what came back from the ledger, and whose answer it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.servers.databases import SqliteDatabases
from tests.unit.worker.cli.conftest import Command, everything, seed
from tests.unit.worker.cli.test_problems import QUICKBOOKS
from worker.cli import exits
from worker.store.vault import new_key

BACK = "http://localhost:8080/oauth/connected"


class TestPaste:
    """What came back, given in a file: an address counts only for a question that this book asked."""

    @pytest.mark.parametrize("address", ["?code=A1&state=other", "?code=A1", "?error=access_denied&state=x"])
    def test_of_another_answer_is_refused(
        self, folder: Path, sqlite_databases: SqliteDatabases, run_command: Command, address: str
    ) -> None:
        """Bad input 20: an address with a foreign state, or with none."""
        seed(folder, sqlite_databases, book=QUICKBOOKS)
        (folder / "back").write_text(BACK + address)
        before = everything(folder)

        ended = run_command("book", "connect", "US-BOOK", "--code-file", "back")

        assert ended.code == exits.REFUSED
        assert "belongs to no open question of ours" in ended.err
        assert everything(folder) == before

    def test_of_a_no_is_told(
        self, folder: Path, sqlite_databases: SqliteDatabases, run_command: Command
    ) -> None:
        seed(folder, sqlite_databases, book=QUICKBOOKS)
        asked = run_command("book", "connect", "US-BOOK").err
        state = re.search(r"state=([\w-]+)", asked)
        assert state is not None
        (folder / "back").write_text(f"{BACK}?error=access_denied&state={state[1]}")

        ended = run_command("book", "connect", "US-BOOK", "--code-file", "back")

        assert ended.code == exits.SIGN_IN
        assert "consent for book US-BOOK was not given: access_denied" in ended.err


class TestConnect:
    def test_takes_a_refresh_token_from_a_file_and_keeps_it_sealed(
        self, folder: Path, sqlite_databases: SqliteDatabases, run_command: Command
    ) -> None:
        seed(folder, sqlite_databases, book=QUICKBOOKS)
        (folder / "token").write_text("the-refresh-token\n")

        ended = run_command("book", "connect", "US-BOOK", "--refresh-token-file", "token", "--json")

        rows = everything(folder)
        assert (ended.code, ended.json["applied"]) == (exits.DONE, True)
        assert len(rows["book_token"]) == 1
        assert "the-refresh-token" not in str(rows)

    def test_of_a_book_that_needs_no_consent_is_refused(self, busy: Path, run_command: Command) -> None:
        ended = run_command("book", "connect", "US-BOOK")

        assert ended.code == exits.REFUSED
        assert "needs no consent" in ended.err

    def test_tries_nothing_in_a_dry_run(
        self, folder: Path, sqlite_databases: SqliteDatabases, run_command: Command
    ) -> None:
        seed(folder, sqlite_databases, book=QUICKBOOKS)
        before = everything(folder)

        ended = run_command("book", "connect", "US-BOOK", "--dry-run", "--json")

        assert ended.json["address"].startswith("https://")
        assert ended.json["redirect_uri"] == BACK
        assert everything(folder) == before

    def test_takes_a_consent_where_no_key_opens_the_old_one(
        self,
        folder: Path,
        sqlite_databases: SqliteDatabases,
        run_command: Command,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A lost key must not lock a book out for ever."""
        seed(folder, sqlite_databases, book=QUICKBOOKS)
        (folder / "token").write_text("the-refresh-token\n")
        connect = ("book", "connect", "US-BOOK", "--refresh-token-file", "token")
        monkeypatch.setenv("SUBLEDGER_KEYS", new_key("lost"))
        assert run_command(*connect).code == exits.DONE
        monkeypatch.setenv("SUBLEDGER_KEYS", new_key("new"))

        assert run_command(*connect).code == exits.DONE
