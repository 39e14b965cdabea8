"""kill -9 at any moment of a run, and run again: each document once in all three books."""

from __future__ import annotations

import random
import subprocess
import time
from datetime import date
from pathlib import Path

import pytest

from tests.e2e import books
from tests.e2e.harness import Farm, a_farm, finished, rates, wait_until

KILLS = 10
"""Per seed; two seeds make the 20 of the issue, and two processes can share them."""

SINCE = 2022
MONTHS = tuple(date(SINCE + n // 12, n % 12 + 1, 1) for n in range(36))
"""All in the past: rates of days to come are refused."""

HOLD_S = 0.95
"""How long the simulator keeps its answer back: just under its limit, at which it would be cut."""


def start(farm: Farm, month: date) -> subprocess.Popen[str]:
    """A run that has begun to work: before that it only loads itself."""
    process = farm.start("run", "--as-of", month.isoformat())
    lock, name = farm.folder / "subledger.db.lock", f"process {process.pid}"
    wait_until(lambda: lock.exists() and lock.read_text().strip() == name, seconds=60, what="the run begins")
    return process


def is_killed(process: subprocess.Popen[str]) -> bool:
    """kill -9; whether it came before the end of the process."""
    process.kill()
    process.communicate()
    return process.returncode == -9


def finish(farm: Farm, month: date) -> float:
    """Run until everything is done and compare the books with what was issued; returns its seconds."""
    process = start(farm, month)
    started = time.monotonic()
    done = finished(process)
    seconds = time.monotonic() - started
    assert done.code == 0, done.told or done.out
    assert all(book["open"] == 0 for book in done.out["books"])
    books.check(farm)
    return seconds


class TestRun:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_killed_at_random_moments_puts_each_document_once_into_its_book(
        self, farm: Farm, seed: int
    ) -> None:
        """Rows 5-18: wherever the worker dies, the next run finds out what the books hold and goes on."""
        farm.set_up(rates(*MONTHS), since=SINCE)
        chance = random.Random(seed)
        months = iter(MONTHS)
        whole = finish(farm, next(months))
        kills = 0
        while kills < KILLS:
            process = start(farm, next(months))
            time.sleep(chance.uniform(0.0, whole))
            kills += is_killed(process)
            assert books.markers_held_twice(farm) == []
            if kills in (KILLS // 2, KILLS):
                whole = min(whole, finish(farm, next(months)))

    def test_killed_while_the_book_commits_and_never_answers_sends_nothing_again(self, farm: Farm) -> None:
        """Row 16 with a dead worker: both companies hold what was sent, nobody heard of it."""
        farm.set_up(rates(*MONTHS), since=SINCE)
        finish(farm, MONTHS[0])
        hold = {"fault": "hang", "commit": "first", "seconds": HOLD_S, "times": 0, "method": "POST"}
        farm.simulator.post("faults", [hold | {"entity": entity} for entity in ("invoice", "batch")])
        process = start(farm, MONTHS[1])
        wait_until(lambda: farm.simulator.struck() >= 2, seconds=30, what="two calls are committed")

        assert is_killed(process)
        farm.simulator.post("faults/clear", {})
        finish(farm, MONTHS[1])

    def test_with_two_workers_of_which_some_are_killed_puts_each_document_once_into_its_book(
        self, tmp_path: Path, shared_environment: dict[str, str]
    ) -> None:
        """A dead holder's lane is taken over when its lease ends; a new worker takes its place."""
        chance = random.Random(3)
        with a_farm(tmp_path, environment=shared_environment) as farm:
            farm.set_up(rates(*MONTHS), since=SINCE)
            with farm.workers(2) as workers:
                for month in MONTHS[:3]:
                    writes = farm.simulator.writes()
                    run = farm.start("run", "--as-of", month.isoformat())
                    wait_until(lambda: farm.simulator.writes() > writes, seconds=60, what="workers send")  # noqa: B023
                    time.sleep(chance.uniform(0.0, 0.5))
                    assert is_killed(workers.pop(0))
                    workers.append(farm.worker())
                    done = finished(run)
                    assert done.code == 0, done.told or done.out
                    books.check(farm)
