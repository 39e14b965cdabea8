"""`pause` and `resume` of one book and of all."""

from __future__ import annotations

from pathlib import Path

from tests.unit.worker.cli.conftest import Command
from worker.cli import exits


class TestPauseAll:
    def test_stops_every_book_at_once(self, installation: Path, run_command: Command) -> None:
        ended = run_command("pause", "--all", "--reason", "something is wrong", "--json")

        status = run_command("status", "--json")
        assert (ended.code, ended.json["applied"]) == (exits.DONE, True)
        assert status.json["status"]["books"][0]["paused"] == "by_operator"
        assert "book US-BOOK is paused (by_operator): something is wrong" in run_command("status").out
        assert "do: subledger resume US-BOOK" in run_command("status").out


class TestResumeAll:
    def test_asks_and_takes_no_silence_for_a_yes(self, installation: Path, run_command: Command) -> None:
        """Bad input 44: `--all` without a confirmation, and nobody there to ask."""
        run_command("pause", "--all")

        asked = run_command("resume", "--all")
        still = run_command("status", "--json").json["status"]["books"][0]["paused"]
        told = run_command("resume", "--all", "--yes")

        assert (asked.code, still, told.code) == (exits.REFUSED, "by_operator", exits.DONE)
        assert "Repeat the command with --yes" in asked.err
        assert run_command("status", "--json").json["status"]["books"][0]["paused"] == ""

    def test_leaves_alone_what_no_person_paused(self, installation: Path, run_command: Command) -> None:
        ended = run_command("resume", "--all", "--yes")

        assert ended.code == exits.DONE
        assert "no book was paused by a person" in ended.out


class TestStatus:
    def test_says_which_books_verify_after_a_restore(self, installation: Path, run_command: Command) -> None:
        """Row 71: an operator who comes later must see that it is not over."""
        run_command("db", "restored", "--yes")

        told = run_command("status").out

        assert "\tverifies\t" in told
        assert "do: subledger reconcile book US-BOOK" in told
