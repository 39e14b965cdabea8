"""Margins kept with charges, and the checks that hold a document whose margin is bad."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical.contract import Discount
from mappings.canonical.money import Money
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
