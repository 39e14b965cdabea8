"""Which test reaches which line: one run of all chosen tests under coverage, with a context for each test."""

from __future__ import annotations

import functools
import pickle
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import coverage
import pytest

from tests.mutation.mutators import Mutant

AT_IMPORT = ""


class NotSound(Exception):
    """The tests fail on the code as it is: nothing can be said of faults."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What every test reaches, and how long it takes on sound code."""

    seconds: Mapping[str, float]
    """By the test's id."""
    tests: Mapping[str, Mapping[int, frozenset[str]]]
    """By file and line; a line that runs while modules are imported has the test AT_IMPORT as well."""

    def runs_at_import(self, mutant: Mutant) -> bool:
        """The fault must be there before anything is imported."""
        return not mutant.runs_in or AT_IMPORT in self._reaching(mutant)

    def chosen_for(self, mutant: Mutant) -> Mapping[str, float]:
        """The tests that can notice a fault: those reaching its lines, and all for what runs at import."""
        if self.runs_at_import(mutant):
            return self.seconds
        return {test: self.seconds[test] for test in self._reaching(mutant)}

    def nearest_files(self, mutant: Mutant) -> tuple[str, ...]:
        """Every file of tests, those with the most tests that reach the fault's module first."""
        near = Counter(
            test.split("::")[0]
            for test in {test for tests in self.tests.get(mutant.path, {}).values() for test in tests}
        )
        files = {test.split("::")[0] for test in self.seconds}
        return tuple(sorted(files, key=lambda file: (-near[file], file)))

    def _reaching(self, mutant: Mutant) -> set[str]:
        by_line = self.tests.get(mutant.path, {})
        return {test for line in mutant.lines for test in by_line.get(line, ())}


def tracer_of(files: Sequence[Path]) -> coverage.Coverage:
    """A tracer of these files; it starts before they are imported."""
    return coverage.Coverage(data_file=None, include=[str(path) for path in files], config_file=False)


def trace(
    items: Sequence[pytest.Item], tracer: coverage.Coverage, files: Sequence[Path], *, root: Path, to: Path
) -> int:
    """Run every test under the running tracer and write what it reaches to a file.

    Raises NotSound when one fails; a skipped one reaches nothing.
    """
    seconds = {}
    for item, following in zip_longest(items, items[1:]):
        _forget()
        tracer.switch_context(item.nodeid)
        began = time.process_time()
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        seconds[item.nodeid] = time.process_time() - began
        if item.session.testsfailed:
            raise NotSound(f"fails on the code as it is: {item.nodeid}")
    tracer.stop()
    data = tracer.get_data()
    reached = {
        path.relative_to(root).as_posix(): {
            line: frozenset(contexts) for line, contexts in data.contexts_by_lineno(str(path)).items()
        }
        for path in files
    }
    to.write_bytes(pickle.dumps(Reach(seconds, reached)))
    return 0


def _forget() -> None:
    """Empty the caches: a test reaches what it would reach alone."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("mappings", "worker.billing")):
            for value in vars(module).values():
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()
