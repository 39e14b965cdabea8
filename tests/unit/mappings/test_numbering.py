"""Document numbers: rendered, read back, counted on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical.party import Series
from mappings.numbering import (
    PatternRefused,
    check_pattern,
    highest_in,
    next_number,
    prefixes,
    read_number,
    render,
    reset_key,
    series_for,
)

YEARLY = Series("INV", "invoice", "INV-{year}-{n:05}", reset="year")
PLAIN = Series("PLAIN", "invoice", "A{n}", first_number=4712)
patterns = st.sampled_from(
    ["INV-{year}-{n:05}", "{n}", "A.{year}{month}/{n:4}", "{year}{n:02}", "(X) {n:03}*"]
)
dates = st.dates(date(2000, 1, 1), date(2099, 12, 31))


class TestANumber:
    def test_follows_its_pattern(self) -> None:
        assert render(YEARLY, 42, on=date(2026, 3, 1)) == "INV-2026-00042"

    @pytest.mark.parametrize(
        ("pattern", "number"),
        [("{n}", "7"), ("{n:3}", "007"), ("{month}-{n}", "03-7"), ("{year:6}/{n:2}", "002026/07")],
    )
    def test_is_as_wide_as_its_place_says(self, pattern: str, number: str) -> None:
        assert render(Series("S", "invoice", pattern), 7, on=date(2026, 3, 1)) == number

    @pytest.mark.parametrize(("text", "n"), [("A007", 7), ("A1234", 1234), ("A07", None), ("A", None)])
    def test_is_read_back_only_at_its_width(self, text: str, n: int | None) -> None:
        read = read_number(Series("S", "invoice", "A{n:3}"), text)

        assert (read.n if read else None) == n

    def test_outgrows_its_width(self) -> None:
        assert render(YEARLY, 123456, on=date(2026, 3, 1)) == "INV-2026-123456"

    @given(patterns, st.integers(1, 10**7), dates)
    def test_is_read_back(self, pattern: str, n: int, on: date) -> None:
        series = Series("S", "invoice", pattern)

        read = read_number(series, render(series, n, on=on))

        assert read is not None
        assert read.n == n
        assert read.year in {None, on.year}
        assert read.month in {None, on.month}

    @pytest.mark.parametrize("text", ["INV-26-00042", "INV-2026-42x", "inv-2026-00042", "CRN-2026-00042", ""])
    def test_of_somebody_else_is_not_read(self, text: str) -> None:
        assert read_number(YEARLY, text) is None


class TestASeries:
    def test_begins_at_its_first_number(self) -> None:
        assert next_number(PLAIN, highest=None) == 4712

    def test_goes_on_without_a_gap(self) -> None:
        assert next_number(PLAIN, highest=4712) == 4713

    def test_never_goes_back_below_its_first_number(self) -> None:
        assert next_number(PLAIN, highest=3) == 4712

    def test_counts_anew_every_year_where_it_says_so(self) -> None:
        assert reset_key(YEARLY, on=date(2026, 12, 31)) != reset_key(YEARLY, on=date(2027, 1, 1))
        assert reset_key(PLAIN, on=date(2026, 12, 31)) == reset_key(PLAIN, on=date(2027, 1, 1)) == ""

    def test_finds_the_highest_number_of_its_own_year(self) -> None:
        texts = ("INV-2025-00099", "INV-2026-00007", "INV-2026-00012", "OTHER-7")

        assert highest_in(YEARLY, texts, on=date(2026, 5, 1)) == 12
        assert highest_in(YEARLY, texts, on=date(2027, 5, 1)) is None


class TestPrefixes:
    @pytest.mark.parametrize(
        ("pattern", "reset", "expected"),
        [
            ("INV-{n}", "never", ("INV-",)),
            ("INV-{year}-{n:05}", "year", ("INV-2026-",)),
            ("INV-{year}-{n:05}", "never", ("INV-2026-", "INV-2025-")),
            ("{year}{month}-{n}", "year", ("202602-", "202601-")),
            ("{n}/{year}", "year", ()),
        ],
    )
    def test_are_what_numbers_that_count_begin_with(
        self, pattern: str, reset: Any, expected: tuple[str, ...]
    ) -> None:
        assert prefixes(Series("S", "invoice", pattern, reset=reset), on=date(2026, 2, 28)) == expected

    def test_of_a_book_wins_over_one_for_every_book(self) -> None:
        own = Series("OWN", "invoice", "Q{n}", book="US-QBO")
        every = Series("EVERY", "invoice", "X{n}")

        assert series_for((every, own), kind="invoice", book="US-QBO") is own
        assert series_for((every, own), kind="invoice", book="DE") is every
        assert series_for((every, own), kind="credit_note", book="DE") is None

    @pytest.mark.parametrize(
        ("pattern", "reset", "why"),
        [
            ("INV-{year}", "never", "exactly one"),
            ("{n}-{n}", "never", "exactly one"),
            ("{n}-{day}", "never", "is not"),
            ("{n", "never", "is not"),
            ("{n}-}", "never", "is not"),
            ("{year}{n}{year}", "never", "exactly one"),
            ("INV-{n:05}", "year", "would repeat"),
        ],
    )
    def test_refuses_a_pattern_that_cannot_be_unique(self, pattern: str, reset: str, why: str) -> None:
        """Bad input 34."""
        with pytest.raises(PatternRefused, match=why):
            check_pattern(Series("S", "invoice", pattern, reset=reset))  # type: ignore[arg-type]  # on purpose
