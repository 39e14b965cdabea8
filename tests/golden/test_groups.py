"""Stories of groups: a tier reached together, one payer for many entities, a reseller between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mappings.canonical.catalog import Pool, Product
from mappings.canonical.party import FxRate, ParentEdge
from tests.unit.worker.billing.world import (
    Seller,
    amounts,
    contract,
    day,
    held,
    only,
    party,
    per_seat,
    price_list,
    setup,
    subscription,
    tiered,
)

GROUP = (party("ORION"), party("NORTH", parent="ORION"), party("SOUTH", parent="ORION"))
VOLUME = tiered("volume", (300, "10.00"), (None, "9.00"))
POOL = Pool("ORION-E3", "ORION", ("E3",), "end_of_period")


class TestSeatsPooledOverAGroup:
    """NORTH holds 180 seats, SOUTH 110: 290 together, tier 1 (10.00 EUR up to 300).

    On 20 January SOUTH takes 31 more for the last 12 of 31 days: 31 x 10.00 x 12/31 = 120.00 EUR, at the
    tier already billed. January ends with 321 seats: tier 2 (9.00 EUR). The settlement in February:
    NORTH 180 x 1.00 = 180.00 EUR less; SOUTH 110 x 1.00 + 31 x 1.00 x 12/31 = 122.00 EUR less,
    taken from its newest invoice first.
    """

    def _seller(self) -> Seller:
        return Seller(
            setup(
                parties=GROUP,
                price_lists=(price_list("LIST", VOLUME),),
                pools=(POOL,),
                contracts=(contract("ORION", bill_to="own"),),
            ),
            (subscription("N", party="NORTH"), subscription("S", party="SOUTH")),
            (held("2026-01-01", 180, "N"), held("2026-01-01", 110, "S")),
        )

    def test_reach_the_tier_by_the_total_known_at_the_run(self) -> None:
        january = self._seller().run("2026-01-01")

        assert [(one.bill_to.code, str(one.net)) for one in january] == [
            ("NORTH", "1800.00 EUR"),
            ("SOUTH", "1100.00 EUR"),
        ]
        assert january[0].lines[0].basis[0] == ("180 seats x 10.00 EUR, tier 1 of pool ORION-E3 at 290 seats")

    def test_keep_the_tier_already_billed_inside_the_period(self) -> None:
        seller = self._seller()
        seller.run("2026-01-01")
        seller.change(held("2026-01-20", 141, "S"))

        added = only(seller.run("2026-01-20"))

        assert (added.bill_to.code, str(added.net)) == ("SOUTH", "120.00 EUR")

    def test_are_settled_on_the_next_invoice(self) -> None:
        seller = self._seller()
        seller.run("2026-01-01")
        seller.change(held("2026-01-20", 141, "S"))
        seller.run("2026-01-20")

        north, south = seller.run("2026-02-01")

        assert [(line.description, str(line.net)) for line in north.lines] == [
            ("Office E3, pool settlement", "-180.00 EUR"),
            ("Office E3", "1620.00 EUR"),
        ]
        assert amounts(north) == ("1440.00 EUR", "273.60 EUR", "1713.60 EUR")
        assert [str(line.net) for line in south.lines] == ["-120.00 EUR", "-2.00 EUR", "1269.00 EUR"]
        assert amounts(south) == ("1147.00 EUR", "217.93 EUR", "1364.93 EUR")
        assert north.lines[0].basis[0] == (
            "pool settled: tier 1 of pool ORION-E3 at 290 seats was billed,"
            " tier 2 of pool ORION-E3 at 321 seats was reached"
        )

    def test_are_settled_once(self) -> None:
        seller = self._seller()
        for on in ("2026-01-01", "2026-02-01"):
            seller.run(on)

        assert seller.run("2026-02-01") == ()
        assert seller.run("2026-02-15") == ()

    def test_are_settled_by_credit_note_where_no_invoice_comes(self) -> None:
        """Both leave on 31 January with 330 seats held until then: measured at their peak, tier 2."""
        pool = Pool("ORION-E3", "ORION", ("E3",), "peak")
        seller = self._seller()
        seller.setup = setup(
            parties=GROUP,
            price_lists=(price_list("LIST", VOLUME),),
            pools=(pool,),
            contracts=(contract("ORION", bill_to="own"),),
        )
        seller.run("2026-01-01")
        seller.change(held("2026-01-01", 220, "N", observed="2026-01-30"))
        seller.run("2026-01-30")
        seller.change(held("2026-02-01", 0, "N"), held("2026-02-01", 0, "S"))

        north, south = seller.run("2026-02-01")

        assert (north.kind, str(north.net)) == ("credit_note", "220.00 EUR")
        assert (south.kind, str(south.net)) == ("credit_note", "110.00 EUR")


class TestAGraduatedPool:
    """First 100 seats 10.00 EUR, the rest 8.00 EUR. A holds 70, B holds 60: together
    100 x 10 + 30 x 8 = 1240.00 EUR.
    """

    def _seller(self, **pool: Any) -> Seller:
        return Seller(
            setup(
                parties=(party("ORION"), party("A", parent="ORION"), party("B", parent="ORION")),
                price_lists=(price_list("LIST", tiered("graduated", (100, "10"), (None, "8"))),),
                pools=(Pool("P", "ORION", ("E3",), "end_of_period", **pool),),
                contracts=(contract("ORION"),),
            ),
            (subscription("SA", party="A"), subscription("SB", party="B")),
            (held("2026-01-01", 70, "SA"), held("2026-01-01", 60, "SB")),
        )

    def test_is_shared_at_one_blended_rate(self) -> None:
        """1240 x 70/130 = 667.6923, 1240 x 60/130 = 572.3076: 667.69 + 572.31 = 1240.00."""
        a, b = self._seller().run("2026-01-01")

        assert (str(a.net), str(b.net)) == ("667.69 EUR", "572.31 EUR")
        assert a.lines[0].basis[0] == "1240.00 EUR x 70/130 seats, tier 2 of pool P at 130 seats"

    def test_is_filled_in_the_stated_order(self) -> None:
        """B first: 60 x 10 = 600.00; A fills the other 40 of tier 1 and 30 of tier 2: 640.00."""
        a, b = self._seller(allocation="in_order", in_order=("B",)).run("2026-01-01")

        assert (str(a.net), str(b.net)) == ("640.00 EUR", "600.00 EUR")

    def test_prices_every_member_from_its_own_list_and_currency(self) -> None:
        """The tier is reached by 130 seats; A pays pounds by its own list: 70 x (1000 + 30 x 7)/130."""
        seller = self._seller()
        seller.setup = setup(
            parties=seller.setup.parties,
            price_lists=(
                *seller.setup.price_lists,
                price_list("UK", tiered("graduated", (100, "10"), (None, "7")), currency="GBP"),
            ),
            pools=seller.setup.pools,
            contracts=(contract("ORION"), contract("A", price_list="UK")),
            fx_rates=(FxRate("GBP", "EUR", day("2026-01-01"), "1.15", "ECB"),),
        )

        a, b = seller.run("2026-01-01")

        assert (str(a.net), str(b.net)) == ("651.54 GBP", "572.31 EUR")


class TestOnePayerForAGroup:
    """ORION pays for its entities: one invoice, a section per entity. Tax 19 % of 100.03 = 19.0057 -> 19.01.

    Sections: NORTH 3 x 16.67 = 50.01 (9.5019), SOUTH 3 x 16.67 + 0.01 = 50.02 (9.5038): 9.50 and 9.51.
    """

    def _seller(self) -> Seller:
        prices = price_list("LIST", per_seat("16.67"), per_seat("0.01", product="ADD"))
        return Seller(
            setup(
                parties=GROUP,
                products=(Product("E3", "Office E3"), Product("ADD", "Add-on")),
                price_lists=(prices,),
                contracts=(contract("ORION", bill_to="consolidated"),),
            ),
            (
                subscription("N", party="NORTH"),
                subscription("S", party="SOUTH"),
                subscription("S2", party="SOUTH", product="ADD"),
            ),
            (held("2026-01-01", 3, "N"), held("2026-01-01", 3, "S"), held("2026-01-01", 1, "S2")),
        )

    def test_has_one_invoice_with_a_section_per_entity(self) -> None:
        invoice = only(self._seller().run("2026-01-01"))

        assert invoice.bill_to.code == "ORION"
        assert [(one.party, str(one.net), str(one.tax)) for one in invoice.sections] == [
            ("NORTH", "50.01 EUR", "9.50 EUR"),
            ("SOUTH", "50.02 EUR", "9.51 EUR"),
        ]
        assert amounts(invoice) == ("100.03 EUR", "19.01 EUR", "119.04 EUR")

    def test_pays_alone_for_what_was_its_own_when_an_entity_leaves(self) -> None:
        """SOUTH leaves the group on 15 January and gets its own contract: January stays with ORION."""
        seller = self._seller()
        january = only(seller.run("2026-01-01"))
        left = replace(party("SOUTH"), parents=(ParentEdge("ORION", until=day("2026-01-15")),))
        seller.setup = replace(
            seller.setup,
            parties=(GROUP[0], GROUP[1], left),
            contracts=(*seller.setup.contracts, contract("SOUTH", from_=day("2026-01-15"))),
        )
        seller.change(held("2026-01-21", 1, "S"))

        credit = only(seller.run("2026-01-21"))
        february = seller.run("2026-02-01")

        original = credit.lines[0].original
        assert original is not None
        assert (credit.bill_to.code, original.number) == ("ORION", january.number)
        assert [one.bill_to.code for one in february] == ["ORION", "SOUTH"]


class TestAReseller:
    """CHANNEL buys for two end customers and gets one invoice with a section for each."""

    def test_is_billed_with_a_section_per_end_customer(self) -> None:
        seller = Seller(
            setup(
                parties=(party("CHANNEL"), party("SHOP"), party("BANK")),
                contracts=(
                    contract("SHOP", reseller="CHANNEL"),
                    contract("BANK", reseller="CHANNEL"),
                ),
            ),
            (subscription("A", party="SHOP"), subscription("B", party="BANK")),
            (held("2026-01-01", 2, "A"), held("2026-01-01", 5, "B")),
        )

        invoice = only(seller.run("2026-01-01"))

        assert invoice.bill_to.code == "CHANNEL"
        assert [(one.party, str(one.net)) for one in invoice.sections] == [
            ("BANK", "42.00 EUR"),
            ("SHOP", "16.80 EUR"),
        ]
