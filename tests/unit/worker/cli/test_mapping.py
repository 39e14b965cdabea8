"""Mapping on the command line: a file read back, and a ledger that cannot list."""

from __future__ import annotations

from pathlib import Path

from tests.unit.worker.cli.conftest import Command, everything
from worker.cli import exits

HEADER = "book,kind,code,ledger_id\n"


class TestMappingImport:
    def test_links_what_the_file_says_and_dry_run_does_not(
        self, installation: Path, run_command: Command
    ) -> None:
        (installation / "map.csv").write_text(HEADER + "US-BOOK,customer,LONE/USD,55\n")
        before = everything(installation)

        rehearsed = run_command("mapping", "import", "map.csv", "--dry-run", "--json")
        unchanged = everything(installation) == before
        done = run_command("mapping", "import", "map.csv", "--json")
        again = run_command("mapping", "import", "map.csv", "--json")

        assert (rehearsed.json["applied"], rehearsed.json["added"], unchanged) == (False, 1, True)
        assert (done.json["applied"], done.json["added"]) == (True, 1)
        assert (again.json["applied"], again.json["unchanged"]) == (False, 1)

    def test_names_every_wrong_row(self, installation: Path, run_command: Command) -> None:
        (installation / "map.csv").write_text(HEADER + "NO-BOOK,customer,LONE/USD,55\nUS-BOOK,item,NONE,1\n")

        ended = run_command("mapping", "import", "map.csv", "--json")

        assert ended.code == exits.WRONG_USE
        assert [detail[:6] for detail in ended.error["details"]] == ["row 2:", "row 3:"]


class TestMappingSuggest:
    def test_says_where_a_ledger_cannot_list(self, installation: Path, run_command: Command) -> None:
        ended = run_command("mapping", "suggest", "--book", "US-BOOK", "--json")

        assert ended.code == exits.WRONG_USE
        assert "ledger_ids" in ended.error["fix"]
