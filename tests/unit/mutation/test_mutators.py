"""What faults are planted, and where they end up."""

from __future__ import annotations

import pytest

from tests.mutation.excuses import Excuse, is_excused
from tests.mutation.mutators import mutants_of


def faults(source: str) -> list[tuple[str, str]]:
    """What each fault of a function with this body changes, and to what."""
    lines = "\n".join(f"    {line}" for line in source.split("\n"))
    text = f"def f(a, b, c) -> bool:\n{lines}\n".encode()
    return [(mutant.was, mutant.now) for mutant in mutants_of("m.py", text)]


class TestAFault:
    @pytest.mark.parametrize(
        ("source", "was", "now"),
        [
            ("x = a < b", "a < b", "(a <= b)"),
            ("x = a < b", "a < b", "(a >= b)"),
            ("x = a - b", "a - b", "(a + b)"),
            ("x = a and b", "a and b", "(a or b)"),
            ("x = a and b", "a and b", "(b)"),
            ("x = not a", "not a", "(a)"),
            ("x = -a", "-a", "(a)"),
            ("x = 5", "5", "(6)"),
            ("x = 5", "5", "(4)"),
            ("x = True", "True", "(False)"),
            ("x = b if a else c", "b if a else c", "(c if a else b)"),
            ("x = min(a, b)", "min(a, b)", "(max(a, b))"),
            ("x = sorted(a, key=b)", "sorted(a, key=b)", "(list(a))"),
            ("x = a.get(b, c)", "a.get(b, c)", "(a.get(b))"),
            ("x = a(b, c=c)", "a(b, c=c)", "(a(b))"),
            ("x = [b for b in a if b]", "[b for b in a if b]", "([b for b in a])"),
            ("if a:\n    b()", "a", "(not (a))"),
            ("a.append(b)", "a.append(b)", "pass"),
            ("a += b", "a += b", "pass"),
            ("a = b", "a = b", "pass"),
            ("raise a", "raise a", "pass"),
            ("return a(b)", "a(b)", "(not (a(b)))"),
        ],
    )
    def test_is_planted(self, source: str, was: str, now: str) -> None:
        assert (was, now) in faults(source)

    @pytest.mark.parametrize(
        "source",
        [
            '"""What it is for, in 5 words."""',
            "x: Literal[1] | None",
            'x = f"{a + 1} seats"',
            'assert a, f"not {a - 1}"',
            "from m import x",
            "x = zip(a, b, strict=True)",
            "x = a",
        ],
    )
    def test_is_not_planted_in_words_types_and_precautions(self, source: str) -> None:
        assert faults(source) == []

    def test_of_an_error_is_that_it_is_not_raised(self) -> None:
        assert faults("raise ValueError(a + 1, b=2)") == [("raise ValueError(a + 1, b=2)", "pass")]

    def test_changes_nothing_else(self) -> None:
        source = "AÖ = 'ö'; X = 7 # why\n".encode()
        mutants = mutants_of("m.py", source)

        assert [mutant.planted(source).decode() for mutant in mutants] == [
            "AÖ = 'ö'; X = (6) # why\n",
            "AÖ = 'ö'; X = (8) # why\n",
        ]

    def test_knows_whether_it_runs_at_import(self) -> None:
        mutants = mutants_of("m.py", b"X = 1\nclass C:\n    n = 2\n    def f(self, n=3):\n        n = 4\n")

        assert {(mutant.was, mutant.function, mutant.runs_in) for mutant in mutants} >= {
            ("1", "", ""),
            ("2", "C", ""),
            ("3", "C.f", ""),
            ("4", "C.f", "C.f"),
        }


class TestAnExcuse:
    def test_covers_one_fault_of_a_statement_or_all(self) -> None:
        less, more = mutants_of("m.py", b"KEPT_MAX = 4096\n")
        one = Excuse("m.py", "", "KEPT_MAX = 4096", "only memory", now="(4097)")
        every = Excuse("m.py", "", "KEPT_MAX = 4096", "only memory")

        assert [is_excused(fault, [one]) for fault in (more, less)] == [True, False]
        assert [is_excused(fault, [every]) for fault in (more, less)] == [True, True]
