"""`subledger report revenue` in its three forms."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.unit.worker.cli.conftest import Command
from worker.cli import exits

MONTHS = ("--from", "2026-01", "--until", "2026-03")


class TestReportRevenue:
    def test_is_a_table_of_months(self, busy: Path, run_command: Command) -> None:
        ended = run_command("report", "revenue", *MONTHS, "--json")

        earned = [(one["month"], one["earned"]["amount"]) for one in ended.json["lines"]]
        assert [one for one in earned if one[1] != "0.00"] == [("2026-01-01", "200.00")]

    def test_is_csv(self, busy: Path, run_command: Command) -> None:
        ended = run_command("report", "revenue", *MONTHS, "--csv")

        header, first, *_ = ended.out.splitlines()
        assert header == "month,issuer,product,currency,basis,gross,cost,net,earned,deferred"
        assert first.startswith("2026-01,US,SEAT,USD,gross,200.00,0.00,200.00,200.00,")

    def test_is_a_journal_that_bean_check_takes(
        self, busy: Path, run_command: Command, tmp_path: Path
    ) -> None:
        ended = run_command("report", "revenue", *MONTHS, "--beancount")
        file = tmp_path / "revenue.beancount"
        file.write_text(ended.out)

        checked = subprocess.run(
            [Path(sys.executable).parent / "bean-check", file], capture_output=True, text=True, check=False
        )

        assert '2026-01-31 * "Revenue 2026-01, SEAT of US"' in ended.out
        assert (checked.returncode, checked.stderr) == (0, "")

    def test_wants_whole_months_in_order(self, busy: Path, run_command: Command) -> None:
        assert (
            run_command("report", "revenue", "--from", "2026-03", "--until", "2026-01").code
            == exits.WRONG_USE
        )
        assert (
            run_command("report", "revenue", "--from", "2026-01-15", "--until", "2026-03").code != exits.DONE
        )
