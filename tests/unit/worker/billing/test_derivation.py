"""The steps of a line always sum to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.canonical.document import Document
from mappings.canonical.subscription import Share, SplitKey
from tests.unit.worker.billing.world import (
    Pool,
    Seller,
    contract,
    day,
    dec,
    held,
    party,
    per_seat,
    price_list,
    setup,
    subscription,
    tiered,
    used,
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


class TestSteps:
    def test_say_where_their_line_stands(self) -> None:
        seller = Seller(
            setup(),
            (subscription(), subscription("S2")),
            (held("2026-01-01", 1), held("2026-01-01", 2, "S2")),
        )
        [document] = seller.run("2026-01-01")

        first, second = explained(seller, document)

        assert [one.position for one in (first, second)] == [1, 2]
        assert second.charge.ref == second.line.charge
        assert derived(document, [one for one in seller.billed if one.charge.ref.subscription == "S2"]) == (
            second,
        )

    def test_do_not_depend_on_the_order_of_charges(self) -> None:
        seller = Seller(setup(), (subscription(),), (held("2026-01-01", 10),))
        seller.run("2026-01-01")
        seller.change(held("2026-01-11", 12))
        seller.run("2026-01-11")
        seller.change(held("2026-01-21", 13))
        [document] = seller.run("2026-01-21")

        assert derived(document, seller.billed[::-1]) == derived(document, seller.billed)

    def test_of_a_share_tell_what_the_others_bear(self) -> None:
        key = SplitKey(day("2026-01-01"), "percent", (Share("ACME", dec(60)), Share("BETA", dec(40))))
        seller = Seller(
            setup(parties=(party("ACME"), party("BETA"))),
            (subscription(splits=(key,)),),
            (held("2026-01-01", 10),),
        )
        documents = seller.run("2026-01-01")
        seller.change(held("2026-01-16", 20))
        changes = seller.run("2026-01-16")

        lines = [line for document in documents for line in explained(seller, document)]
        later = [line for document in changes for line in explained(seller, document)]

        assert {told(line)[-1] for line in lines} == {
            ("borne by the other parties, and rounding", "-33.6"),
            ("borne by the other parties, and rounding", "-50.4"),
        }
        assert sorted(dict(told(line))["billed before for this cycle"] for line in later) == [
            "-33.60",
            "-50.40",
        ]

    def test_of_a_cycle_whose_days_do_not_add_up_tell_its_changes(self) -> None:
        """30-day months: ten seats for the month, two more for 21 of 30 days."""
        prices = price_list("LIST", per_seat("30"))
        seller = Seller(
            setup(price_lists=(prices,), contracts=(contract(proration="30_day_month"),)),
            (subscription(),),
            (held("2026-01-01", 10), held("2026-01-11", 12)),
        )
        [document] = seller.run("2026-01-31")

        [line] = explained(seller, document)

        [(words, amount)] = told(line)
        assert amount == "342"
        assert words.startswith("the cycle 2026-01-01..2026-01-31 by its changes: 10 seats added x 30.00 EUR")
        assert "2 seats added x 30.00 EUR x 21/30 days" in words
        assert "price:" not in words

    def test_of_what_is_no_cycle_are_its_own_words(self) -> None:
        prices = price_list("LIST", per_seat("90", plan="one_time"), per_seat("0.50", plan="usage"))
        seller = Seller(
            setup(price_lists=(prices,)),
            (subscription(plan="one_time", term=""), subscription("M", plan="usage", term="")),
            (held("2026-01-01", 2),),
            (used("2026-01-05", 10, "M"),),
        )
        [once] = explained(seller, seller.run("2026-01-01")[0])
        [metered] = explained(seller, seller.run("2026-02-01")[0])

        assert told(once) == [("; ".join(once.line.basis), "180.00")]
        assert told(metered) == [("10 seats x 0.50 EUR (2026-01-01..2026-01-31)", "5")]

    def test_of_a_pool_tell_what_is_shared(self) -> None:
        """Three members of one seat each share 100.00: 33.33, one of them 33.34."""
        prices = price_list("LIST", tiered("stairstep", (5, "0", "100"), (None, "0", "999")))
        seller = Seller(
            setup(
                parties=(party("TOP"), *(party(code, parent="TOP") for code in ("A", "B", "C"))),
                price_lists=(prices,),
                contracts=(contract("TOP"),),
                pools=(Pool("P", "TOP", ("E3",), "end_of_period"),),
            ),
            tuple(subscription(f"S{code}", party=code) for code in ("A", "B", "C")),
            tuple(held("2026-01-01", 1, f"S{code}") for code in ("A", "B", "C")),
        )

        lines = [line for one in seller.run("2026-01-01") for line in explained(seller, one)]

        assert sorted(str(line.line.net) for line in lines) == ["33.33 EUR", "33.33 EUR", "33.34 EUR"]
        assert all(told(line)[-1][0] == "rounding (per_line/half_up)" for line in lines)
