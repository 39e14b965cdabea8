"""The words an operator reads of a cause: what to do depends on what stopped."""

from __future__ import annotations

from worker.delivery.causes import Words, words_of


def told(reason: str, kind: str) -> Words:
    return words_of(reason, kind=kind, what=f"1 {kind}", book="UK", missing="", why="no such code", hint="")


class TestWords:
    def test_of_a_taken_number_say_to_renumber_the_other_one(self) -> None:
        words = told("number_taken", "invoice")

        assert "renumber that one there" in words.step
        assert "mapping" not in words.step

    def test_of_a_taken_name_say_to_link_it(self) -> None:
        assert "subledger mapping suggest --book UK" in told("number_taken", "customer").step

    def test_of_an_unknown_cause_are_its_own(self) -> None:
        assert told("4711", "invoice").sentence == "1 invoice stopped in book UK: no such code"
