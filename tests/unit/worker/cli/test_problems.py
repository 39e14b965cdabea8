"""Whatever can be expected to go wrong ends in words and the right exit code, never in a traceback."""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.servers.databases import SqliteDatabases
from tests.unit.worker.cli.conftest import PARKED, Command, everything, seed
from tests.unit.worker.small_world import BOOK
from worker.cli import exits
from worker.embedded import DatabaseLock

BAD_WORKSPACE = """subledger: 1
parties:
  - {code: A, name: A, parnt: B}
contracts:
  - {code: C, party: A, issuer: US, from: tomorrow}
"""


QUICKBOOKS = replace(
    BOOK,
    ledger="quickbooks",
    settings={"realm_id": "123", "environment": "sandbox", "country": "US", "client_id": "ours"},
)


class TestWrongUse:
    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("bok list", "Did you mean 'book'?"),
            ("book lits", "Did you mean 'list'?"),
            ("status --jsn", "--json"),
            ("run --as-of 2026-02-30", "2026-02-30"),
            ("document list --limit 0", "--limit"),
            ("document list --state lost", "draft, held, released"),
            ("exceptions --since 2999-01-01", "still to come"),
            ("replay plan --since 2999-01-01", "still to come"),
            ("exceptions --since yesterday", "not a date of the calendar"),
            ("pause", "name a book, or say --all"),
            ("pause US-BOOK --all", "name a book, or say --all"),
            ("document approve", "--book"),
            ("workspace import missing.yaml", "missing.yaml cannot be read"),
            ("workspace import .", "cannot be read"),
            ("source import sales-force x.json", "no source 'sales-force'"),
            ("keys new --id a:b", "letters and digits"),
        ],
    )
    def test_ends_with_2_and_says_what(self, line: str, told: str, busy: Path, run_command: Command) -> None:
        """Bad inputs 18 and 44."""
        ended = run_command(*line.split())

        assert ended.code == exits.WRONG_USE
        assert told in ended.err
        assert ended.err.startswith("error: ")

    def test_of_a_workspace_file_names_every_place_and_changes_nothing(
        self, installation: Path, run_command: Command
    ) -> None:
        """Bad input 41."""
        (installation / "bad.yaml").write_text(BAD_WORKSPACE)
        before = everything(installation)

        ended = run_command("workspace", "import", "bad.yaml")

        assert ended.code == exits.WRONG_USE
        assert "parties[0].parnt (line 3)" in ended.err
        assert "contracts[0].from (line 5)" in ended.err
        assert everything(installation) == before

    @pytest.mark.parametrize(
        ("variable", "value", "told"),
        [
            ("SUBLEDGER_PORT", "eighty", "SUBLEDGER_PORT"),
            ("DATABASE_URL", "mysql://here/books", "sqlite:///FILE or postgresql://"),
            ("DATABASE_URL", "nonsense", "DATABASE_URL"),
            ("SUBLEDGER_LOG_LEVEL", "loud", "SUBLEDGER_LOG_LEVEL"),
            ("REDIS_URL", "redis://:canary#secret@127.0.0.1/0", "percent-encoded"),
            ("REDIS_URL", "redis://127.0.0.1:canary/0", "REDIS_URL"),
            ("REDIS_URL", "http://canary", "REDIS_URL"),
            ("SUBLEDGER_WEBHOOK_SECRETS", "whsec_canary=", "part 1 is not NAME=SECRET"),
            ("SUBLEDGER_CLIENT_SECRETS", "UK=x,canary", "part 2 is not NAME=SECRET"),
            ("SUBLEDGER_PUBLIC_URL", "http://canary.example", "SUBLEDGER_PUBLIC_URL"),
        ],
    )
    def test_of_a_setting_names_it(
        self,
        variable: str,
        value: str,
        told: str,
        folder: Path,
        run_command: Command,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Bad inputs 41, 42 and 43: the setting, what it may be, and never its value."""
        monkeypatch.setenv(variable, value)

        ended = run_command("status")

        assert ended.code == exits.WRONG_USE
        assert told in ended.err
        assert "canary" not in ended.err

    def test_of_a_file_that_is_no_database_is_told(self, folder: Path, run_command: Command) -> None:
        """Bad input 42."""
        (folder / "subledger.db").write_bytes(b"these are not the pages you are looking for" * 100)

        ended = run_command("status")

        assert ended.code == exits.WRONG_USE
        assert "not a SQLite database" in ended.err


class TestNotFound:
    @pytest.mark.parametrize(
        "line",
        [
            "explain NONE",
            "document show NONE",
            "document hold NONE",
            "delivery show NONE",
            "delivery replay 0197c0de-0000-7000-8000-000000000000",
            "book check NONE",
            "document list --book NONE",
            "explain ../../etc/passwd",
            "explain '",
            "explain \x1b[31mred",
        ],
    )
    def test_ends_with_5(self, line: str, busy: Path, run_command: Command) -> None:
        """Bad inputs 13 and 44."""
        ended = run_command(*line.split(" "), "--json")

        assert ended.code == exits.NOT_FOUND
        assert ended.error["class"] == "not_found"
        assert ended.error["exit_code"] == exits.NOT_FOUND

    def test_is_also_an_absent_database_and_none_is_made(self, folder: Path, run_command: Command) -> None:
        ended = run_command("status")

        assert ended.code == exits.NOT_FOUND
        assert "workspace import" in ended.err
        assert list(folder.iterdir()) == []


class TestRefused:
    def test_is_what_cannot_be_undone_without_a_yes(self, busy: Path, run_command: Command) -> None:
        before = everything(busy)

        ended = run_command("delivery", "cancel", PARKED)

        assert ended.code == exits.REFUSED
        assert "--yes" in ended.err
        assert everything(busy) == before

    def test_is_cancelling_what_is_in_the_book(self, busy: Path, run_command: Command) -> None:
        assert run_command("delivery", "cancel", "US-2026-00001", "--yes").code == exits.REFUSED

    def test_is_holding_what_is_released(self, busy: Path, run_command: Command) -> None:
        assert run_command("document", "hold", "US-2026-00001").code == exits.REFUSED

    def test_is_writing_over_a_file(self, busy: Path, run_command: Command) -> None:
        (busy / "there.yaml").write_text("mine")

        assert run_command("workspace", "export", "-o", "there.yaml").code == exits.REFUSED
        assert (busy / "there.yaml").read_text() == "mine"


class TestLater:
    def test_is_billing_while_another_process_holds_the_database(
        self, installation: Path, run_command: Command
    ) -> None:
        """Bad input 42."""
        with DatabaseLock(installation / "subledger.db"):
            ended = run_command("bill", "--as-of", "2026-01-31")

        assert ended.code == exits.LATER
        assert "held by another subledger process" in ended.err

    def test_is_a_port_that_is_taken(self, busy: Path, run_command: Command) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ended = run_command("serve", "--port", str(taken.getsockname()[1]))

        assert ended.code == exits.LATER
        assert "--port" in ended.err


class TestSignIn:
    def test_is_needed_to_connect_without_a_terminal(
        self, folder: Path, sqlite_databases: SqliteDatabases, run_command: Command
    ) -> None:
        seed(folder, sqlite_databases, book=QUICKBOOKS)

        ended = run_command("book", "connect", "US-BOOK")

        assert ended.code == exits.SIGN_IN
        assert "https://appcenter.intuit.com/connect/oauth2?" in ended.err


class TestAttention:
    def test_is_what_status_ends_with_while_something_is_parked(
        self, busy: Path, run_command: Command
    ) -> None:
        ended = run_command("status")

        assert ended.code == exits.ATTENTION
        assert "1 needs attention" in ended.out


class TestClosedPipe:
    def test_ends_the_command_in_silence(self, busy: Path) -> None:
        """Bad input 44. As `subledger document list | head -0` does."""
        process = subprocess.Popen(
            [sys.executable, "-m", "worker", "document", "list"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                "DATABASE_URL": f"sqlite:///{busy / 'subledger.db'}",
                "PYTHONPATH": str(PROJECT),
                "LC_ALL": "C",
            },
        )
        assert process.stdout is not None
        process.stdout.close()
        _, err = process.communicate(timeout=60)

        assert (process.returncode, err) == (exits.DONE, b"")
