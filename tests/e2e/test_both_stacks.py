"""The same months on SQLite in one process and on PostgreSQL with Redis and two workers: the same documents."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.e2e import books
from tests.e2e.harness import Farm, a_farm, rates, the_file

JANUARY, FEBRUARY, MARCH = (date(2026, month, 1) for month in (1, 2, 3))


def bill_three_months(farm: Farm) -> bytes:
    """January, then what happened in it, then February and March; returns every decision, canonically."""
    farm.set_up(rates(JANUARY, FEBRUARY, MARCH))
    for month in (JANUARY, FEBRUARY, MARCH):
        done = farm.run("run", "--as-of", month.isoformat())
        assert done.code == 0, done.told or done.out
        if month == JANUARY:
            assert farm.import_text(the_file("changes.yaml")).code == 0
    return books.canonical(farm)


class TestTwoStacks:
    def test_decide_the_same_to_the_byte_and_fill_the_books_alike(
        self, tmp_path: Path, shared_environment: dict[str, str]
    ) -> None:
        for name in ("embedded", "shared"):
            (tmp_path / name).mkdir()
        with a_farm(tmp_path / "embedded") as embedded, a_farm(tmp_path / "shared") as shared:
            shared.environment.update(shared_environment)

            decided_by_one = bill_three_months(embedded)
            with shared.workers(2):
                decided_by_many = bill_three_months(shared)

            assert decided_by_one == decided_by_many
            assert books.check(embedded) == books.check(shared)


class TestMonths:
    @pytest.fixture
    def billed(self, farm: Farm) -> Farm:
        bill_three_months(farm)
        return farm

    def test_put_each_document_once_into_its_book_and_again_nothing(self, billed: Farm) -> None:
        issued = books.check(billed)
        calls = billed.simulator.writes()

        again = billed.run("run", "--as-of", MARCH.isoformat())

        assert {one.book for one in issued} == {"US-BOOK", "UK-BOOK", "DE-BOOK"}
        assert {one.currency for one in issued} == {"USD", "JPY", "GBP", "EUR"}
        assert sum(one.kind == "credit_note" for one in issued) >= 4
        assert (again.code, again.out["posted"], billed.simulator.writes()) == (0, 0, calls)
        assert books.check(billed) == issued
