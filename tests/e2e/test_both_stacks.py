"""The same months on SQLite in one process, and on PostgreSQL with Redis and two workers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

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
        """Under the published limits; what differs is only who did the work, and when."""
        with (
            a_farm(tmp_path / "embedded", limits=True) as embedded,
            a_farm(tmp_path / "shared", environment=shared_environment, limits=True) as shared,
        ):
            decided_by_one = bill_three_months(embedded)
            with shared.workers(2):
                decided_by_many = bill_three_months(shared)

            assert decided_by_one == decided_by_many
            issued = books.check(embedded)
            assert issued == books.check(shared)
            self.is_the_whole_story(issued)
            self.runs_again_for_nothing(embedded)

    def is_the_whole_story(self, issued: tuple[books.Held, ...]) -> None:
        assert {one.book for one in issued} == {"US-BOOK", "UK-BOOK", "DE-BOOK"}
        assert {one.currency for one in issued} == {"USD", "JPY", "GBP", "EUR"}
        assert sum(one.kind == "credit_note" for one in issued) == 4

    def runs_again_for_nothing(self, farm: Farm) -> None:
        calls, issued = farm.simulator.writes(), books.issued_by(farm)

        again = farm.run("run", "--as-of", MARCH.isoformat())

        assert (again.code, again.out["posted"], farm.simulator.writes()) == (0, 0, calls)
        assert books.check(farm) == issued
