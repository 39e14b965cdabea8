"""When somebody is told that reads of a month run out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from worker.delivery.metering import month_of, warning


class TestWarning:
    @pytest.mark.parametrize(
        ("reads", "code"), [(0, ""), (399, ""), (400, "reads_budget_low"), (500, "reads_budget_spent")]
    )
    def test_comes_at_four_fifths_of_the_budget(self, reads: int, code: str) -> None:
        found = warning({"US-BOOK": reads, "UK-BOOK": 0}, budget=500, month="2026-11")

        assert (found.code if found is not None else "") == code

    def test_counts_all_books_of_an_application_and_names_the_greediest(self) -> None:
        found = warning({"US-BOOK": 150, "UK-BOOK": 300}, budget=500, month="2026-11")

        assert found is not None
        assert found.reads == 450
        assert "450 of 500 metered reads of 2026-11" in found.sentence
        assert "UK-BOOK" in found.next_step

    def test_never_comes_without_a_budget(self) -> None:
        assert warning({"BEAN": 10**9}, budget=0, month="2026-11") is None


def test_a_month_is_that_of_utc() -> None:
    assert month_of(datetime(2026, 11, 30, 23, 59, tzinfo=UTC)) == "2026-11"
