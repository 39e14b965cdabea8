"""`subledger bill` and `document approve` show what an approval covers."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.unit.worker.cli.conftest import Command
from worker.cli import exits


class TestReview:
    def test_is_written_as_csv_and_printed(self, installation: Path, run_command: Command) -> None:
        ended = run_command("bill", "--as-of", "2026-01-31", "--csv", "review.csv")

        with (installation / "review.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert ended.code == exits.DONE
        assert [(row["bill_to"], row["this"], row["last"], row["seats"]) for row in rows] == [
            ("NORTH", "120.00", "0.00", "120.00"),
            ("SOUTH", "50.00", "0.00", "50.00"),
            ("LONE", "30.00", "0.00", "30.00"),
        ]
        assert "NORTH" in ended.out

    def test_is_in_the_json_of_a_bill_and_of_an_approval(
        self, installation: Path, run_command: Command
    ) -> None:
        billed = run_command("bill", "--as-of", "2026-01-31", "--json").json["review"]
        approved = run_command("document", "approve", "--book", "US-BOOK", "--dry-run", "--json").json[
            "review"
        ]

        assert billed == approved
        assert billed[0]["difference"] == {"amount": "120.00", "currency": "USD"}

    def test_of_a_dry_run_tells_what_is_billed_already_as_well(
        self, installation: Path, run_command: Command
    ) -> None:
        billed = run_command("bill", "--as-of", "2026-01-31", "--json").json["review"]

        again = run_command("bill", "--as-of", "2026-01-31", "--dry-run", "--json").json["review"]

        assert len(billed) == 3
        assert again == billed

    def test_cannot_be_written_where_there_is_no_folder(
        self, installation: Path, run_command: Command
    ) -> None:
        ended = run_command("bill", "--as-of", "2026-01-31", "--csv", "nowhere/review.csv")

        assert ended.code == exits.WRONG_USE
        assert "nowhere/review.csv" in ended.err
