"""Trying mutants: a few children at a time, each with one fault in it.

The nest is a process that has imported the code and collected the tests. Its children plant a fault in living
functions. What runs at import needs a child that has imported nothing yet: it comes from the first process.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import pytest

from tests.mutation.mutators import Mutant
from tests.mutation.planting import living_functions, plant, plant_before_import
from tests.mutation.reach import NotSound, Reach, trace, tracer_of
from tests.mutation.sessions import forked, run_until_one_fails, say, with_tests

Fate = Literal["killed", "timed_out", "survived"]

SURVIVED, KILLED, BROKE = 0, 1, 70
NEAREST = 3


class TrialBroke(Exception):
    """The trial itself did not work: neither a kill nor a survivor."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one mutant."""

    mutant: Mutant
    fate: Fate
    tests: int
    """How many tests reach it."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where trials take place."""

    root: Path
    files: tuple[Path, ...]
    """Every module of the code under test."""
    tests: tuple[str, ...]
    folder: Path
    """For notes between processes."""
    workers: int


def try_all(mutants: Sequence[Mutant], bench: Bench) -> tuple[Tried, ...]:
    """Every mutant's fate, in the order of the mutants. Raises NotSound when the tests fail as things are."""
    notes = bench.folder / "nest"
    _, status = os.waitpid(forked(partial(_nest, mutants, bench, notes)), 0)
    if status or not notes.exists():
        raise NotSound("the tests do not pass on the code as it is; see above")
    reach, tried = pickle.loads(notes.read_bytes())
    at_import = [mutant for mutant in mutants if reach.runs_at_import(mutant)]
    if at_import:
        say(f"{len(at_import)} faults in what runs at import")
    tried += _side_by_side(at_import, reach, bench.workers, partial(_try_at_import, reach, bench))
    return tuple(sorted(tried, key=lambda one: mutants.index(one.mutant)))


def _nest(mutants: Sequence[Mutant], bench: Bench, notes: Path) -> int:
    tracer = tracer_of(bench.files)
    tracer.start()

    def act(items: Sequence[pytest.Item]) -> None:
        say(f"running {len(items)} tests once to see which reaches what")
        to = bench.folder / "reach"
        tracing = forked(partial(trace, items, tracer, bench.files, root=bench.root, to=to))
        tracer.stop()
        functions = living_functions(bench.root)
        gc.freeze()
        os.waitpid(tracing, 0)
        reach: Reach = pickle.loads(to.read_bytes())
        say(f"they take {sum(reach.seconds.values()):.0f} s on the processor")

        def in_place(mutant: Mutant, chosen: Mapping[str, float]) -> int:
            if not chosen:
                return SURVIVED  # no test imports or reaches it
            plant(mutant, functions, root=bench.root)
            return KILLED if run_until_one_fails(items, chosen) else SURVIVED

        in_functions = [mutant for mutant in mutants if not reach.runs_at_import(mutant)]
        tried = _side_by_side(in_functions, reach, bench.workers, in_place)
        notes.write_bytes(pickle.dumps((reach, tried)))

    return with_tests(bench.tests, act)


def _try_at_import(reach: Reach, bench: Bench, mutant: Mutant, chosen: Mapping[str, float]) -> int:
    """Importing all tests takes longer than most faults live, so the nearest ones are tried first."""
    plant_before_import(mutant, root=bench.root)
    files = reach.nearest_files(mutant)
    for some in (files[:NEAREST], files[NEAREST:]):
        survived: list[bool] = []
        code = with_tests(
            some,
            lambda items, told=survived: told.append(not run_until_one_fails(items, chosen)),  # type: ignore[misc]  # bound early
        )
        if not survived:
            cannot_be_imported = code in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
            return KILLED if cannot_be_imported else BROKE
        if not survived[0]:
            return KILLED
    return SURVIVED


def _side_by_side(
    mutants: Sequence[Mutant],
    reach: Reach,
    workers: int,
    attempt: Callable[[Mutant, Mapping[str, float]], int],
) -> list[Tried]:
    """Try mutants in children, so many at a time; an attempt's answer is SURVIVED or KILLED."""
    tried: list[Tried] = []
    for mutant, status in _children(mutants, reach, workers, attempt):
        one = Tried(mutant, _fate(mutant, status), len(reach.chosen_for(mutant)))
        tried.append(one)
        if one.fate == "survived":
            say(f"  survived: {mutant.where} {mutant.function}: {mutant.in_words}")
        if len(tried) % 50 == 0:
            say(f"{time.strftime('%H:%M:%S')} {len(tried)} of {len(mutants)}")
    return tried


def _children(
    mutants: Sequence[Mutant],
    reach: Reach,
    workers: int,
    attempt: Callable[[Mutant, Mapping[str, float]], int],
) -> Iterator[tuple[Mutant, int]]:
    waiting = list(reversed(mutants))
    running: dict[int, Mutant] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                mutant = waiting.pop()
                running[forked(partial(attempt, mutant, reach.chosen_for(mutant)))] = mutant
            child, status = os.wait()
            yield running.pop(child), status
    finally:
        for child in running:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _fate(mutant: Mutant, status: int) -> Fate:
    match os.waitstatus_to_exitcode(status):
        case code if code in (-signal.SIGXCPU, -signal.SIGKILL):  # too long, or the system had no memory left
            return "timed_out"
        case code if code == KILLED:
            return "killed"
        case code if code == SURVIVED:
            return "survived"
        case code:
            raise TrialBroke(f"{mutant.where} {mutant.in_words}: ended with {code}")
