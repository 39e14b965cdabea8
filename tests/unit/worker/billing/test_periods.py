"""Grids, due days and the weight of days, each at its edge."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from mappings.canonical.period import Period
from tests.unit.worker.billing.world import contract, day, subscription
from worker.billing.periods import cycle_on, is_due, term_start, weight, weight_words

JANUARY = Period(day("2026-01-01"), day("2026-02-01"))
QUARTER = Period(day("2026-01-01"), day("2026-04-01"))
YEAR = Period(day("2026-01-01"), day("2027-01-01"))


def rest(of: Period, start: str, until: str = "") -> Period:
    return Period(day(start), day(until) if until else of.until)


class TestACycle:
    @pytest.mark.parametrize(
        ("plan", "alignment", "cycle"),
        [
            ("monthly", "own", "2026-02-15..2026-03-14"),
            ("trial", "own", "2026-02-15..2026-03-14"),
            ("annual", "own", "2026-01-15..2027-01-14"),
            ("triennial", "own", "2026-01-15..2029-01-14"),
            ("usage", "own", "2026-03-01..2026-03-31"),
            ("one_time", "own", "2026-03-10..2026-03-10"),
            ("one_time", "anchor:2026-01-01", "2026-03-10..2026-03-10"),
            ("monthly", "anchor:2026-01-05", "2026-03-05..2026-04-04"),
            ("usage", "anchor:2026-01-05", "2026-03-05..2026-04-04"),
        ],
    )
    def test_is_on_the_grid_of_its_plan_and_contract(self, plan: Any, alignment: str, cycle: str) -> None:
        bought = subscription(plan=plan, anchor=day("2026-01-15"))

        assert str(cycle_on(bought, contract(alignment=alignment), day("2026-03-10"))) == cycle

    @pytest.mark.parametrize(
        ("timing", "plan", "due_on"),
        [
            ("advance", "monthly", "2026-01-01"),
            ("arrears", "monthly", "2026-02-01"),
            ("advance", "usage", "2026-02-01"),
            ("arrears", "one_time", "2026-01-01"),
        ],
    )
    @pytest.mark.parametrize("offset", [0, 5, -5])
    def test_is_due_on_its_day_moved_by_the_contracts_days(
        self, timing: str, plan: str, due_on: str, offset: int
    ) -> None:
        agreed, bought = contract(timing=timing, offset_days=offset), subscription(plan=plan)
        due = day(due_on).toordinal() + offset

        told = [
            is_due(bought, agreed, JANUARY, as_of=day(due_on).fromordinal(due + more)) for more in (-1, 0, 1)
        ]

        assert told == [False, True, True]


class TestATerm:
    def test_begins_on_the_grid_but_not_before_the_subscription(self) -> None:
        yearly = subscription(term="P1Y", anchor=day("2024-03-01"))
        endless = subscription(term="")

        assert term_start(yearly, day("2026-02-28"), first_held=day("2024-03-01")) == day("2025-03-01")
        assert term_start(yearly, day("2024-06-01"), first_held=day("2024-05-01")) == day("2024-05-01")
        assert term_start(endless, day("2026-02-28"), first_held=day("2024-05-01")) == day("2024-05-01")


class TestAWeight:
    @pytest.mark.parametrize(
        ("basis", "cycle", "days", "months", "expected"),
        [
            ("actual_days_of_cycle", JANUARY, rest(JANUARY, "2026-01-16"), 1, "16/31"),
            ("none_full_period", JANUARY, rest(JANUARY, "2026-01-31"), 1, "1"),
            ("30_day_month", JANUARY, rest(JANUARY, "2026-01-16"), 1, "16/30"),
            ("30_day_month", JANUARY, rest(JANUARY, "2026-01-02"), 1, "1"),
            ("30_day_month", QUARTER, rest(QUARTER, "2026-03-17"), 3, "15/90"),
            ("30_day_month", JANUARY, rest(JANUARY, "2026-01-16"), 0, "16/31"),
            ("actual_365", JANUARY, rest(JANUARY, "2026-01-16"), 1, "192/365"),
            ("actual_365", YEAR, rest(YEAR, "2026-12-01"), 12, "31/365"),
            ("actual_365", JANUARY, rest(JANUARY, "2026-01-02"), 1, "360/365"),
            ("actual_365", JANUARY, rest(JANUARY, "2026-01-16"), 0, "16/31"),
            ("months_then_days", QUARTER, rest(QUARTER, "2026-02-01"), 3, "2/3"),
            ("months_then_days", QUARTER, rest(QUARTER, "2026-02-15"), 3, "1/2"),
            ("months_then_days", QUARTER, rest(QUARTER, "2026-03-17"), 3, "5/31"),
            ("months_then_days", QUARTER, Period(day("2026-01-01"), day("2026-02-15")), 3, "1/2"),
            ("months_then_days", QUARTER, Period(day("2026-01-31"), day("2026-02-01")), 3, "1/93"),
            ("months_then_days", JANUARY, rest(JANUARY, "2026-01-16"), 1, "16/31"),
            ("months_then_days", QUARTER, rest(QUARTER, "2026-02-01"), 0, "59/90"),
        ],
    )
    def test_is_by_its_basis(
        self, basis: Any, cycle: Period, days: Period, months: int, expected: str
    ) -> None:
        assert weight(basis, cycle=cycle, rest=days, months=months) == Fraction(expected)

    @pytest.mark.parametrize(
        "basis", ["actual_days_of_cycle", "30_day_month", "actual_365", "months_then_days"]
    )
    def test_of_a_whole_cycle_is_one_and_not_said(self, basis: Any) -> None:
        february = Period(day("2026-02-01"), day("2026-03-01"))

        assert weight(basis, cycle=february, rest=february, months=1) == 1
        assert weight_words(basis, cycle=february, rest=february, months=1) == ""

    @pytest.mark.parametrize(
        ("basis", "cycle", "days", "months", "words"),
        [
            ("actual_days_of_cycle", JANUARY, rest(JANUARY, "2026-01-16"), 1, "16/31 days"),
            ("30_day_month", JANUARY, rest(JANUARY, "2026-01-16"), 1, "16/30 days (30-day months)"),
            ("30_day_month", QUARTER, rest(QUARTER, "2026-03-17"), 3, "15/90 days (30-day months)"),
            ("30_day_month", JANUARY, rest(JANUARY, "2026-01-16"), 0, "16/31 days"),
            ("actual_365", YEAR, rest(YEAR, "2026-12-01"), 12, "31/365 days"),
            ("actual_365", JANUARY, rest(JANUARY, "2026-01-16"), 1, "16/365 days x 12/1"),
            ("actual_365", QUARTER, rest(QUARTER, "2026-03-17"), 3, "15/365 days x 4/1"),
            ("actual_365", JANUARY, rest(JANUARY, "2026-01-16"), 0, "16/31 days"),
            (
                "months_then_days",
                QUARTER,
                rest(QUARTER, "2026-02-15"),
                3,
                "1/2 of the cycle (months, then days)",
            ),
            ("months_then_days", JANUARY, rest(JANUARY, "2026-01-16"), 1, "16/31 days"),
        ],
    )
    def test_is_said_as_people_say_it(
        self, basis: Any, cycle: Period, days: Period, months: int, words: str
    ) -> None:
        assert weight_words(basis, cycle=cycle, rest=days, months=months) == words
