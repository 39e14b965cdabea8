"""kill -9 at any moment of a run, and run again: each document once in all three books."""

from __future__ import annotations

import random
import time
from datetime import date

import pytest

from tests.e2e import books
from tests.e2e.harness import Farm, finished, rates, wait_until

KILLS = 10
"""Per seed; two seeds make the 20 of the issue, and two processes can share them."""

MONTHS = tuple(date(2026 + n // 12, n % 12 + 1, 1) for n in range(24))
HOLD_S = 0.95
"""How long the simulator keeps its answer back: just under its limit, at which it would be cut."""


def kill_after(farm: Farm, seconds: float, month: date) -> bool:
    """Start a run and kill it after a while; whether it was still running then."""
    process = farm.start("run", "--as-of", month.isoformat())
    time.sleep(seconds)
    process.kill()
    process.communicate()
    return process.returncode == -9


def finish(farm: Farm, month: date) -> None:
    """Run again until everything is done, and compare the books with what was issued."""
    done = farm.run("run", "--as-of", month.isoformat())
    assert done.code == 0, done.told or done.out
    assert all(book["open"] == 0 for book in done.out["books"])
    books.check(farm)


class TestRun:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_killed_at_random_moments_puts_each_document_once_into_its_book(
        self, farm: Farm, seed: int
    ) -> None:
        """Rows 5-18: wherever the worker dies, the next run finds out what the books hold and goes on."""
        farm.set_up(rates(*MONTHS))
        chance = random.Random(seed)
        started = time.monotonic()
        finish(farm, MONTHS[0])
        whole = time.monotonic() - started
        kills, months = 0, iter(MONTHS[1:])
        while kills < KILLS:
            month = next(months)
            kills += kill_after(farm, chance.uniform(0.25, 1.0) * whole, month)
            assert books.held_by(farm).duplicates == []
            if kills % 4 == 0:
                finish(farm, month)

        finish(farm, next(months))
