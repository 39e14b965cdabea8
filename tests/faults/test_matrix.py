"""The table of rows and tests is complete and up to date."""

from __future__ import annotations

import pytest

from tests.faults.bad_inputs import INPUTS
from tests.faults.bad_inputs import LEFT_OUT as INPUTS_LEFT_OUT
from tests.faults.matrix import README, covered, covered_inputs, inputs_in, rows_in, table
from tests.faults.rows import LEFT_OUT, ROWS


class TestFaultMatrix:
    def test_has_a_test_or_a_reason_for_each_row(self) -> None:
        tests = covered().keys()

        assert sorted(ROWS.keys() - tests - LEFT_OUT.keys()) == []
        assert sorted(tests & LEFT_OUT.keys()) == [], "these have tests now: take their reasons out"
        assert tests <= ROWS.keys()

    def test_is_written_down_as_the_tests_are(self) -> None:
        assert README.read_text(encoding="utf-8") == table(), "run: python -m tests.faults.matrix"


class TestBadInputs:
    def test_have_a_test_or_a_reason_each(self) -> None:
        tests = covered_inputs().keys()

        assert sorted(INPUTS.keys() - tests - INPUTS_LEFT_OUT.keys()) == []
        assert sorted(tests & INPUTS_LEFT_OUT.keys()) == [], "these have tests now: take their reasons out"
        assert tests <= INPUTS.keys()

    @pytest.mark.parametrize(
        ("docstring", "inputs"),
        [
            ("Bad input 20: a state.", (20,)),
            ("Row 36. Bad inputs 3, 4 and 5-6.", (3, 4, 5, 6)),
            ("See bad input 41, and bad input 43", (41, 43)),
            ("Row 7.", ()),
        ],
    )
    def test_are_named_anywhere_in_a_docstring(self, docstring: str, inputs: tuple[int, ...]) -> None:
        assert inputs_in(docstring) == inputs


class TestDocstring:
    @pytest.mark.parametrize(
        ("docstring", "rows"),
        [
            ("Row 7.", (7,)),
            ("Rows 22 and 23", (22, 23)),
            ("Rows 1-3, 5, 22 to 24: anything", (1, 2, 3, 5, 22, 23, 24)),
            ("Bad input 41: a key", ()),
            ("Shows row 7", ()),
        ],
    )
    def test_names_its_rows_at_its_beginning(self, docstring: str, rows: tuple[int, ...]) -> None:
        assert rows_in(docstring) == rows
