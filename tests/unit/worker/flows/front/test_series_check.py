"""A series that is behind the numbers a book has is told before it gives one twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.unit.worker.flows.front.conftest import Front
from tests.unit.worker.small_world import BOOK
from worker.flows.series_check import series_problems


class Numbered:
    """As much of a ledger as is asked for numbers."""

    def __init__(self, *numbers: str) -> None:
        self._numbers = numbers

    def highest_numbers(self, wanted: Sequence[str]) -> Mapping[str, str]:
        return {
            prefix: max((one for one in self._numbers if one.startswith(prefix)), default="")
            for prefix in wanted
        }


def problems(front: Front, *numbers: str) -> tuple[str, ...]:
    ledger: Any = Numbered(*numbers)
    return series_problems(front.ports, BOOK, ledger)


class TestASeries:
    @pytest.mark.parametrize("held", ["US-2026-00001", "US-2026-00041"])
    def test_at_or_below_what_a_book_has_is_told(self, front: Front, held: str) -> None:
        (problem,) = problems(front, held, "US-2025-00099", "OTHER-77")

        assert f"has number {held} already" in problem
        assert f"first_number of the series to {int(held[-5:]) + 1} or more" in problem

    def test_above_it_is_fine(self, front: Front) -> None:
        """Our own three invoices are in the book as well; numbers of last year do not count this year."""
        front.bill()
        front.release()

        assert problems(front, "US-2026-00003", "US-2025-00099") == ()

    def test_of_a_ledger_that_cannot_be_asked_is_not_judged(self, front: Front) -> None:
        ledger: Any = object()

        assert series_problems(front.ports, BOOK, ledger) == ()
