"""Pools: what a settlement leaves behind, and how one subtotal is shared."""

from __future__ import annotations

from typing import Any

from mappings.canonical.catalog import Pool
from mappings.canonical.money import Rounding
from mappings.canonical.subscription import Assignment
from tests.unit.worker.billing.world import (
    Seller,
    contract,
    day,
    held,
    party,
    per_seat,
    price_list,
    setup,
    subscription,
    tiered,
)


class TestASettlement:
    def test_that_went_into_a_credit_is_not_undone_by_a_run_for_an_earlier_day(self) -> None:
        """A block of 50.00 for up to five seats. One seat billed alone; three from 2 February, told late.

        At the tier billed (50.00 for one) two more would cost 96.43, at the tier reached (50.00 for three)
        the month costs 48.81. The difference is one credit of 1.19: the settlement is in it, and a run for
        1 February, when nothing was settled yet, must not charge the 97.62 in between.
        """
        seller = Seller(
            setup(
                price_lists=(price_list("LIST", tiered("stairstep", (5, 0, "50"), (None, 0, "999"))),),
                pools=(Pool("P", "ACME", ("E3",), "end_of_period"),),
            ),
            (subscription(),),
            (held("2026-02-01", 1), held("2026-02-02", 3)),
        )
        seller.run("2026-02-01")
        seller.run("2026-03-01")

        assert seller.billed_net == 4881 + 5000
        assert seller.run("2026-02-01") == ()

    def test_that_came_to_nothing_is_not_undone_by_a_run_for_an_earlier_day(self) -> None:
        """Five seats at 10.00; fifteen more from 2 May, told late, make it twenty at 2.50.

        By 30-day months the whole of May costs 20 x 2.50 = 50.00, as billed: the run of 1 June charges
        nothing for it. At the tier of 1 May the fifteen would be 150.00; a run for that day must not
        charge them.
        """
        seller = Seller(
            setup(
                price_lists=(price_list("LIST", tiered("volume", (5, "10"), (None, "2.50"))),),
                contracts=(contract(proration="30_day_month"),),
                pools=(Pool("P", "ACME", ("E3",), "end_of_period"),),
            ),
            (subscription(anchor=day("2026-05-01")),),
            (held("2026-05-01", 5), held("2026-05-02", 20)),
        )
        seller.run("2026-05-01")
        seller.run("2026-06-01")

        assert seller.billed_net == 5000 + 5000
        assert seller.run("2026-05-01") == ()

    def test_of_a_payer_that_gets_no_further_invoice_is_a_credit_note(self) -> None:
        """A leaves with January, in which B took the pool to the second tier: 3 x 2.00 go back to A.

        B goes on under the same contract, but no invoice to B can bear what is A's.
        """
        seller = Seller(
            setup(
                parties=(party("TOP"), party("A", parent="TOP"), party("B", parent="TOP")),
                price_lists=(price_list("LIST", tiered("volume", (5, "10"), (None, "8"))),),
                contracts=(contract("TOP"),),
                pools=(Pool("P", "TOP", ("E3",), "peak"),),
            ),
            (subscription("A", party="A"), subscription("B", party="B", anchor=day("2026-01-20"))),
            (held("2026-01-01", 3, "A"), held("2026-01-20", 4, "B"), held("2026-02-01", 0, "A")),
        )
        seller.run("2026-01-01")

        found = {(one.bill_to.code, one.kind): str(one.net) for one in seller.run("2026-02-01")}

        assert found == {("A", "credit_note"): "6.00 EUR", ("B", "invoice"): "32.00 EUR"}

    def test_of_which_a_part_waits_for_an_invoice_waits_on(self) -> None:
        """January at 2.00 instead of 10.00: 29.68 billed with two invoices, 5.94 owed, 23.74 back.

        The newest, 9.68, takes all the room there is on February's 6.00; 14.06 wait, also when billed again.
        March bears 6.00 of them, the rest is a credit note.
        """
        seller = Seller(
            setup(
                parties=(party("TOP"), party("A", parent="TOP"), party("B", parent="TOP")),
                price_lists=(price_list("LIST", tiered("volume", (5, "10"), (None, "2"))),),
                contracts=(contract("TOP"),),
                pools=(Pool("P", "TOP", ("E3",), "peak"),),
            ),
            (subscription("A", party="A"), subscription("B", party="B", anchor=day("2026-01-10"))),
            (held("2026-01-01", 2, "A"), held("2026-01-02", 3, "A"), held("2026-01-10", 40, "B")),
        )

        def billed_to_a(on: str) -> int:
            seller.run(on)
            return sum(one.charge.net.minor for one in seller.billed if one.charge.party == "A")

        billed = [billed_to_a(on) for on in ("2026-01-01", "2026-01-02", "2026-02-01", "2026-02-01")]

        assert billed == [2000, 2000 + 968, 2000 + 600, 2000 + 600]
        assert billed_to_a("2026-03-01") == 594 + 600 + 600


