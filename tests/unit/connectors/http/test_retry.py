"""Retries of reads: how often, how long, and for which errors only."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from connectors.errors import ConnectorError, ConsentLost, OutcomeUnknown, Refused, Throttled, Unreachable
from connectors.http.retry import BUDGET_S, reading
from tests.unit.connectors.http.loopback import WallClock


@dataclass
class Flaky:
    """A read that fails with each error in turn, then answers."""

    errors: list[ConnectorError]
    calls: int = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


class TestReading:
    def test_repeats_what_may_pass(self) -> None:
        clock = WallClock()
        read = Flaky([Unreachable("refused"), OutcomeUnknown("reset")])

        assert reading(read, clock=clock) == "answer"
        assert read.calls == 3
        assert len(clock.slept) == 2

    def test_gives_up_after_three_tries_with_the_last_error(self) -> None:
        read = Flaky([Unreachable("one"), Unreachable("two"), OutcomeUnknown("three"), Unreachable("four")])

        with pytest.raises(OutcomeUnknown, match="three"):
            reading(read, clock=WallClock())

    @pytest.mark.parametrize("word", [Throttled, Refused, ConsentLost])
    def test_repeats_no_clear_answer(self, word: type[ConnectorError]) -> None:
        read = Flaky([word("no")])

        with pytest.raises(word):
            reading(read, clock=WallClock())
        assert read.calls == 1

    def test_starts_no_try_after_its_budget(self) -> None:
        class Slow(WallClock):
            def monotonic(self) -> float:
                return read.calls * (BUDGET_S - 1)

        read = Flaky([Unreachable("slow")] * 3)

        with pytest.raises(Unreachable):
            reading(read, clock=Slow())
        assert read.calls <= 2
