"""`run`: bills, releases and posts; says at its end where everything is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.servers.databases import SqliteDatabases
from tests.unit.worker.cli.conftest import Command, seed
from tests.unit.worker.small_world import BOOK
from worker.cli import exits


class TestRun:
    def test_posts_what_is_due_and_tells_the_totals(self, installation: Path, run_command: Command) -> None:
        ended = run_command("run", "--as-of", "2026-01-31", "--json")

        assert ended.code == exits.DONE
        assert ended.json["posted"] == 3
        assert ended.json["books"][0]["totals"] == [{"amount": "200.00", "currency": "USD"}]
        assert ended.json["sentence"].startswith("3 active subscriptions = 3 billed")

    def test_posts_nothing_the_second_time(self, installation: Path, run_command: Command) -> None:
        run_command("run", "--as-of", "2026-01-31")

        ended = run_command("run", "--as-of", "2026-01-31", "--json")

        assert (ended.code, ended.json["posted"]) == (exits.DONE, 0)

    def test_names_the_approve_command_and_goes_on_after_it(
        self, folder: Path, sqlite_databases: SqliteDatabases, run_command: Command
    ) -> None:
        book = replace(BOOK, release="approve", settings={"file": str(folder / "us.beancount")})
        seed(folder, sqlite_databases, book=book)

        stopped = run_command("run", "--as-of", "2026-01-31")
        approve = "subledger document approve --book US-BOOK"
        approved = run_command(*approve.split()[1:], "--yes")
        ended = run_command("run", "--as-of", "2026-01-31", "--json")

        assert stopped.code == exits.ATTENTION
        assert f"3 documents wait for approval: {approve}" in stopped.out
        assert (approved.code, ended.code) == (exits.DONE, exits.DONE)
        assert ended.json["posted"] == 3

    def test_of_an_unknown_book_does_nothing(self, installation: Path, run_command: Command) -> None:
        ended = run_command("run", "--book", "NONE", "--json")

        assert ended.code == exits.NOT_FOUND
        assert ended.error["error"] == "there is no book 'NONE'"


class TestHold:
    def test_keeps_a_draft_back_until_it_is_let_go(self, installation: Path, run_command: Command) -> None:
        run_command("bill", "--as-of", "2026-01-31")
        draft = run_command("document", "list", "--json").json["documents"][0]["ref"]

        held = run_command("document", "hold", draft, "--reason", "disputed")
        first = run_command("run", "--as-of", "2026-01-31", "--json")
        shown = run_command("document", "show", draft)
        let_go = run_command("document", "release", draft)
        second = run_command("run", "--as-of", "2026-01-31", "--json")

        assert (held.code, let_go.code) == (exits.DONE, exits.DONE)
        assert (first.code, first.json["posted"]) == (exits.ATTENTION, 2)
        assert "disputed" in shown.out
        assert (second.code, second.json["posted"]) == (exits.DONE, 1)
