"""When somebody is told that consent ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from worker.delivery.consent import ConsentWarning, warning

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FAR = 5 * 365


def told(*, rolling: int | None = 100, hard: int | None = FAR) -> ConsentWarning | None:
    """The warning with so many days left."""
    return warning(
        "UK",
        rolling_until=None if rolling is None else NOW + timedelta(days=rolling),
        hard_until=None if hard is None else NOW + timedelta(days=hard),
        now=NOW,
    )


class TestWarning:
    @pytest.mark.parametrize(("rolling", "hard"), [(100, FAR), (14, 90), (None, None), (100, None)])
    def test_is_silent_while_there_is_time(self, rolling: int | None, hard: int | None) -> None:
        assert told(rolling=rolling, hard=hard) is None

    @pytest.mark.parametrize(("days", "is_urgent"), [(89, False), (14, False), (13, True), (-1, True)])
    def test_of_the_hard_end_comes_early_and_says_who_must_act(self, days: int, is_urgent: bool) -> None:
        found = told(hard=days)

        assert found is not None
        assert found.is_urgent is is_urgent
        assert "subledger book connect UK" in found.next_step

    @pytest.mark.parametrize(
        ("days", "words"),
        [
            (13, "ends on 2026-03-15 (in 13 days)"),
            (1, "(in 1 day)"),
            (0, "ended on"),
            (-3, "ended on 2026-02-27"),
        ],
    )
    def test_of_the_rolling_end_means_that_renewing_fails(self, days: int, words: str) -> None:
        found = told(rolling=days)

        assert found is not None
        assert found.is_urgent
        assert words in found.sentence
        assert "could not be renewed" in found.sentence
        assert "subledger book check UK" in found.next_step
