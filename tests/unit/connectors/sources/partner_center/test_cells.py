from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.partner_center.cells import CellDamaged, CellType, read_cell, shown

anything = st.none() | st.booleans() | st.integers() | st.decimals() | st.text() | st.lists(st.text())
types = st.sampled_from(["text", "texts", "number", "instant", "day", "last_day", "yes_no"])


class TestNumbers:
    @pytest.mark.parametrize(
        ("value", "number"),
        [("720", "720"), ("14.4", "14.4"), (820, "820"), ("-0", "0"), ("8.5E-05", "0.000085"), (" 7 ", "7")],
    )
    def test_may_be_texts_or_numbers(self, value: object, number: str) -> None:
        assert str(read_cell(value, "number")) == str(Decimal(number))

    @pytest.mark.parametrize(
        "value",
        ["1,234.56", "1.234,56", "１２", "12 EUR", "$5", "NaN", "1e400", "--1", "0x10", True, [1], "9" * 60],
    )
    def test_of_another_spelling_are_refused(self, value: object) -> None:
        with pytest.raises(CellDamaged):
            read_cell(value, "number")


class TestDates:
    @pytest.mark.parametrize(
        ("text", "instant"),
        [
            ("2021-05-20T18:30:06.6045692Z", datetime(2021, 5, 20, 18, 30, 6, 604569, tzinfo=UTC)),
            ("2019-02-04T23:22:40.1767993-08:00", datetime(2019, 2, 5, 7, 22, 40, 176799, tzinfo=UTC)),
            ("2019-08-01T00:00:00", datetime(2019, 8, 1, tzinfo=UTC)),
            ("2019-08-01", datetime(2019, 8, 1, tzinfo=UTC)),
        ],
    )
    def test_are_instants_in_utc(self, text: str, instant: datetime) -> None:
        assert read_cell(text, "instant") == instant

    @pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "1/1/0001", "1/1/0001 12:00:00 AM", "", "  "])
    def test_are_absent_where_the_provider_says_so(self, text: str) -> None:
        assert read_cell(text, "day") is None

    def test_in_the_year_9999_mean_no_end(self) -> None:
        assert read_cell("9999-12-31T23:59:59Z", "last_day") is None

    def test_that_end_a_period_move_to_the_day_after(self) -> None:
        assert read_cell("2020-02-28T00:00:00Z", "last_day") == date(2020, 2, 29)

    @pytest.mark.parametrize(
        ("order", "day"), [("mdy", date(2021, 3, 4)), ("dmy", date(2021, 4, 3))], ids=["mdy", "dmy"]
    )
    def test_with_slashes_follow_the_stated_order(self, order: str, day: date) -> None:
        assert read_cell("3/4/2021 5:30:00 PM", "day", date_order=order) == day  # type: ignore[arg-type]  # from the list

    @pytest.mark.parametrize(
        "text",
        [
            "2015-11-25T06: 41: 12Z",
            "2021-02-29",
            "2021-13-01",
            "2021-1-1",
            "2021-01-01T25:00:00Z",
            "2021-01-01T10:00:00+25:00",
            "20210101",
            "1/2/21",
            "1021-01-01",
            "2500-01-01",
            "0001-01-02",
            "25 Nov 2015",
            "２０２１-01-01",
            20210101,
        ],
    )
    def test_that_are_damaged_are_refused(self, text: object) -> None:
        with pytest.raises(CellDamaged):
            read_cell(text, "day", date_order="mdy")

    def test_with_slashes_and_no_stated_order_are_refused(self) -> None:
        with pytest.raises(CellDamaged, match="nobody stated"):
            read_cell("3/4/2021", "day")

    def test_of_the_other_order_are_refused_with_the_way_out(self) -> None:
        with pytest.raises(CellDamaged, match="state the date order dmy"):
            read_cell("25/12/2021", "day", date_order="mdy")


class TestAnyValue:
    @given(anything, types)
    def test_is_read_or_refused(self, value: object, kind: CellType) -> None:
        with contextlib.suppress(CellDamaged):
            read_cell(value, kind, date_order="mdy")

    @given(st.text())
    def test_is_shown_on_one_short_line(self, text: str) -> None:
        assert len(shown(text)) <= 80
        assert shown(text).isprintable()