class TestMembership:
    def test_ends_when_a_subscription_is_handed_to_a_party_outside(self) -> None:
        """Two times three seats reach the second tier until one goes to OUT: then each pays 10.00 again."""
        handed = subscription("B", party="B", assignments=(Assignment(day("2026-02-01"), "OUT"),))
        seller = Seller(
            setup(
                parties=(party("TOP"), party("A", parent="TOP"), party("B", parent="TOP"), party("OUT")),
                price_lists=(price_list("LIST", tiered("volume", (5, "10"), (None, "8"))),),
                contracts=(contract("TOP"), contract("OUT")),
                pools=(Pool("P", "TOP", ("E3",), "end_of_period"),),
            ),
            (subscription("A", party="A"), handed),
            (held("2026-01-01", 3, "A"), held("2026-01-01", 3, "B")),
        )

        january = {one.bill_to.code: str(one.net) for one in seller.run("2026-01-01")}
        february = {one.bill_to.code: str(one.net) for one in seller.run("2026-02-01")}

        assert january == {"A": "24.00 EUR", "B": "24.00 EUR"}
        assert february == {"A": "30.00 EUR", "OUT": "30.00 EUR"}


class TestASharedSubtotal:
    """Two seats at 1.005: 2.01 together, 1.01 for A and 1.00 for B."""

    def _billed(self, **terms: Any) -> Seller:
        seller = Seller(
            setup(
                parties=(party("TOP"), party("A", parent="TOP"), party("B", parent="TOP")),
                price_lists=(price_list("LIST", per_seat("1.005")),),
                contracts=(contract("TOP", **terms),),
                pools=(Pool("P", "TOP", ("E3",), "end_of_period"),),
            ),
            (subscription("A", party="A"), subscription("B", party="B")),
            (held("2026-01-01", 1, "A"), held("2026-01-01", 1, "B")),
        )
        assert self._totals(seller, "2026-01-01") == {"A": 101, "B": 100}
        return seller

    def _totals(self, seller: Seller, on: str) -> dict[str, int]:
        seller.run(on)
        found: dict[str, int] = {}
        for one in seller.billed:
            found[one.charge.party] = found.get(one.charge.party, 0) + one.charge.net.minor
        return found

    def test_never_credits_more_than_was_charged(self) -> None:
        """Rounded down, A alone costs 1.00: its cent too much goes back to A, not off B's 1.00."""
        seller = self._billed(rounding=Rounding("per_line", "down"))
        seller.change(held("2026-01-01", 0, "B", ref="gone"))

        assert self._totals(seller, "2026-01-01") == {"A": 100, "B": 0}
        assert seller.run("2026-01-01") == ()

    def test_charges_nothing_for_nothing(self) -> None:
        """Half up, B alone costs 1.01: the cent is charged to B, not left with A that holds nothing."""
        seller = self._billed()
        seller.change(held("2026-01-01", 0, "A", ref="gone"))

        assert self._totals(seller, "2026-01-01") == {"A": 0, "B": 101}
        assert seller.run("2026-01-01") == ()


class TestAMemberThatKeepsItsTier:
    def test_is_rounded_by_itself(self) -> None:
        """Three yearly seats share a block of 100.00: 33.33 each, for nothing settles the last cent."""
        prices = price_list("LIST", tiered("stairstep", (5, 0, "100"), (None, 0, "999"), plan="annual"))
        codes = ("A", "B", "C")
        seller = Seller(
            setup(
                parties=(party("TOP"), *(party(code, parent="TOP") for code in codes)),
                price_lists=(prices,),
                contracts=(contract("TOP"),),
                pools=(Pool("P", "TOP", ("E3",), "end_of_period"),),
            ),
            tuple(subscription(code, party=code, plan="annual", term="P1Y") for code in codes),
            tuple(held("2026-01-01", 1, code) for code in codes),
        )
        seller.run("2026-01-01")

        assert [str(one.charge.net) for one in seller.billed] == ["33.33 EUR"] * 3


class TestATrial:
    def test_is_in_no_tier(self) -> None:
        seller = Seller(
            setup(
                contracts=(contract(zero_documents="issue"),),
                pools=(Pool("P", "ACME", ("E3",), "end_of_period"),),
            ),
            (subscription(plan="trial"),),
            (held("2026-01-01", 5),),
        )
        seller.run("2026-01-01")

        assert seller.billed[0].charge.facts.price.pool is None
