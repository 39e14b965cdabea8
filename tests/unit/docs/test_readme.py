"""What the README says about ledgers is what the registry says."""

from __future__ import annotations

from pathlib import Path

from worker.cli.ledger import as_markdown

README = (Path(__file__).resolve().parents[3] / "README.md").read_text("utf-8")


class TestReadme:
    def test_has_the_table_of_ledgers_as_the_registry_knows_them(self) -> None:
        """Put the output of `subledger ledger list --markdown` there."""
        assert as_markdown() in README
