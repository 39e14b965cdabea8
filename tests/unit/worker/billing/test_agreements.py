"""What a contract agrees beyond its list: segments, notice, ramps, offsets, minimums, handovers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest

from mappings.canonical.contract import Commitment, CommitmentStep, Discount, RampStep
from mappings.canonical.document import Document
from mappings.canonical.subscription import Assignment
from tests.unit.worker.billing.world import (
    E3,
    SELLER,
    Pool,
    Product,
    Seller,
    contract,
    day,
    dec,
    held,
    only,
    only_line,
    party,
    per_seat,
    price_list,
    setup,
    subscription,
    tiered,
    used,
)

GIGABYTE = Product("GB", "Traffic", unit="GB")
MINIMUM = Product("MIN", "Agreed minimum", unit="period")


def seller(*, prices: object = None, **terms: Any) -> Seller:
    """Ten seats from 1 January under a contract of these terms."""
    lists = prices if isinstance(prices, tuple) else (price_list(),)
    world = setup(contracts=(contract(**terms),), price_lists=lists)
    return Seller(world, (subscription(),), (held("2026-01-01", 10),))


def nets(documents: tuple[Document, ...]) -> list[str]:
    return [str(document.net) for document in documents]


class TestADiscount:
    def test_takes_an_amount_off_each_unit(self) -> None:
        line = only_line(seller(discounts=(Discount(amount=dec("0.40")),)).run("2026-01-01"))

        assert (line.quantity, str(line.unit_price), str(line.net)) == (10, "8.00", "80.00 EUR")
        assert line.basis[-1] == "price: list LIST from 2020-01-01, less 0.40 EUR"

    def test_never_makes_a_price_negative(self) -> None:
        done = seller(discounts=(Discount(amount=dec(9)),), zero_documents="issue").run("2026-01-01")

        assert nets(done) == ["0.00 EUR"]

    def test_takes_an_amount_off_a_block_as_a_whole(self) -> None:
        """A block of 50.00 + 10.00 less 15.00 is 45.00, whatever the quantity in it."""
        blocks = price_list("LIST", tiered("stairstep", (None, "50", "10")))

        done = seller(prices=(blocks,), discounts=(Discount(amount=dec(15)),)).run("2026-01-01")

        assert nets(done) == ["45.00 EUR"]

    def test_ends_inside_a_cycle_where_the_day_decides(self) -> None:
        """30 of 31 days at 7.56 (10 % off), the last at 8.40: 73.1612... + 2.7096... = 75.87."""
        discount = Discount(dec(10), until=day("2026-01-31"), decided_by="day")

        assert nets(seller(discounts=(discount,)).run("2026-01-01")) == ["75.87 EUR"]

    def test_prices_an_addition_by_the_days_it_is_for(self) -> None:
        """From 16 January: 15 days at 7.56 and one at 8.40, of 31: 3.6580... + 0.2709... = 3.93."""
        discount = Discount(dec(10), until=day("2026-01-31"), decided_by="day")
        story = seller(discounts=(discount,))
        story.run("2026-01-01")
        story.change(held("2026-01-16", 11))

        line = only_line(story.run("2026-01-16"))

        assert str(line.net) == "3.93 EUR"
        assert line.basis[:2] == (
            "1 seat added x 7.56 EUR x 15/31 days (2026-01-16..2026-01-30)",
            "1 seat added x 8.40 EUR x 1/31 days (2026-01-31..2026-01-31)",
        )

    def test_that_begins_and_ends_inside_a_cycle_weighs_its_days(self) -> None:
        """31.00 a seat; 10 % off from the 11th to the 20th: 10 x 310.00/31 x 0.9 + 21 x 310.00/31."""
        listed = (price_list("LIST", per_seat("31")),)
        discount = Discount(dec(10), day("2026-01-11"), day("2026-01-21"), decided_by="day")

        for basis, net in (("actual_days_of_cycle", "300.00 EUR"), ("30_day_month", "299.67 EUR")):
            done = seller(prices=listed, discounts=(discount,), proration=basis).run("2026-01-01")
            assert nets(done) == [net]


class TestASegment:
    def test_has_its_own_price_before_that_of_any(self) -> None:
        lists = (price_list("LIST", per_seat("8.40"), per_seat("3.00", segment="education")),)

        assert nets(seller(prices=lists, segment="education").run("2026-01-01")) == ["30.00 EUR"]
        assert nets(seller(prices=lists, segment="charity").run("2026-01-01")) == ["84.00 EUR"]
        assert nets(seller(prices=lists).run("2026-01-01")) == ["84.00 EUR"]


class TestNotice:
    @pytest.mark.parametrize(("notice", "february"), [(0, "90.00 EUR"), (30, "84.00 EUR"), (27, "90.00 EUR")])
    def test_delays_an_increase(self, notice: int, february: str) -> None:
        """The list rises on 5 January; on 1 February 27 days have passed."""
        lists = (price_list(), price_list("LIST", per_seat("9.00"), from_=day("2026-01-05")))
        story = seller(prices=lists, notice_days=notice)
        story.run("2026-01-01")

        assert nets(story.run("2026-02-01")) == [february]

    def test_lets_a_decrease_through_at_once(self) -> None:
        lists = (price_list(), price_list("LIST", per_seat("8.00"), from_=day("2026-01-31")))
        story = seller(prices=lists, notice_days=90)
        story.run("2026-01-01")

        assert nets(story.run("2026-02-01")) == ["80.00 EUR"]


class TestARamp:
    def test_bills_at_least_its_quantity_while_anything_is_held(self) -> None:
        story = seller(ramp=(RampStep(day("2026-02-01"), quantity=dec(25)),))
        story.change(held("2026-03-01", 40), held("2026-04-01", 10, status="cancelled"))

        assert nets(story.run("2026-01-01")) == ["84.00 EUR"]
        assert nets(story.run("2026-02-01")) == ["210.00 EUR"]
        assert nets(story.run("2026-03-01")) == ["336.00 EUR"]
        assert story.run("2026-04-01") == ()

    def test_sets_the_price_of_the_step_that_is_reached(self) -> None:
        steps = (RampStep(day("2026-02-01"), price=dec(7)), RampStep(day("2026-03-01"), "E3", dec(6)))
        story = seller(ramp=steps)

        assert [nets(story.run(on))[0] for on in ("2026-01-01", "2026-02-01", "2026-03-01")] == [
            "84.00 EUR",
            "70.00 EUR",
            "60.00 EUR",
        ]


class TestAnOffset:
    def test_bills_a_cycle_days_after_it_is_due(self) -> None:
        story = seller(offset_days=5)

        assert story.run("2026-01-05") == ()
        assert nets(story.run("2026-01-06")) == ["84.00 EUR"]

    def test_bills_a_cycle_days_before_it_begins(self) -> None:
        story = seller(offset_days=-10)
        story.run("2026-01-01")

        assert story.run("2026-01-21") == ()
        line = only_line(story.run("2026-01-22"))
        assert str(line.service) == "2026-02-01..2026-02-28"
        assert story.run("2026-02-01") == ()


class TestZeroUnits:
    @pytest.mark.parametrize(("rule", "billed"), [("free", []), ("first_tier", ["5.00 EUR"])])
    def test_cost_a_usage_cycle_what_its_price_says(self, rule: str, billed: list[str]) -> None:
        price = tiered("graduated", (None, "0.10", "5"), product="GB", plan="usage", zero_units=rule)
        world = setup(products=(E3, GIGABYTE), price_lists=(price_list("LIST", price),))
        metered = subscription(product="GB", plan="usage", term="")
        story = Seller(world, (metered,), (held("2026-01-01", 1),), (used("2026-01-10", 0),))

        assert nets(story.run("2026-02-01")) == billed
        assert story.run("2026-02-01") == ()

    def test_cost_nothing_where_seats_are_not_held(self) -> None:
        price = per_seat("8.40", zero_units="first_tier")
        story = seller(prices=(price_list("LIST", price),))
        story.change(held("2026-02-01", 0))
        story.run("2026-01-01")

        assert story.run("2026-02-01") == ()


class TestAMinimum:
    def _seller(self, minimum: Commitment, **terms: Any) -> Seller:
        world = setup(
            products=(E3, MINIMUM),
            contracts=(contract(from_=day("2026-01-01"), minimum=minimum, **terms),),
        )
        return Seller(world, (subscription(),), (held("2026-01-01", 10),))

    def test_is_not_billed_where_fees_reach_it(self) -> None:
        story = self._seller(Commitment(dec(84), "MIN"))
        story.run("2026-01-01")

        assert nets(story.run("2026-02-01")) == ["84.00 EUR"]

    def test_follows_its_ramp(self) -> None:
        """January 100, from February 150: 16.00 and 66.00 short of it."""
        steps = (CommitmentStep(day("2026-02-01"), dec(150)),)
        story = self._seller(Commitment(dec(100), "MIN", ramp=steps))
        story.run("2026-01-01")

        assert [str(line.net) for line in only(story.run("2026-02-01")).lines] == ["84.00 EUR", "16.00 EUR"]
        assert [str(line.net) for line in only(story.run("2026-03-01")).lines] == ["84.00 EUR", "66.00 EUR"]

    def test_gives_back_what_later_fees_cover(self) -> None:
        """Two seats of January become known in February: 16.80 of fees, so the 16.00 come back."""
        story = self._seller(Commitment(dec(100), "MIN"))
        story.run("2026-01-01")
        invoice = only(story.run("2026-02-01"))
        story.change(held("2026-01-01", 12, observed="2026-02-03"))

        credit, fees = sorted(story.run("2026-02-03"), key=lambda document: document.kind)

        assert (credit.kind, nets((credit, fees))) == ("credit_note", ["16.00 EUR", "33.60 EUR"])
        assert credit.lines[0].original is not None
        assert credit.lines[0].original.number == invoice.number
        assert story.run("2026-02-03") == ()

    def test_counts_usage_only_where_it_says_so(self) -> None:
        price = per_seat("0.50", product="GB", plan="usage")
        both = Commitment(dec(100), "MIN", eligible="recurring_and_usage")
        for minimum, short in ((replace(both, eligible="recurring"), "100.00 EUR"), (both, "95.00 EUR")):
            world = setup(
                products=(E3, GIGABYTE, MINIMUM),
                price_lists=(price_list("LIST", price),),
                contracts=(contract(from_=day("2026-01-01"), minimum=minimum),),
            )
            metered = subscription(product="GB", plan="usage", term="")
            story = Seller(world, (metered,), (held("2026-01-01", 1),), (used("2026-01-10", 10),))

            lines = only(story.run("2026-02-01")).lines

            assert [str(line.net) for line in lines if line.product == "MIN"] == [short]

    def test_waits_until_fees_in_arrears_are_known(self) -> None:
        """The cycle from 15 January is due on 15 February: only then January's fees are complete."""
        world = setup(
            products=(E3, MINIMUM),
            contracts=(
                contract(from_=day("2026-01-01"), timing="arrears", minimum=Commitment(dec(100), "MIN")),
            ),
        )
        mid = subscription(anchor=day("2026-01-15"))
        story = Seller(world, (mid,), (held("2026-01-15", 10),))

        assert story.run("2026-02-01") == ()
        lines = only(story.run("2026-02-15")).lines
        assert sorted(str(line.net) for line in lines) == ["16.00 EUR", "84.00 EUR"]

    def test_is_owed_by_each_entity_where_it_says_so(self) -> None:
        minimum = Commitment(dec(100), "MIN", scope="entity")
        world = setup(
            parties=(party("TOP"), party("A", parent="TOP"), party("B", parent="TOP")),
            products=(E3, MINIMUM),
            contracts=(contract("TOP", from_=day("2026-01-01"), minimum=minimum),),
        )
        two = (subscription("SA", party="A"), subscription("SB", party="B"))
        story = Seller(world, two, (held("2026-01-01", 10, "SA"), held("2026-01-01", 20, "SB")))
        story.run("2026-01-01")

        lines = [line for document in story.run("2026-02-01") for line in document.lines]

        assert [(line.sold_to, str(line.net)) for line in lines if line.product == "MIN"] == [
            ("A", "16.00 EUR")
        ]


