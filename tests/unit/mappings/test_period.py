"""Laws of periods and the grid of boundaries."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical.period import (
    Period,
    add_months,
    duration_months,
    grid_cycle,
    grid_cycles,
    months_between,
)

dates = st.dates(date(1990, 1, 1), date(2090, 12, 31))
steps = st.sampled_from([1, 3, 12, 36])


class TestAPeriod:
    @given(dates, st.integers(0, 4000), dates, st.integers(0, 4000))
    def test_shares_exactly_the_days_of_both(self, one: date, days: int, two: date, more: int) -> None:
        first = Period(one, one + timedelta(days=days))
        second = Period(two, two + timedelta(days=more))

        shared = first.cut(second)

        assert shared == second.cut(first)
        if shared is None:
            assert (
                first.until <= second.start or second.until <= first.start or 0 in (first.days, second.days)
            )
        else:
            assert shared.days > 0
            for period in (first, second):
                assert shared.start in period
                assert shared.last_day in period

    def test_cannot_end_before_it_starts(self) -> None:
        with pytest.raises(ValueError, match="cannot end"):
            Period(date(2026, 1, 2), date(2026, 1, 1))

    def test_prints_its_last_day(self) -> None:
        assert str(Period(date(2026, 1, 1), date(2026, 2, 1))) == "2026-01-01..2026-01-31"

    def test_ends_before_its_last_day_plus_one(self) -> None:
        january = Period(date(2026, 1, 1), date(2026, 2, 1))

        assert date(2026, 1, 1) in january
        assert date(2026, 1, 31) in january
        assert date(2026, 2, 1) not in january
        assert (january.days, january.last_day) == (31, date(2026, 1, 31))

    def test_may_be_empty(self) -> None:
        empty = Period(date(2026, 1, 1), date(2026, 1, 1))

        assert empty.days == 0
        assert date(2026, 1, 1) not in empty
        assert str(empty) == "empty at 2026-01-01"

    def test_shares_no_day_with_the_one_that_follows(self) -> None:
        january, february = (
            Period(date(2026, 1, 1), date(2026, 2, 1)),
            Period(date(2026, 2, 1), date(2026, 3, 1)),
        )

        assert january.cut(february) is None


class TestTheGrid:
    def test_of_no_days_has_no_cycle(self) -> None:
        day = date(2026, 1, 15)

        assert list(grid_cycles(date(2026, 1, 1), 1, Period(day, day))) == []

    def test_ends_with_the_cycle_of_the_last_day(self) -> None:
        within = Period(date(2026, 1, 15), date(2026, 3, 1))

        assert list(grid_cycles(date(2026, 1, 1), 1, within)) == [
            Period(date(2026, 1, 1), date(2026, 2, 1)),
            Period(date(2026, 2, 1), date(2026, 3, 1)),
        ]

    @pytest.mark.parametrize(
        ("day", "k"),
        [("2026-01-31", 0), ("2026-02-27", 0), ("2026-02-28", 1), ("2026-03-30", 1), ("2026-03-31", 2),
         ("2026-01-30", -1), ("2025-01-31", -12), ("2027-02-28", 13)],
    )  # fmt: skip
    def test_counts_months_from_the_31st(self, day: str, k: int) -> None:
        assert months_between(date(2026, 1, 31), date.fromisoformat(day), 1) == k

    @pytest.mark.parametrize(("day", "k"), [("2026-12-31", 0), ("2027-01-01", 1), ("2025-12-31", -1)])
    def test_counts_years(self, day: str, k: int) -> None:
        assert months_between(date(2026, 1, 1), date.fromisoformat(day), 12) == k

    @given(dates, steps, dates)
    def test_holds_every_day_in_exactly_one_cycle(self, anchor: date, step: int, day: date) -> None:
        cycle = grid_cycle(anchor, step, day)

        assert day in cycle
        assert grid_cycle(anchor, step, cycle.start) == cycle
        assert grid_cycle(anchor, step, cycle.last_day) == cycle

    @given(dates, steps, dates, st.integers(1, 2000))
    def test_leaves_no_gap(self, anchor: date, step: int, start: date, days: int) -> None:
        within = Period(start, start + timedelta(days=days))

        cycles = list(grid_cycles(anchor, step, within))

        assert within.start in cycles[0]
        assert within.last_day in cycles[-1]
        assert all(earlier.until == later.start for earlier, later in pairwise(cycles))

    @given(dates, st.integers(-500, 500))
    def test_counts_every_boundary_from_the_anchor(self, anchor: date, months: int) -> None:
        boundary = add_months(anchor, months)

        assert boundary.day == anchor.day or (boundary + timedelta(days=1)).day == 1
        assert months_between(anchor, boundary, 1) == months

    def test_returns_to_the_thirty_first(self) -> None:
        anchor = date(2026, 1, 31)

        assert [add_months(anchor, k) for k in (1, 2, 3)] == [
            date(2026, 2, 28),
            date(2026, 3, 31),
            date(2026, 4, 30),
        ]

    def test_returns_to_the_leap_day(self) -> None:
        assert [add_months(date(2024, 2, 29), 12 * k) for k in (1, 4)] == [
            date(2025, 2, 28),
            date(2028, 2, 29),
        ]


class TestADuration:
    @pytest.mark.parametrize(("text", "months"), [("P1M", 1), ("P1Y", 12), ("P3Y", 36), ("P1Y6M", 18)])
    def test_is_whole_months(self, text: str, months: int) -> None:
        assert duration_months(text) == months

    @pytest.mark.parametrize("text", ["", "P", "1M", "P0M", "P1D", "P1.5M"])
    def test_refuses_anything_else(self, text: str) -> None:
        with pytest.raises(ValueError, match="not a term"):
            duration_months(text)
