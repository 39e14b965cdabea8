"""The pure decisions of delivery, as laws."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import ConsentLost, OutcomeUnknown, Refused, Throttled, Unreachable
from connectors.protocols import Expectation, Held, Outcome, Posted, Rates
from mappings.canonical.money import Money
from mappings.canonical.record import FOLLOW_UPS, RecordKind
from worker.delivery.batch import Waiting, batch_key, choose, rank_of
from worker.delivery.consequence import Consequence, after_outcomes
from worker.delivery.pacing import Pacing, after_call, after_leaving, after_throttle, circuit_wait, next_slot
from worker.delivery.states import EDGES, ForbiddenEdge, State, check_edge, replayed
from worker.delivery.step import Park, Post, ReadAgain, Resend, quiet_period, throttle_wait
from worker.delivery.verdict import Facts, after_push, after_read

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
QBO = Rates(per_second=10, per_minute=500, batches_per_minute=40, in_flight=4)
ALL_STATES: tuple[State, ...] = tuple(EDGES)


def facts(**changes: object) -> Facts:
    known: dict[str, object] = {
        "kind": "invoice",
        "lookup": "INV-1",
        "marker": "M" * 20,
        "expect": Expectation(Money(10000, "EUR"), Money(11900, "EUR"), "7", 1),
        "attempts": 0,
        "starts": 1,
        "absent_reads": 0,
        "after_conflict": False,
        "created_at": NOW,
        "started_at": NOW,
        "quiet": quiet_period(120),
        "recheck": timedelta(seconds=10),
    }
    return Facts(**{**known, **changes})  # type: ignore[arg-type]  # test builder


def lane_after(outcomes: Sequence[Outcome], *, failures: int = 0) -> Consequence | None:
    idle = Pacing.idle_since(NOW)
    return after_outcomes(outcomes, pacing=idle, failures=failures, now=NOW, throttle_default_s=60)


class TestStates:
    @pytest.mark.parametrize("end", ["posted", "cancelled"])
    def test_end_for_good(self, end: State) -> None:
        assert EDGES[end] == frozenset()

    @pytest.mark.parametrize("before", ["sending", "uncertain"])
    def test_that_may_have_arrived_are_never_cancelled(self, before: State) -> None:
        with pytest.raises(ForbiddenEdge):
            check_edge(before, "cancelled")

    def test_uncertain_is_never_simply_due_again(self) -> None:
        with pytest.raises(ForbiddenEdge):
            check_edge("uncertain", "due")

    @given(st.sampled_from(ALL_STATES), st.booleans())
    def test_replay_takes_an_edge_or_stays(self, state: State, may_have_arrived: bool) -> None:
        after = replayed(state, may_have_arrived=may_have_arrived)

        assert after == state or after in EDGES[state]
        assert not (may_have_arrived and state in ("parked", "blocked") and after == "due")


class TestRead:
    def test_adopts_what_carries_our_marker_and_is_equal(self) -> None:
        held = Held("9", "0", "INV-1", "M" * 20, "EUR", "7", Money(10000, "EUR"), Money(11900, "EUR"), 1)

        assert after_read(held, facts(), now=NOW) == Post("9", "0", recovered=True)

    @given(st.integers(0, 200), st.integers(0, 1))
    def test_never_leads_to_a_second_send_before_two_absences_past_the_quiet_period(
        self, elapsed_s: int, absent_before: int
    ) -> None:
        step = after_read(None, facts(absent_reads=absent_before), now=NOW + timedelta(seconds=elapsed_s))

        if isinstance(step, Resend):
            assert absent_before == 1
            assert elapsed_s >= 132
        else:
            assert isinstance(step, ReadAgain)

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"marker": ""}, "number_taken"),
            ({"net": Money(1, "EUR")}, "differs_there"),
            ({"customer_id": "8"}, "differs_there"),
            ({"lines": 2}, "differs_there"),
            ({"live": False}, "voided_there"),
        ],
    )
    def test_parks_what_is_not_equal(self, changed: dict[str, object], reason: str) -> None:
        same: dict[str, object] = {
            "net": Money(10000, "EUR"),
            "customer_id": "7",
            "lines": 1,
            "marker": "M" * 20,
        }
        held = Held("9", "0", "INV-1", currency="EUR", **{**same, **changed})  # type: ignore[arg-type]  # builder

        step = after_read(held, facts(), now=NOW)

        assert isinstance(step, Park)
        assert step.reason == reason

    def test_parks_what_started_three_times_and_never_answered(self) -> None:
        """Row 53: poison."""
        step = after_read(None, facts(absent_reads=1, starts=3), now=NOW + timedelta(hours=1))

        assert isinstance(step, Park)
        assert step.reason == "poison"


class TestPush:
    def test_parks_an_unreachable_book_only_after_many_attempts_and_a_day(self) -> None:
        early = after_push(Unreachable("no route"), facts(attempts=30), now=NOW, jitter=1.0)
        late = after_push(
            Unreachable("no route"), facts(attempts=30), now=NOW + timedelta(days=1), jitter=1.0
        )

        assert not isinstance(early, Park)
        assert isinstance(late, Park)

    def test_parks_an_answer_without_an_id(self) -> None:
        assert isinstance(after_push(Posted(""), facts(), now=NOW, jitter=1.0), Park)


class TestThrottle:
    @pytest.mark.parametrize(("asked", "waits"), [(None, 60), (0, 1), (-5, 1), (10**9, 900), (30, 30)])
    def test_wait_is_clamped(self, asked: float | None, waits: float) -> None:
        """Row 23."""
        assert throttle_wait(asked, 60).total_seconds() == waits


class TestLane:
    def test_paces_evenly_within_every_window(self) -> None:
        pacing, at, starts = Pacing.idle_since(NOW - timedelta(hours=1)), NOW, []
        for _ in range(1000):
            at = next_slot(pacing, QBO, is_batch=False, now=at)
            pacing = after_call(pacing, QBO, is_batch=False, at=at)
            starts.append(at)

        for first, later in zip(starts, starts[500:], strict=False):
            assert later - first > timedelta(minutes=1)
        assert (starts[-1] - starts[0]).total_seconds() < 999 * 0.12 * 1.02

    def test_starts_at_once_when_it_was_idle(self) -> None:
        idle = Pacing.idle_since(NOW - timedelta(minutes=1))

        assert next_slot(idle, QBO, is_batch=True, now=NOW) == NOW

    @given(st.lists(st.floats(0, 0.4), min_size=90, max_size=90))
    def test_loses_no_time_to_small_delays_and_fills_no_window_too_far(self, delays: list[float]) -> None:
        """Calls start late on a busy machine; the grid stays, and still no minute holds 41 batches."""
        pacing, now, starts = Pacing.idle_since(NOW - timedelta(hours=1)), NOW, []
        for delay in delays:
            now = next_slot(pacing, QBO, is_batch=True, now=now) + timedelta(seconds=delay)
            pacing = after_call(pacing, QBO, is_batch=True, at=now)
            starts.append(now)

        for first, later in zip(starts, starts[40:], strict=False):
            assert later - first > timedelta(minutes=1)
        lost = sum(max(0.0, delay - 0.15) for delay in delays)
        assert (starts[-1] - starts[0]).total_seconds() <= 89 * 1.5 * 1.005 + lost + 0.16

    def test_counts_a_call_from_when_it_left(self) -> None:
        """A machine that was busy for two seconds between slot and bytes must not send the next too soon."""
        started = after_call(Pacing.idle_since(NOW - timedelta(hours=1)), QBO, is_batch=True, at=NOW)

        late = after_leaving(started, is_batch=True, at=NOW + timedelta(seconds=2))

        slot = next_slot(late, QBO, is_batch=True, now=NOW)
        assert slot - (NOW + timedelta(seconds=2)) > timedelta(seconds=1.3)
        assert after_leaving(started, is_batch=True, at=NOW) == started

    def test_learns_from_a_throttle_and_forgets_slowly(self) -> None:
        stretched = after_throttle(Pacing.idle_since(NOW), now=NOW)

        assert stretched.stretch > 1
        for minute in range(1, 60):
            stretched = after_call(stretched, QBO, is_batch=False, at=NOW + timedelta(minutes=minute))
        assert stretched.stretch == 1

    def test_rests_after_five_failures_in_a_row(self) -> None:
        assert circuit_wait(4) is None
        assert circuit_wait(5) == timedelta(seconds=60)
        assert circuit_wait(50) == timedelta(seconds=900)

    def test_pauses_for_what_concerns_the_whole_book(self) -> None:
        for outcome in (ConsentLost("revoked"), Refused("damaged", clears_by="book_damaged")):
            after = after_outcomes(
                [outcome], pacing=Pacing.idle_since(NOW), failures=0, now=NOW, throttle_default_s=60
            )
            assert after is not None
            assert after.pause_reason

    def test_waits_once_for_a_throttled_item_of_a_batch(self) -> None:
        outcomes: list[Outcome] = [Posted("1"), Throttled("wait", retry_after_s=30)]
        after = lane_after(outcomes, failures=3)

        assert after is not None
        assert after.not_before == NOW + timedelta(seconds=30)
        assert after.failures == 0

    def test_counts_calls_that_failed_as_a_whole(self) -> None:
        outcomes = [OutcomeUnknown("reset")] * 30
        after = lane_after(outcomes, failures=4)

        assert after is not None
        assert after.not_before == NOW + timedelta(seconds=60)


class TestBatch:
    def test_goes_alone_below_five_and_after_a_lost_batch(self) -> None:
        few = [Waiting(str(n), "invoice", False) for n in range(4)]
        lost = [Waiting(str(n), "invoice", n == 0) for n in range(9)]

        assert len(choose(few, batch_size=30)) == 1
        assert [one.id for one in choose(lost, batch_size=30)] == ["0"]

    def test_holds_one_kind_where_a_call_does_not_mix_them(self) -> None:
        kinds: tuple[RecordKind, ...] = (
            "invoice", "credit_note", "invoice", "invoice", "credit_note", "customer"
        )  # fmt: skip
        mixed = [Waiting(str(n), kind, False) for n, kind in enumerate(kinds)]

        assert [one.id for one in choose(mixed, batch_size=50, mixes_kinds=False)] == ["0", "2", "3"]
        assert len(choose(mixed, batch_size=50)) == len(kinds)

    def test_ranks_what_others_need_first(self) -> None:
        kinds: tuple[RecordKind, ...] = ("void", "invoice", "credit_note", "item", "customer")

        assert sorted(kinds, key=rank_of) == ["customer", "item", "credit_note", "invoice", "void"]
        assert {rank_of(kind) for kind in FOLLOW_UPS} == {rank_of("void")}

    def test_key_depends_on_items_and_attempt(self) -> None:
        assert batch_key(["a", "b"], 0) != batch_key(["a", "b"], 1) != batch_key(["a", "c"], 1)
        assert len(batch_key(["a"], 0)) == 32