class TestASubscriptionThatChangesHands:
    def _seller(self, reassignment: str) -> Seller:
        both = tuple(contract(code, reassignment=reassignment) for code in ("OLD", "NEW"))
        world = setup(parties=(party("OLD"), party("NEW")), contracts=both)
        return Seller(world, (subscription(party="OLD"),), (held("2026-01-01", 31),))

    def test_is_billed_to_the_new_party_from_the_next_cycle(self) -> None:
        story = self._seller("cycle_end")
        story.run("2026-01-01")
        story.subscriptions = (
            subscription(party="OLD", assignments=(Assignment(day("2026-01-11"), "NEW"),)),
        )

        assert story.run("2026-01-11") == ()
        assert only(story.run("2026-02-01")).bill_to.code == "NEW"

    def test_is_cut_at_the_date_and_credited_to_who_was_billed(self) -> None:
        """31 seats x 8.40 x 21/31 days = 176.40 back to OLD and on to NEW."""
        story = self._seller("split_at_date")
        story.run("2026-01-01")
        story.subscriptions = (
            subscription(party="OLD", assignments=(Assignment(day("2026-01-11"), "NEW"),)),
        )

        done = {document.bill_to.code: document for document in story.run("2026-01-11")}

        assert (done["OLD"].kind, str(done["OLD"].net)) == ("credit_note", "176.40 EUR")
        assert (done["NEW"].kind, str(done["NEW"].net)) == ("invoice", "176.40 EUR")
        assert story.run("2026-01-11") == ()
        assert only(story.run("2026-02-01")).bill_to.code == "NEW"


