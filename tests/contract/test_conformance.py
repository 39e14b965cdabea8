"""The conformance kit: every row for every ledger of the registry, on its practice book."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from connectors import registry
from connectors.conformance import suite
from connectors.conformance.own_book import OwnBook
from connectors.conformance.row import Row
from connectors.conformance.rows import ROWS
from connectors.conformance.safeties import safeties
from connectors.conformance.stage import Stage, StageMissing
from connectors.conformance.trial import Trial
from connectors.ledger_kind import LedgerKind
from connectors.protocols import TokenStore

TABLE = Path(__file__).resolve().parents[2] / "deploy" / "conformance.md"


class PassingClock:
    """Real time; a wait is not waited for."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """A practice book needs no pause."""


@pytest.fixture(scope="module", params=registry.ledgers(), ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> LedgerKind:
    known: LedgerKind = request.param
    return known


@pytest.fixture(scope="module")
def stage(kind: LedgerKind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with ExitStack() as until_the_end:
        try:
            opened = kind.stage(tmp_path_factory.mktemp(kind.name), clock=PassingClock())
            yield until_the_end.enter_context(opened)
        except StageMissing as missing:  # with CI=true a skipped test is a failed one
            pytest.skip(f"{kind.name} cannot be tried on this machine: {missing}")


@pytest.fixture(scope="module")
def trial(stage: Stage) -> Trial:
    return Trial(stage, clock=PassingClock())


class TestLedger:
    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
    def test_passes_or_says_what_it_does_not_offer(self, trial: Trial, row: Row) -> None:
        result = suite.judge(trial, row)

        assert result.verdict in ("passed", "not offered"), result.how
        assert result.how

    def test_tells_how_each_safety_is_achieved(self, kind: LedgerKind) -> None:
        assert all(one.how for one in safeties(kind.capabilities))

    def test_has_the_verdicts_that_are_published(self, kind: LedgerKind, trial: Trial) -> None:
        """Whatever stops to be offered, or begins to be, shows in `subledger conform --markdown`."""
        page = TABLE.read_text("utf-8").splitlines()
        lines = [line.strip("| ").split(" | ") for line in page if line.startswith("|")]
        column = lines[0].index(kind.name)

        published = {cells[0].strip("`"): cells[column] for cells in lines[2:]}

        assert published == {one.row: one.verdict for one in suite.run(trial)}


class TestOwnBook:
    """The same book without anybody who can bring trouble, as a user's sandbox is."""

    def test_is_tried_and_tells_what_it_cannot_show(self, kind: LedgerKind, stage: Stage) -> None:
        tokens, clock = stage.tokens, PassingClock()
        nobody = cast("TokenStore", object())
        own = OwnBook(
            stage.ground,
            open_session=lambda given: kind.open(stage.ground.book, clock=clock, tokens=given or nobody),
            tokens=tokens,
            clock=clock,
        )

        results = {one.row: one for one in suite.run(Trial(own, clock=clock))}

        assert [one for one in results.values() if one.verdict == "failed"] == []
        assert results["create"].verdict == "passed"
        assert results["lost_answer"].verdict == "not possible"
        assert results["token_rotation"].verdict == ("passed" if tokens else "not offered")
