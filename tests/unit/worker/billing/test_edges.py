"""Edges without a story of their own: several changes of one day, gaps and minus in usage, lines of zero."""

from __future__ import annotations

from typing import Any

from mappings.canonical.catalog import Product
from tests.unit.worker.billing.world import (
    E3,
    Seller,
    contract,
    day,
    held,
    only,
    only_line,
    per_seat,
    price_list,
    setup,
    subscription,
    used,
)


class TestOneDay:
    def test_of_adding_removing_and_adding_counts_once(self) -> None:
        """10 + 5 - 5 + 2 on 16 January: two seats for 16 of 31 days, 2 x 8.40 x 16/31 = 8.67."""
        seller = Seller(setup(), (subscription(),), (held("2026-01-01", 10),))
        seller.run("2026-01-01")
        seller.change(
            held("2026-01-16", 15, observed="1"),
            held("2026-01-16", 10, observed="2"),
            held("2026-01-16", 12, observed="3"),
        )

        assert str(only_line(seller.run("2026-01-16")).net) == "8.67 EUR"

    def test_opens_one_window_for_what_is_left_of_it(self) -> None:
        """Of the same day's seats two remain in a batch of that day, and may go until the 23rd."""
        seller = Seller(
            setup(contracts=(contract(reductions="window_7d"),)),
            (subscription(term="P1Y"),),
            (
                held("2026-01-01", 10),
                held("2026-01-16", 15, observed="1"),
                held("2026-01-16", 12, observed="2"),
                held("2026-01-22", 9),
            ),
        )
        seller.run("2026-01-31")

        assert seller.billed_net == 8400 + 325, "2 x 8.40 x 6/31; one of three stays"


class TestUsage:
    def _seller(self, *usage: Any) -> Seller:
        prices = price_list("LIST", per_seat("0.10", plan="usage"))
        return Seller(
            setup(price_lists=(prices,)),
            (subscription(plan="usage", term="", anchor=day("2026-01-01")),),
            (held("2026-01-01", 1),),
            usage,
        )

    def test_with_a_missing_day_is_billed_when_the_day_arrives(self) -> None:
        seller = self._seller(used("2026-01-10", 100), used("2026-01-12", 100))
        assert str(only_line(seller.run("2026-02-01")).net) == "20.00 EUR"
        seller.usage = (*seller.usage, used("2026-01-11", 50))

        assert str(only_line(seller.run("2026-02-03")).net) == "5.00 EUR"

    def test_below_nothing_costs_nothing(self) -> None:
        """A month whose corrections exceed it is zero; a negative price for a month does not exist."""
        seller = self._seller(used("2026-01-10", 100))
        seller.run("2026-02-01")
        seller.usage = (*seller.usage, used("2026-01-10", -250, ref="credit"))

        assert str(only(seller.run("2026-02-03")).net) == "10.00 EUR"
        assert seller.billed_net == 0


class TestALineOfNothing:
    def test_stays_on_a_document_that_has_others(self) -> None:
        free = Product("FREE", "Free add-on")
        seller = Seller(
            setup(
                products=(E3, free),
                price_lists=(price_list("LIST", per_seat("8.40"), per_seat("0", product="FREE")),),
            ),
            (subscription(), subscription("S2", product="FREE", parent="S1")),
            (held("2026-01-01", 10), held("2026-01-01", 10, "S2")),
        )

        invoice = only(seller.run("2026-01-01"))

        assert [(line.product, str(line.net)) for line in invoice.lines] == [
            ("E3", "84.00 EUR"),
            ("FREE", "0.00 EUR"),
        ]
