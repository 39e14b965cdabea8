"""Margins kept with charges, and the checks that hold a document whose margin is bad."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from mappings.canonical.contract import Discount
from mappings.canonical.money import Money, Rounding
from tests.unit.worker.billing.world import (
    Seller,
    contract,
    day,
    dec,
    held,
    only_line,
    per_seat,
    price_list,
    setup,
    subscription,
)
from worker.billing.margins import margin_words, percent_of

FIRST = "2026-01-01"


def seller(price: str, cost: str | None, **terms: Any) -> Seller:
    listed = price_list("LIST", per_seat(price, cost=None if cost is None else dec(cost)))
    world = setup(
        price_lists=(listed, price_list("RETAIL", per_seat("12.00"))), contracts=(contract(**terms),)
    )
    return Seller(world, (subscription(),), (held(FIRST, 10),))


def codes(story: Seller) -> list[str]:
    assert story.last is not None
    return [check.code for draft in story.last.drafts for check in draft.checks]


class TestAPriceMadeOfTheCost:
    @pytest.mark.parametrize(
        ("terms", "net", "words"),
        [
            ({"markup_percent": dec(25)}, "100.00 EUR", "price: cost 8 EUR plus 25 %"),
            ({"margin_percent": dec(20)}, "100.00 EUR", "price: cost 8 EUR at a margin of 20 % of the price"),
            ({"margin_percent": dec(15)}, "94.12 EUR", "price: cost 8 EUR at a margin of 15 % of the price"),
        ],
    )
    def test_is_a_markup_of_the_cost_or_a_margin_of_the_price(
        self, terms: dict[str, object], net: str, words: str
    ) -> None:
        line = only_line(seller("1.00", "8", **terms).run(FIRST))

        assert (str(line.net), line.basis[-1]) == (net, words)


class TestAMargin:
    def test_below_zero_holds_the_document(self) -> None:
        story = seller("7.99", "8")

        assert story.run(FIRST) == ()
        assert codes(story) == ["margin_negative"]

    @pytest.mark.parametrize(("floor", "held_by"), [("20", []), ("20.01", ["margin_below_floor"])])
    def test_below_the_floor_holds_the_document(self, floor: str, held_by: list[str]) -> None:
        story = seller("10.00", "8", margin_floor_percent=dec(floor))
        story.run(FIRST)

        assert codes(story) == held_by

    def test_is_kept_with_the_charge_and_printed_only_where_allowed(self) -> None:
        """10 x 10.00 at a cost of 10 x 8.00; a reseller's customers pay 12.00."""
        for shows in (False, True):
            story = seller("10.00", "8", show_margin=shows, retail_price_list="RETAIL")
            line = only_line(story.run(FIRST))
            charge = story.billed[0].charge

            assert (charge.cost, charge.retail) == (Money(8000, "EUR"), Money(12000, "EUR"))
            assert charge.margin == Money(2000, "EUR")
            shown = "cost 80.00 EUR, margin 20.00 EUR (20.00 %), retail price 120.00 EUR"
            assert (shown in line.basis) is shows

    def test_of_a_change_is_of_its_own_days(self) -> None:
        """5 seats less for 16 of 31 days: 5 x 10.00 x 16/31 = 25.81 at a cost of 20.65."""
        story = seller("10.00", "8")
        story.run(FIRST)
        story.change(held("2026-01-16", 5))
        story.run("2026-01-16")

        credit = story.billed[-1].charge
        assert (credit.net, credit.cost) == (Money(-2581, "EUR"), Money(-2065, "EUR"))

    def test_is_nothing_once_everything_was_taken_back(self) -> None:
        story = seller("10.00", "8")
        story.run(FIRST)
        for on, quantity in (("2026-01-09", 3), ("2026-01-20", 7), ("2026-01-25", 1)):
            story.change(held(on, quantity))
            story.run(on)
        story.change(held(FIRST, 0, observed="9"), *(held(on, 0, observed="9") for on in
                     ("2026-01-09", "2026-01-20", "2026-01-25")))  # fmt: skip
        story.run("2026-01-31")

        assert story.billed_net == 0
        assert sum(one.charge.cost.minor for one in story.billed if one.charge.cost) == 0

    def test_is_unknown_without_a_cost(self) -> None:
        story = seller("10.00", None, margin_floor_percent=dec(50))
        story.run(FIRST)

        assert story.billed[0].charge.margin is None

    def test_is_looked_at_on_the_cheapest_day_of_a_cycle(self) -> None:
        late = Discount(amount=dec("2.50"), from_=day("2026-01-20"), decided_by="day")
        story = seller("10.00", "8", discounts=(late,))

        assert story.run(FIRST) == ()
        assert codes(story) == ["margin_negative"]

    def test_of_several_new_charges_is_shared_in_the_ratio_of_their_nets(self) -> None:
        """Change on the 16th printed as spans: two lines, cost of the whole change, less what was counted."""
        story = seller("10.00", "8", change_form="reverse_recharge", show_margin=True)
        story.run(FIRST)
        story.change(held("2026-01-16", 5))
        story.run("2026-01-16")

        new = [one.charge for one in story.billed[1:]]
        assert sum(one.cost.minor for one in new if one.cost) == -2065
        assert sum(one.net.minor for one in new) == -2581

    def test_takes_the_cost_as_it_is_where_the_price_of_a_unit_is_cut(self) -> None:
        """From the 15th, 17 of 31 days: 10 x 4.60 (8.40 x 17/31 cut), at a cost of 80.00 x 17/31 = 43.87."""
        story = seller("8.40", "8", rounding=Rounding("per_unit", "down"))
        story.versions = (held("2026-01-15", 10),)
        story.run("2026-01-15")

        [charge] = [one.charge for one in story.billed]
        assert (charge.net, charge.cost) == (Money(4600, "EUR"), Money(4387, "EUR"))

    def test_keeps_the_retail_price_where_no_cost_is_known(self) -> None:
        story = seller("10.00", None, retail_price_list="RETAIL")
        story.run(FIRST)

        [charge] = [one.charge for one in story.billed]
        assert (charge.cost, charge.retail) == (None, Money(12000, "EUR"))

    def test_of_a_change_has_the_retail_price_of_its_own_days(self) -> None:
        """5 seats less for 16 of 31 days: 5 x 12.00 x 16/31 = 30.967... -> 30.97."""
        story = seller("10.00", "8", retail_price_list="RETAIL")
        story.run(FIRST)
        story.change(held("2026-01-16", 5))
        story.run("2026-01-16")

        assert story.billed[-1].charge.retail == Money(-3097, "EUR")

    def test_is_shown_without_a_retail_price_where_there_is_none(self) -> None:
        line = only_line(seller("10.00", "8", show_margin=True).run(FIRST))

        assert "cost 80.00 EUR, margin 20.00 EUR (20.00 %)" in line.basis

    def test_equal_to_nothing_is_no_loss(self) -> None:
        story = seller("8.00", "8")

        assert len(story.run(FIRST)) == 1
        assert story.billed[0].charge.margin == Money(0, "EUR")

    def test_is_not_looked_at_where_nothing_is_held(self) -> None:
        story = Seller(seller("1.00", "8").setup, (subscription(),), (held(FIRST, 0),))

        assert story.run(FIRST) == ()
        assert codes(story) == []

    def test_says_what_is_sold_below_cost_or_floor(self) -> None:
        below = seller("7.99", "8")
        below.run(FIRST)
        thin = seller("10.00", "8", margin_floor_percent=dec(25))
        thin.run(FIRST)

        sentences = [
            check.sentence
            for story in (below, thin)
            for draft in (story.last.drafts if story.last else ())
            for check in draft.checks
        ]
        assert "7.99 EUR for a seat that costs 8 EUR" in sentences[0]
        assert "leaves a margin of 20.00 %" in sentences[1]
        assert "asks for 25 %" in sentences[1]
        assert "the floor is 10.67 EUR" in sentences[1]

    @pytest.mark.parametrize(
        ("price", "cost", "percent"),
        [(10, 8, 20), (10, 0, 100), (8, 10, -25), (0, 0, 0), (0, 5, -100)],
    )
    def test_is_told_in_percent_of_the_price(self, price: int, cost: int, percent: int) -> None:
        assert percent_of(Fraction(price), Fraction(cost)) == percent

    def test_of_a_credit_is_told_with_the_percent_of_its_original(self) -> None:
        words = margin_words(Money(-1000, "EUR"), Money(-800, "EUR"), Money(-1200, "EUR"))

        assert words == "cost -8.00 EUR, margin -2.00 EUR (20.00 %), retail price -12.00 EUR"
