"""Which tests show which row of the fault matrix: `python -m tests.faults.matrix` writes the README's table.

A test shows a row when its docstring begins with `Row NN` or `Rows NN, NN-NN`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.faults.rows import LEFT_OUT, ROWS

TESTS = Path(__file__).resolve().parent.parent
README = Path(__file__).with_name("README.md")
SHOWN_MAX = 4
_NUMBERS = r"\d+(?:\s*(?:-|to)\s*\d+)?"
_ROWS = re.compile(
    rf"\s*Rows? ({_NUMBERS}(?:(?:, | and |, and ){_NUMBERS})*)\b(?!(?:[\s,\d-]|and|to)* of the bad)"
)
_SPAN = re.compile(r"(\d+)(?:\s*(?:-|to)\s*(\d+))?")


def covered() -> Mapping[int, tuple[str, ...]]:
    """Row -> the tests that show it, as pytest names them."""
    found: dict[int, list[str]] = {}
    for file in sorted(TESTS.rglob("test_*.py")):
        for name, docstring in _tests_of(ast.parse(file.read_text(encoding="utf-8"))):
            for row in rows_in(docstring):
                found.setdefault(row, []).append(f"{file.relative_to(TESTS)}::{name}")
    return {row: tuple(names) for row, names in found.items()}


def rows_in(docstring: str) -> tuple[int, ...]:
    """The rows a docstring begins with; () when it names none."""
    match = _ROWS.match(docstring)
    if match is None:
        return ()
    spans = ((int(first), int(last or first)) for first, last in _SPAN.findall(match[1]))
    return tuple(row for first, last in spans for row in range(first, last + 1))


def table() -> str:
    """The whole README."""
    tests = covered()
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
    for row, fault in ROWS.items():
        lines.append(f"| {row} | {fault} | {_cell(row, tests.get(row, ()))} |")
    return "\n".join(lines) + "\n"


def _cell(row: int, names: tuple[str, ...]) -> str:
    if not names:
        return f"left out: {LEFT_OUT.get(row, 'nobody has said why')}"
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
    sys.exit(f"rows without a test or a reason: {missing}" if missing else 0)
