"""What a plan says beforehand: the fate of a delivery, and what a book is asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.protocols import Capabilities, Expectation, Held, Rates
from mappings.canonical.money import Money
from worker.delivery.foresight import Fate, Standing, Work, estimate, foresee, seen, work_of
from worker.delivery.verdict import Facts

LAST_DAY = date(2026, 1, 31)
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
FACTS = Facts(
    kind="invoice",
    lookup="INV-1",
    marker="M" * 20,
    expect=Expectation(net=Money(100, "EUR")),
    attempts=0,
    starts=0,
    absent_reads=0,
    after_conflict=False,
    created_at=NOW,
    started_at=NOW,
    quiet=timedelta(seconds=132),
    recheck=timedelta(seconds=10),
)
MANY = Capabilities(
    frozenset({"invoice"}), batch_size=30, rates=Rates(per_second=10, per_minute=500, batches_per_minute=40)
)


def held(net: int = 100, *, marker: str = FACTS.marker, live: bool = True) -> Held:
    return Held("7", "0", "INV-1", marker, net=Money(net, "EUR"), live=live)


class TestFate:
    @pytest.mark.parametrize("state", ["planned", "due", "sending", "uncertain", "posted", "cancelled"])
    def test_of_what_did_not_stop_is_nothing(self, state: str) -> None:
        fate = foresee(Standing(state, "", False))  # type: ignore[arg-type]  # every state in turn

        assert fate is not None
        assert (fate.prospect, fate.acts) == ("nothing", False)

    def test_of_what_was_never_sent_is_a_create(self) -> None:
        fate = foresee(Standing("parked", "2500", False))

        assert fate is not None
        assert (fate.prospect, fate.acts, fate.looks_first) == ("create", True, False)

    @pytest.mark.parametrize(
        "standing",
        [
            Standing("parked", "mapping_missing", False, missing=("item M365",)),
            Standing("blocked", "period_closed", False, dated=LAST_DAY, closed_until=LAST_DAY),
            Standing("parked", "2500", False, pause="consent_lost"),
        ],
    )  # fmt: skip
    def test_is_blocked_while_its_cause_is_there(self, standing: Standing) -> None:
        fate = foresee(standing)

        assert fate is not None
        assert (fate.prospect, fate.acts) == ("blocked", False)

    def test_of_a_period_that_was_reopened_is_a_create(self) -> None:
        """Row 64."""
        reopened = Standing(
            "blocked", "period_closed", False, dated=date(2026, 1, 31), closed_until=date(2025, 12, 31)
        )

        fate = foresee(reopened)

        assert fate is not None
        assert fate.prospect == "create"

    def test_of_what_may_have_arrived_is_for_the_book_to_say(self) -> None:
        assert foresee(Standing("parked", "unrecognised", True)) is None

    @pytest.mark.parametrize(
        ("found", "prospect", "reason", "acts"),
        [
            (None, "create", "", True),
            (held(), "nothing", "", True),
            (held(99), "blocked", "differs_there", False),
            (held(live=False), "blocked", "voided_there", False),
            (held(marker=""), "blocked", "number_taken", False),
        ],
    )
    def test_is_what_the_book_shows(self, found: Held | None, prospect: str, reason: str, acts: bool) -> None:
        fate = seen(found, FACTS)

        assert (fate.prospect, fate.reason, fate.acts) == (prospect, reason, acts)


class TestEstimate:
    def test_counts_batches_of_a_backlog_at_their_own_limit(self) -> None:
        told = estimate(Work(3000, 0, 0, 0), MANY, recheck_s=10, read_max=50)

        assert (told.requests, told.reads, told.seconds) == (100, 0, 150)

    def test_counts_a_few_one_by_one(self) -> None:
        told = estimate(Work(4, 2, 0, 0), MANY, recheck_s=10, read_max=50)

        assert (told.requests, told.seconds) == (6, 1)

    def test_counts_two_reads_and_a_wait_for_what_is_absent(self) -> None:
        told = estimate(Work(0, 0, 60, 10), MANY, recheck_s=10, read_max=50)

        assert (told.requests, told.reads, told.seconds) == (13, 3, 12)

    def test_takes_nothing_where_nothing_acts(self) -> None:
        assert work_of([(Fate("blocked", ""), False), (Fate("nothing", ""), False)]) == Work(0, 0, 0, 0)
