"""`subledger explain`: from the event to the ledger's id, each line's steps summing to the line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.unit.worker.cli.conftest import Command


class TestExplain:
    def test_leads_from_what_was_told_to_the_record_in_the_book(
        self, busy: Path, run_command: Command
    ) -> None:
        told = run_command("explain", "US-2026-00001", "--json").json

        [link] = told["chain"]
        assert sum(Decimal(step["amount"]) for step in link["steps"]) == Decimal(link["net"]["amount"])
        assert link["told"][0]["source"] == "workspace_file"
        assert link["charge"]["subscription"].startswith("S-")
        assert link["records"][0]["book"] == "US-BOOK"
        assert told["settings"]

    def test_prints_it_for_people(self, busy: Path, run_command: Command) -> None:
        out = run_command("explain", "US-2026-00001").out

        assert "  told  " in out
        assert "  step  " in out
        assert "  book  US-BOOK: " in out
