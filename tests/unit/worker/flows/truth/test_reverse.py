"""A run is reversed by a frozen plan: what was not sent is cancelled, what was is credited, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from tests.unit.worker.flows.truth.conftest import COMPANY, JANUARY, Truth
from worker.flows import bill, reverse
from worker.flows.reverse import PlanRefused, ReversePlan, UnknownRun
from worker.store.overview import DOCUMENT


@pytest.fixture
def company() -> Any:
    return replace(COMPANY, customers=(), items=())


def run_of(truth: Truth) -> str:
    with truth.store.read() as connection:
        return str(connection.scalar(select(DOCUMENT.c.run_id).where(DOCUMENT.c.kind == "invoice")))


def planned(truth: Truth) -> tuple[str, ReversePlan]:
    made = reverse.make(truth.ports, run_of(truth))
    plan_id, _ = reverse.freeze(truth.ports, made, actor="ann", reason="wrong price list")
    return plan_id, made


def acts(made: ReversePlan) -> list[str]:
    return [one.act for one in made.items]


class TestReverse:
    def test_credits_what_was_sent_to_the_last_minor_unit(self, truth: Truth) -> None:
        truth.run()
        plan_id, made = planned(truth)

        done = reverse.apply(truth.ports, plan_id, actor="bob", reason="")
        truth.drain()

        assert acts(made) == ["credit"] * 3
        assert (len(done.credited), done.skipped) == (3, ())
        assert truth.states("credit_note") == ["posted"] * 3
        invoiced = sorted(one["TotalAmt"] for one in truth.dump("Invoice"))
        assert sorted(one["TotalAmt"] for one in truth.dump("CreditMemo")) == invoiced

    def test_cancels_what_was_not_sent(self, truth: Truth) -> None:
        truth.release()
        plan_id, made = planned(truth)

        done = reverse.apply(truth.ports, plan_id, actor="bob", reason="")
        truth.drain()

        assert acts(made) == ["cancel"] * 3
        assert len(done.cancelled) == 3
        assert set(truth.states() + truth.states("credit_note")) == {"cancelled"}
        assert truth.dump("Invoice") == truth.dump("CreditMemo") == []

    def test_lets_the_next_bill_bill_the_same_days_once_more(self, truth: Truth) -> None:
        """After it the cycles count as unbilled, and a repeated bill changes nothing more."""
        truth.run()
        plan_id, _ = planned(truth)
        reverse.apply(truth.ports, plan_id, actor="bob", reason="")
        truth.run()

        again = bill.run(truth.ports, as_of=JANUARY)

        assert truth.states() == ["posted"] * 6
        assert truth.states("credit_note") == ["posted"] * 3
        assert again.change.written == 0

    def test_is_refused_the_second_time(self, truth: Truth) -> None:
        truth.run()
        plan_id, _ = planned(truth)
        reverse.apply(truth.ports, plan_id, actor="bob", reason="")

        with pytest.raises(PlanRefused, match="applied already, by bob"):
            reverse.apply(truth.ports, plan_id, actor="eve", reason="")

    def test_credits_nothing_twice(self, truth: Truth) -> None:
        truth.run()
        plan_id, _ = planned(truth)
        other, _ = planned(truth)
        reverse.apply(truth.ports, plan_id, actor="bob", reason="")

        done = reverse.apply(truth.ports, other, actor="eve", reason="")

        assert (done.credited, len(done.skipped)) == ((), 3)
        assert len(truth.rows("credit_note")) == 3

    def test_leaves_alone_what_changed_since(self, truth: Truth) -> None:
        truth.release()
        plan_id, _ = planned(truth)
        truth.drain()

        done = reverse.apply(truth.ports, plan_id, actor="bob", reason="")

        assert [one.why for one in done.skipped] == ["it changed since the plan was made"] * 3

    def test_of_an_unknown_run_says_so(self, truth: Truth) -> None:
        with pytest.raises(UnknownRun):
            reverse.make(truth.ports, "nonsense")
