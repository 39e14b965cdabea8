"""Reconciling books on the command line."""

from __future__ import annotations

from pathlib import Path

from tests.unit.worker.cli.conftest import Command
from worker.cli import exits


class TestReconcile:
    def test_of_a_ledger_that_tells_no_changes_says_so(
        self, installation: Path, run_command: Command
    ) -> None:
        ended = run_command("reconcile", "book", "US-BOOK", "--json")

        assert ended.code == exits.WRONG_USE
        assert "tells no changes" in ended.error["error"]

    def test_from_a_day_to_come_is_refused(self, installation: Path, run_command: Command) -> None:
        """Bad input 44."""
        assert run_command("reconcile", "book", "US-BOOK", "--since", "2999-01-01").code == exits.WRONG_USE

    def test_of_an_unknown_difference_is_not_found(self, installation: Path, run_command: Command) -> None:
        assert run_command("reconcile", "accept", "nonsense").code == exits.NOT_FOUND
