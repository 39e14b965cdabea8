"""The steps of a line always sum to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.canonical.document import Document
from tests.unit.worker.billing.world import (
    Seller,
    contract,
    day,
    held,
    price_list,
    setup,
    subscription,
    tiered,
)
from worker.billing.derivation import Derived, derived


def explained(seller: Seller, document: Document) -> tuple[Derived, ...]:
    return derived(document, seller.billed)


def told(line: Derived) -> list[tuple[str, str]]:
    return [(step.words, f"{step.amount:f}") for step in line.steps]


class TestALine:
    def test_of_a_whole_cycle_is_one_step(self) -> None:
        seller = Seller(setup(), (subscription(),), (held("2026-01-01", 10),))
        [document] = seller.run("2026-01-01")

        [line] = explained(seller, document)

        assert told(line) == [("10 seats x 8.40 EUR (2026-01-01..2026-01-31)", "84")]

    def test_tells_what_rounding_took(self) -> None:
        versions = (held("2026-01-01", 10), held("2026-01-18", 11))
        seller = Seller(setup(), (subscription(),), versions)
        [document] = seller.run("2026-01-31")

        [line] = explained(seller, document)

        assert told(line) == [
            ("10 seats x 8.40 EUR x 17/31 days (2026-01-01..2026-01-17)", "46.06451612"),
            ("11 seats x 8.40 EUR x 14/31 days (2026-01-18..2026-01-31)", "41.72903225"),
            ("rounding (per_line/half_up)", "-0.00354837"),
        ]
        assert sum(step.amount for step in line.steps) == Decimal("87.79")

    def test_of_a_change_takes_off_what_was_billed(self) -> None:
        seller = Seller(setup(), (subscription(),), (held("2026-01-01", 10),))
        seller.run("2026-01-01")
        seller.change(held("2026-01-18", 8))
        [credit] = seller.run("2026-01-18")

        [line] = explained(seller, credit)

        assert credit.kind == "credit_note"
        assert [words for words, _ in told(line)][-2:] == [
            "billed before for this cycle",
            "rounding (per_line/half_up)",
        ]
        assert sum(step.amount for step in line.steps) == line.line.net.decimal

    @settings(deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(1, 89), st.integers(0, 40)),
            min_size=1,
            max_size=6,
            unique_by=lambda at: at[0],
        ),
        st.sampled_from(["difference", "reverse_and_recharge", "spans"]),
        st.sampled_from(["actual_days_of_cycle", "30_day_month", "actual_365", "none_full_period"]),
        st.sampled_from(["credit_note", "net_next"]),
        st.booleans(),
    )
    def test_sums_to_its_net(
        self, changes: list[tuple[int, int]], form: Any, proration: Any, refund: Any, is_tiered: bool
    ) -> None:
        first = day("2026-01-01").toordinal() - 1
        versions = tuple(held(day("2026-01-01").fromordinal(first + at).isoformat(), n) for at, n in changes)
        prices = (
            (price_list("LIST", tiered("graduated", (5, "9.99"), (None, "7.77"))),)
            if is_tiered
            else (price_list(),)
        )
        agreed = contract(change_form=form, proration=proration, refund_method=refund)
        seller = Seller(setup(price_lists=prices, contracts=(agreed,)), (subscription(),), versions)

        for on in ("2026-01-20", "2026-02-10", "2026-03-31"):
            for document in seller.run(on):
                lines = explained(seller, document)
                assert len(lines) == len(document.lines)
                for line in lines:
                    assert sum(step.amount for step in line.steps) == line.line.net.decimal
