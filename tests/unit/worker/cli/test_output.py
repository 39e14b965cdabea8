"""What is printed: exact amounts, UTC instants, and nothing that moves a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from mappings.canonical.money import Money
from worker.cli.output import Output, plain, shown


@dataclass(frozen=True, slots=True)
class Sample:
    from_: date
    total: Money
    rate: Decimal
    at: datetime


class TestJson:
    def test_carries_amounts_as_decimal_strings_with_their_currency(self) -> None:
        moment = datetime(2026, 2, 1, 9, 30, tzinfo=timezone(timedelta(hours=2)))
        sample = Sample(date(2026, 2, 1), Money(-1230, "KWD"), Decimal("0.10"), moment)

        assert plain({"one": (sample,)}) == {
            "one": [
                {
                    "from": "2026-02-01",
                    "total": {"amount": "-1.230", "currency": "KWD"},
                    "rate": "0.10",
                    "at": "2026-02-01T07:30:00.000Z",
                }
            ]
        }


class TestCell:
    @pytest.mark.parametrize("name", ["a\x1b[2Jb", "a\tb", "a\nb", "a\x00b", "a\u202eb", "a\u200bb"])
    def test_of_a_strange_name_moves_no_terminal(self, name: str) -> None:
        assert shown(name).isprintable()

    def test_of_nothing_is_empty(self) -> None:
        assert shown(None) == ""

    def test_of_an_instant_is_utc(self) -> None:
        assert shown(datetime(2026, 2, 1, 7, 30, tzinfo=UTC)) == "2026-02-01 07:30:00Z"


class TestTable:
    def test_in_a_pipe_is_separated_by_tabs(self, capsys: pytest.CaptureFixture[str]) -> None:
        Output(as_json=False).table(("number", "gross"), [("A\t1", Money(1050, "EUR"))])

        assert capsys.readouterr().out == "number\tgross\nA 1\t10.50 EUR\n"
