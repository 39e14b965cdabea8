"""`subledger statement`: a group's documents in one currency."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.unit.worker.cli.conftest import Command
from worker.cli import exits

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date()
YEAR = ("--from", "2026-01-01", "--on", str(TOMORROW))
RATES = f"""subledger: 1
fx_rates:
  - {{currency: USD, home: EUR, on: {TOMORROW}, rate: "0.9", source: ECB}}
"""


class TestAStatement:
    def test_lists_the_documents_of_a_group_and_all_below_it(self, busy: Path, run_command: Command) -> None:
        ended = run_command("statement", "HOLD", "--in", "USD", *YEAR, "--json")

        assert ended.code == exits.DONE
        assert [(one["bill_to"], one["gross"]["amount"]) for one in ended.json["entries"]] == [
            ("NORTH", "120.00"),
            ("SOUTH", "50.00"),
        ]
        assert ended.json["total"] == {"amount": "170.00", "currency": "USD"}

    def test_of_an_entity_has_its_own_only(self, busy: Path, run_command: Command) -> None:
        ended = run_command("statement", "SOUTH", "--in", "USD", *YEAR)

        assert "total 50.00 USD" in ended.out
        assert "NORTH" not in ended.out

    def test_leaves_out_what_is_dated_on_other_days(self, busy: Path, run_command: Command) -> None:
        ended = run_command(
            "statement", "HOLD", "--in", "USD", "--from", "2020-01-01", "--on", "2020-01-31", "--json"
        )

        assert (ended.json["entries"], ended.json["total"]["amount"]) == ([], "0.00")

    def test_is_refused_with_every_missing_rate(self, busy: Path, run_command: Command) -> None:
        ended = run_command("statement", "HOLD", "--in", "EUR", *YEAR)

        assert ended.code == exits.REFUSED
        assert f"no exchange rate from USD on {TOMORROW}" in ended.err
        assert ended.out == ""

    def test_tells_the_rate_of_each_document_with_its_day_and_source(
        self, installation: Path, run_command: Command
    ) -> None:
        (installation / "rates.yaml").write_text(RATES)
        assert run_command("workspace", "import", "rates.yaml").code == exits.DONE
        run_command("run", "--as-of", "2026-01-31")

        ended = run_command("statement", "HOLD", "--in", "EUR", *YEAR, "--csv")

        found = [
            (row["gross"], row["rate"], row["rate_date"], row["rate_source"], row["reported"])
            for row in csv.DictReader(io.StringIO(ended.out))
        ]
        assert found == [
            ("120.00", "0.9", str(TOMORROW), "ECB", "108.00"),
            ("50.00", "0.9", str(TOMORROW), "ECB", "45.00"),
        ]

    def test_of_nobody_is_not_found(self, busy: Path, run_command: Command) -> None:
        assert run_command("statement", "NOBODY", "--in", "EUR").code == exits.NOT_FOUND

    def test_wants_a_currency_days_in_order_and_a_known_kind_of_rate(
        self, busy: Path, run_command: Command
    ) -> None:
        for wrong in (
            ("--in", "EURO"),
            ("--in", "EUR", "--from", "2026-02-01", "--on", "2026-01-31"),
            ("--in", "EUR", "--rates", "yesterday"),
        ):
            assert run_command("statement", "HOLD", *wrong).code == exits.WRONG_USE
