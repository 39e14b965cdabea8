"""Replay by plan: what is shown is what is done, once, and only to what has not changed since."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from connectors.errors import OutcomeUnknown, Refused, Unrecognised
from mappings.canonical.money import Money
from tests.unit.worker.flows.conftest import BOOK, Bench
from tests.unit.worker.flows.test_push import committing, raising, success
from worker.flows import replay, replay_plan
from worker.flows.replay_plan import PlanRefused, ReplayPlan
from worker.store import lanes
from worker.store.audit import AUDIT
from worker.store.stopped import Wanted


def made(bench: Bench, wanted: Wanted = Wanted()) -> ReplayPlan:  # noqa: B008  # a frozen value
    return replay_plan.make(bench.ports(), {BOOK.code: (BOOK, bench.timing)}, wanted)


def frozen(bench: Bench, plan: ReplayPlan) -> str:
    plan_id, _ = replay_plan.freeze(bench.ports(), plan, Wanted(), actor="ann", reason="fixed")
    return plan_id


def stop(bench: Bench, number: str, error: Unrecognised | Refused, *, arrives: bool = False) -> None:
    """Let one document stop, with or without having arrived."""
    bench.plan(number)
    first = [] if bench.ledger.records else [success]
    bench.ledger.faults = [*first, committing(error) if arrives else raising(error)]
    bench.drain_until_idle()
    assert bench.states()[number] == "parked"


@pytest.fixture
def stopped(bench: Bench) -> Bench:
    """INV-1 was refused, INV-2 arrived with an odd answer, INV-3 did not arrive, with an odd answer."""
    stop(bench, "INV-1", Refused("no such tax code", code="2500"))
    stop(bench, "INV-2", Unrecognised("odd"), arrives=True)
    stop(bench, "INV-3", Unrecognised("odd"))
    return bench


class TestPlan:
    def test_says_what_will_happen_to_each_by_looking_where_bytes_may_have_arrived(
        self, stopped: Bench
    ) -> None:
        finds = stopped.ledger.finds

        plan = made(stopped)

        fates = {one.number: (one.prospect, one.looks_first) for one in plan.items}
        assert fates == {
            "INV-1": ("create", False),
            "INV-2": ("nothing", True),
            "INV-3": ("create", True),
        }
        assert (plan.reads_done, stopped.ledger.finds - finds) == (1, 1)
        worth = {share.prospect: (share.count, share.gross) for share in plan.shares}
        assert worth["create"] == (2, (Money(23800, "EUR"),))
        assert plan.needs[0].requests == 4

    def test_takes_only_what_was_asked_for(self, stopped: Bench) -> None:
        plan = made(stopped, Wanted(causes=("2500",)))

        assert [one.number for one in plan.items] == ["INV-1"]
        assert plan.reads_done == 0

    def test_changes_nothing_by_itself(self, stopped: Bench) -> None:
        before = stopped.states()

        frozen(stopped, made(stopped))

        assert stopped.states() == before

    def test_blocks_what_a_paused_book_would_not_take(self, stopped: Bench) -> None:
        with stopped.store.write() as connection:
            lanes.pause(connection, BOOK.code, reason="consent_lost", why="revoked")

        plan = made(stopped)

        assert {one.prospect for one in plan.items} == {"blocked"}

    def test_does_nothing_about_a_book_that_cannot_be_read(self, stopped: Bench) -> None:
        stopped.ledger.find_faults = [OutcomeUnknown("no answer")]

        plan = made(stopped)

        assert {one.number: one.prospect for one in plan.items}["INV-2"] == "blocked"


class TestApply:
    def test_does_exactly_what_the_plan_said(self, stopped: Bench) -> None:
        """Rows 38, 39 and console 2.7: two creates, one adopted, each once."""
        plan_id = frozen(stopped, made(stopped))

        done = replay_plan.apply(stopped.ports(), plan_id, actor="bob", reason="fixed")
        stopped.drain_until_idle()

        assert (len(done.started), done.skipped, done.left) == (3, (), 0)
        assert sorted(stopped.ledger.documents()) == ["INV-1", "INV-2", "INV-3"]
        assert set(stopped.states().values()) == {"posted"}
        assert ("drain_book", BOOK.code) in stopped.bell.rung

    def test_is_refused_the_second_time_and_says_who_was_first(self, stopped: Bench) -> None:
        """Row 38."""
        plan_id = frozen(stopped, made(stopped))
        replay_plan.apply(stopped.ports(), plan_id, actor="ann", reason="")

        with pytest.raises(PlanRefused, match="applied already, by ann"):
            replay_plan.apply(stopped.ports(), plan_id, actor="bob", reason="")

        with stopped.store.read() as connection:
            rows = connection.execute(select(AUDIT.c.act, func.count().label("n")).group_by(AUDIT.c.act))
            acts = {row.act: row.n for row in rows}
        assert (acts["replay.apply"], acts["replay.refused"]) == (1, 1)

    def test_by_two_people_at_once_happens_once(self, stopped: Bench) -> None:
        """Row 38: a barrier and two threads, on both databases."""
        plan_id = frozen(stopped, made(stopped))
        barrier = threading.Barrier(2)

        def press(actor: str) -> str:
            barrier.wait()
            try:
                replay_plan.apply(stopped.ports(), plan_id, actor=actor, reason="")
            except PlanRefused:
                return "refused"
            return "applied"

        with ThreadPoolExecutor(2) as pool:
            ends = sorted(pool.map(press, ["ann", "bob"]))
        stopped.drain_until_idle()

        assert ends == ["applied", "refused"]
        assert len(stopped.ledger.documents()) == 3

    def test_leaves_alone_what_changed_since(self, stopped: Bench) -> None:
        plan_id = frozen(stopped, made(stopped))
        one = str(stopped.row("INV-1")["id"])
        replay.cancel(stopped.ports(), one, actor="ann", reason="billed elsewhere")

        done = replay_plan.apply(stopped.ports(), plan_id, actor="bob", reason="")
        stopped.drain_until_idle()

        assert [skipped.number for skipped in done.skipped] == ["INV-1"]
        assert "cancelled now" in done.skipped[0].why
        assert sorted(stopped.ledger.documents()) == ["INV-2", "INV-3"]

    def test_of_a_plan_that_is_too_old_is_refused(self, stopped: Bench) -> None:
        plan_id = frozen(stopped, made(stopped))
        stopped.clock.advance(901)

        with pytest.raises(PlanRefused, match="too old"):
            replay_plan.apply(stopped.ports(), plan_id, actor="bob", reason="")

        assert stopped.states()["INV-1"] == "parked"

    def test_sends_the_frozen_document_whatever_was_set_up_since(self, stopped: Bench) -> None:
        """Rows 80 and 81: a replay uses what was frozen at release, never today's prices."""
        before = stopped.row("INV-1")["record"]
        plan_id = frozen(stopped, made(stopped))

        replay_plan.apply(stopped.ports(), plan_id, actor="bob", reason="")
        stopped.drain_until_idle()

        row = stopped.row("INV-1")
        assert (row["record"], row["state"]) == (before, "posted")
