"""The conformance kit: every row for every ledger of the registry, on its practice book."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connectors import registry
from connectors.conformance import suite
from connectors.conformance.row import Row
from connectors.conformance.rows import ROWS
from connectors.conformance.trial import Trial
from connectors.ledger_kind import LedgerKind


class PassingClock:
    """Real time; a wait is not waited for."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """A practice book needs no pause."""


@pytest.fixture(scope="module", params=registry.ledgers(), ids=lambda kind: kind.name)
def trial(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    kind: LedgerKind = request.param
    clock = PassingClock()
    with kind.stage(tmp_path_factory.mktemp(kind.name), clock=clock) as stage:
        yield Trial(stage, clock=clock)


class TestLedger:
    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
    def test_passes_or_says_what_it_does_not_offer(self, trial: Trial, row: Row) -> None:
        result = suite.judge(trial, row)

        assert result.verdict in ("passed", "not offered"), result.how
        assert result.how
