"""`book connect`: what came back from the ledger, and whose answer it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.databases import SqliteDatabases
from tests.unit.worker.cli.conftest import Command, everything, seed
from tests.unit.worker.cli.test_problems import QUICKBOOKS
from worker.cli import exits
from worker.cli.connecting import code_of
from worker.cli.problems import Stop

BACK = "http://localhost:8080/connected"


class TestCode:
    @pytest.mark.parametrize("given", ["AB11", f"{BACK}?code=AB11&state=s1&realmId=1"])
    def test_is_taken_alone_or_from_the_address(self, given: str) -> None:
        assert code_of(given, state="s1") == "AB11"

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            (f"{BACK}?code=AB11&state=other", exits.REFUSED),
            (f"{BACK}?code=AB11", exits.REFUSED),
            (f"{BACK}?error=access_denied&state=s1", exits.SIGN_IN),
            (f"{BACK}?state=s1", exits.WRONG_USE),
        ],
    )
    def test_of_another_answer_is_refused(self, given: str, code: int) -> None:
        with pytest.raises(Stop) as stopped:
            code_of(given, state="s1")

        assert stopped.value.problem.code == code


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
        assert everything(folder) == before
