"""Which tests show which row of the fault matrix: `python -m tests.faults.matrix` writes the README's tables.

A test shows a row when its docstring begins with `Row NN` or `Rows NN, NN-NN`, and a bad input when
`Bad input NN` or `Bad inputs NN, NN` stands anywhere in it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.faults.bad_inputs import INPUTS
from tests.faults.bad_inputs import LEFT_OUT as INPUTS_LEFT_OUT
from tests.faults.rows import LEFT_OUT, ROWS

TESTS = Path(__file__).resolve().parent.parent
README = Path(__file__).with_name("README.md")
SHOWN_MAX = 4
_NUMBERS = r"\d+(?:\s*(?:-|to)\s*\d+)?"
_SEVERAL = rf"({_NUMBERS}(?:(?:, | and |, and ){_NUMBERS})*)"
_ROWS = re.compile(rf"\s*Rows? {_SEVERAL}\b")
_INPUTS = re.compile(rf"\bBad inputs? {_SEVERAL}\b", re.IGNORECASE)
_SPAN = re.compile(r"(\d+)(?:\s*(?:-|to)\s*(\d+))?")


def covered() -> Mapping[int, tuple[str, ...]]:
    """Row -> the tests that show it, as pytest names them."""
    return _tests_by(rows_in)


def covered_inputs() -> Mapping[int, tuple[str, ...]]:
    """Bad input -> the tests that show it."""
    return _tests_by(inputs_in)


def rows_in(docstring: str) -> tuple[int, ...]:
    """The rows a docstring begins with; () when it names none."""
    match = _ROWS.match(docstring)
    return () if match is None else _numbers(match[1])


def inputs_in(docstring: str) -> tuple[int, ...]:
    """The bad inputs that a docstring names."""
    return tuple(number for match in _INPUTS.finditer(docstring) for number in _numbers(match[1]))


def _numbers(text: str) -> tuple[int, ...]:
    spans = ((int(first), int(last or first)) for first, last in _SPAN.findall(text))
    return tuple(number for first, last in spans for number in range(first, last + 1))


def _tests_by(numbers_in: Callable[[str], tuple[int, ...]]) -> Mapping[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    for file in sorted(TESTS.rglob("test_*.py")):
        for name, docstring in _tests_of(ast.parse(file.read_text(encoding="utf-8"))):
            for number in numbers_in(docstring):
                found.setdefault(number, []).append(f"{file.relative_to(TESTS)}::{name}")
    return {number: tuple(names) for number, names in found.items()}


def table() -> str:
    """The whole README."""
    lines = [
        "# Faults and the tests that show what holds",
        "",
        "Written by `python -m tests.faults.matrix` from the tests: a test shows a row when its docstring",
        "begins with `Row NN`. For every row: one document in the book, nothing lost, a state that shows.",
        "",
        "Dying at named places: `test_crash_points.py`. Two hundred seeded stories: `test_random_faults.py`;",
        "one of them again: `python -m tests.faults.simulation SEED`. Safeties gone: `test_safeties.py`.",
        "Real servers, killed at random: `python -m tests.bench.chaos --kills 200 --json`.",
        "",
        "| row | fault | tests |",
        "|---|---|---|",
    ]
    tests = covered()
    lines += [
        f"| {row} | {fault} | {_cell(tests.get(row, ()), LEFT_OUT.get(row))} |" for row, fault in ROWS.items()
    ]
    lines += [
        "",
        "# Bad inputs",
        "",
        "A test shows one when `Bad input NN` stands in its docstring. Each is refused in words that name",
        "the place, with nothing half written and no secret repeated.",
        "",
        "| input | what | tests |",
        "|---|---|---|",
    ]
    of_inputs = covered_inputs()
    lines += [
        f"| {number} | {what} | {_cell(of_inputs.get(number, ()), INPUTS_LEFT_OUT.get(number))} |"
        for number, what in INPUTS.items()
    ]
    return "\n".join(lines) + "\n"


def _cell(names: tuple[str, ...], reason: str | None) -> str:
    if not names:
        return f"left out: {reason or 'nobody has said why'}"
    shown = "<br>".join(f"`{name}`" for name in names[:SHOWN_MAX])
    return shown if len(names) <= SHOWN_MAX else f"{shown}<br>and {len(names) - SHOWN_MAX} more"


def _tests_of(module: ast.Module) -> Iterator[tuple[str, str]]:
    """(Class::name, docstring) of every test of a module that has a docstring."""
    for outer in module.body:
        inner = outer.body if isinstance(outer, ast.ClassDef) else [outer]
        prefix = f"{outer.name}::" if isinstance(outer, ast.ClassDef) else ""
        for one in inner:
            if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"):
                docstring = ast.get_docstring(one)
                if docstring:
                    yield prefix + one.name, docstring


if __name__ == "__main__":
    README.write_text(table(), encoding="utf-8")
    missing = sorted(ROWS.keys() - covered().keys() - LEFT_OUT.keys())
    missing += sorted(INPUTS.keys() - covered_inputs().keys() - INPUTS_LEFT_OUT.keys())
    sys.exit(f"rows or inputs without a test or a reason: {missing}" if missing else 0)