class TestCreditsThatNeedTheirOwnDocument:
    @pytest.mark.parametrize(
        ("issuer", "terms"),
        [
            (replace(SELLER, credits_need_own_document=True), {}),
            (replace(SELLER, own_credit_formats=("fattura",)), {"invoice_format": "fattura"}),
        ],
    )
    def test_are_credit_notes_although_the_contract_nets(self, issuer: object, terms: dict[str, Any]) -> None:
        world = setup(issuers=(issuer,), contracts=(contract(refund_method="net_next", **terms),))
        story = Seller(world, (subscription(),), (held("2026-01-01", 10),))
        story.run("2026-01-01")
        story.change(held("2026-01-16", 5))

        assert [document.kind for document in story.run("2026-01-16")] == ["credit_note"]


class TestAnAnnualMemberOfAPool:
    def _seller(self, annual: Literal["at_purchase", "settle_yearly"]) -> Seller:
        """Yearly seats: 100.00 up to 15 of the group, 90.00 above. 10 are held, 10 more from July."""
        price = tiered("volume", (15, "100.00"), (None, "90.00"), plan="annual")
        pool = Pool("P", "ACME", ("E3",), "end_of_period", annual=annual)
        world = setup(price_lists=(price_list("LIST", price),), pools=(pool,))
        two = tuple(subscription(code, plan="annual", term="P1Y") for code in ("S1", "S2"))
        return Seller(world, two, (held("2026-01-01", 10), held("2026-07-01", 10, "S2")))

    def test_keeps_the_tier_of_its_purchase(self) -> None:
        story = self._seller("at_purchase")
        story.run("2026-01-01")
        story.run("2026-07-01")

        assert [str(line.net) for line in only(story.run("2027-01-01")).lines] == ["900.00 EUR"] * 2

    def test_is_settled_at_the_end_of_the_pools_year(self) -> None:
        """December has 20 seats: 10 x (90 - 100) = -100.00 of the year's first purchase."""
        story = self._seller("settle_yearly")
        story.run("2026-01-01")
        story.run("2026-07-01")

        lines = only(story.run("2027-01-01")).lines

        assert [str(line.net) for line in lines if "settlement" in line.description] == ["-100.00 EUR"]
