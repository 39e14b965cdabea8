"""Mutation testing of the money code: `python -m tests.mutation --sample 400 --seed 1 [--json]`.

Prints what became of a seeded sample of faults planted in `worker/billing` and `mappings` on standard output,
its progress on standard error. Ends with 1 when fewer than 90 % were noticed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.mutation.excuses import Excuse, is_excused, read_excuses
from tests.mutation.mutators import mutants_of
from tests.mutation.trying import Bench, Tried, try_all

ROOT = Path(__file__).resolve().parents[2]
CODE = ("mappings", "worker/billing")
TESTS = ("tests/unit/mappings", "tests/unit/worker/billing", "tests/golden", "tests/contract/partner_center")
SCORE_MIN = 90.0


@dataclass(frozen=True, slots=True)
class Survivor:
    """A fault that no test noticed."""

    where: str
    function: str
    statement: str
    was: str
    now: str
    tests: int
    """How many tests ran the statement; 0: none does."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the sample; the score in percent."""

    seed: int
    population: int
    excused: int
    mutants: int
    killed: int
    timed_out: int
    survived: int
    score: float
    took_s: int
    survivors: tuple[Survivor, ...]
    stale_excuses: tuple[Excuse, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _arguments(arguments)
    started = time.monotonic()
    excuses = read_excuses()
    everything = tuple(mutant for path in files() for mutant in mutants_of(_name(path), path.read_bytes()))
    population = [mutant for mutant in everything if mutant.path.startswith(chosen.only)]
    allowed = [mutant for mutant in population if not is_excused(mutant, excuses)]
    sample = random.Random(chosen.seed).sample(allowed, min(chosen.sample, len(allowed)))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(ROOT, files(), TESTS, Path(folder), chosen.workers)
        tried = try_all(sorted(sample, key=lambda mutant: (mutant.path, mutant.start)), bench)
    fates = Counter(one.fate for one in tried)
    report = Report(
        seed=chosen.seed,
        population=len(population),
        excused=len(population) - len(allowed),
        mutants=len(tried),
        killed=fates["killed"],
        timed_out=fates["timed_out"],
        survived=fates["survived"],
        score=round(100 - 100 * fates["survived"] / max(1, len(tried)), 1),
        took_s=round(time.monotonic() - started),
        survivors=tuple(_survivor(one) for one in tried if one.fate == "survived"),
        stale_excuses=tuple(excuse for excuse in excuses if not any(map(excuse.covers, everything))),
    )
    print(json.dumps(asdict(report), ensure_ascii=False) if chosen.json else _in_words(report))
    return 0 if report.score >= SCORE_MIN else 1


def files() -> tuple[Path, ...]:
    """Every module faults are planted in."""
    found = (path for folder in CODE for path in (ROOT / folder).rglob("*.py"))
    return tuple(sorted(path for path in found if path.name != "__init__.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _survivor(one: Tried) -> Survivor:
    mutant = one.mutant
    return Survivor(mutant.where, mutant.function, mutant.statement, mutant.was, mutant.now, one.tests)


def _in_words(report: Report) -> str:
    lines = [
        f"{report.mutants} of {report.population - report.excused} faults planted (seed {report.seed}; "
        f"{report.excused} more are excused by name), {report.took_s} s",
        f"{report.killed} killed, {report.timed_out} timed out, {report.survived} survived: "
        f"{report.score} % noticed",
    ]
    for one in report.survivors:
        lines += [f"{one.where} {one.function} ({one.tests} tests)", f"    {one.was} -> {one.now}"]
    lines += [f"stale excuse: {one.path} {one.function}: {one.statement}" for one in report.stale_excuses]
    return "\n".join(lines)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=400, metavar="N", help="how many faults")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--only", default="", metavar="PATH", help="only of files whose path begins so")
    parser.add_argument("--workers", type=int, default=2, metavar="N")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of words")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
