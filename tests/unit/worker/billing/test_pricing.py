"""Prices of whole cycles, and the weight of days."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical.contract import Discount
from mappings.canonical.money import Rounding
from mappings.canonical.period import Period
from tests.unit.worker.billing.world import (
    Pool,
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
    tiers,
)
from worker.billing.periods import weight
from worker.billing.pricing import exact_amount, plain_number, tier_number
from worker.billing.values import PriceFacts

STEPS = ((5, "10"), (20, "8"), (None, "7"))


def _cost(model: Any, quantity: object, *steps: Any, **facts: Any) -> str:
    price = PriceFacts(model, tiers(*(steps or STEPS)), "seat", "list", **facts)
    return plain_number(exact_amount(price, Fraction(str(quantity))))


class TestAPriceModel:
    @pytest.mark.parametrize(
        ("model", "quantity", "amount"),
        [
            ("per_unit", 6, "60"),
            ("graduated", 5, "50"),
            ("graduated", 6, "58"),
            ("graduated", 25, "205"),
            ("volume", 5, "50"),
            ("volume", 6, "48"),
            ("volume", 21, "147"),
            ("volume", 0, "0"),
            ("graduated", "5.5", "54"),
        ],
    )
    def test_prices_a_quantity(self, model: str, quantity: object, amount: str) -> None:
        assert _cost(model, quantity) == amount

    def test_adds_the_flat_fee_of_every_tier_entered(self) -> None:
        steps = ((5, "1", "100"), (None, "1", "50"))

        assert [_cost("graduated", quantity, *steps) for quantity in (0, 5, 6)] == ["0", "105", "156"]

    def test_counts_packages_begun(self) -> None:
        assert [
            _cost("package", quantity, (None, "30"), package_size=dec(10)) for quantity in (1, 10, 11)
        ] == [
            "30",
            "30",
            "60",
        ]

    def test_takes_the_block_price_of_the_tier_reached(self) -> None:
        steps = ((5, "0", "40"), (None, "0", "90"))

        assert [_cost("stairstep", quantity, *steps) for quantity in (1, 5, 6)] == ["40", "40", "90"]

    def test_reaches_a_tier_up_to_its_bound(self) -> None:
        assert [tier_number(tiers(*STEPS), Fraction(quantity)) for quantity in (5, 6, 20, 21)] == [1, 2, 2, 3]


class TestWords:
    @pytest.mark.parametrize(
        ("price", "words"),
        [
            (tiered("graduated", *STEPS), "5 seats x 10.00 EUR + 7 seats x 8.00 EUR"),
            (tiered("volume", (5, "10"), (None, "8", "3")), "12 seats x 8.00 EUR + flat fee 3.00 EUR"),
            (tiered("package", (None, "30"), package_size=dec(10)), "2 packages of 10 x 30.00 EUR"),
            (tiered("stairstep", (20, "0", "99")), "block price for up to 20 99.00 EUR"),
        ],
    )
    def test_tell_what_a_quantity_consists_of(self, price: Any, words: str) -> None:
        seller = Seller(
            setup(price_lists=(price_list("LIST", price),)), (subscription(),), (held("2026-01-01", 12),)
        )

        assert only_line(seller.run("2026-01-01")).basis[0] == words

    def test_tell_discount_and_markup(self) -> None:
        discounts = (Discount(dec(10)), Discount(dec(-5), product="E3"), Discount(dec(50), product="X"))
        seller = Seller(
            setup(contracts=(contract(discounts=discounts),)), (subscription(),), (held("2026-01-01", 100),)
        )

        line = only_line(seller.run("2026-01-01"))

        assert line.basis[-1] == "price: list LIST from 2020-01-01, less 10 %, plus 5 %"
        assert str(line.net) == "793.80 EUR", "8.40 x 0.90 x 1.05 = 7.938"

    def test_tell_that_a_unit_is_rounded_first(self) -> None:
        seller = Seller(
            setup(contracts=(contract(rounding=Rounding("per_unit", "down")),)),
            (subscription(),),
            (held("2026-01-15", 10),),
        )

        line = only_line(seller.run("2026-01-15"))

        assert str(line.net) == "46.00 EUR", "8.40 x 17/31 = 4.606, cut to 4.60"
        assert line.basis[0] == "10 seats x 8.40 EUR x 17/31 days, one seat's part rounded down first"


class TestProration:
    """Down from 10 seats to 4 on 11 January, 21 of 31 days remain; the price of a seat is 31.00."""

    @pytest.mark.parametrize(
        ("basis", "net"),
        [
            ("actual_days_of_cycle", "184.00 EUR"),
            ("30_day_month", "179.80 EUR"),
            ("actual_365", "181.58 EUR"),
            ("months_then_days", "184.00 EUR"),
            ("none_full_period", "310.00 EUR"),
        ],
    )
    def test_weighs_the_change_by_its_basis(self, basis: str, net: str) -> None:
        seller = Seller(
            setup(price_lists=(price_list("LIST", per_seat("31")),), contracts=(contract(proration=basis),)),
            (subscription(),),
            (held("2026-01-01", 10), held("2026-01-11", 4)),
        )

        assert str(only(seller.run("2026-01-31")).net) == net

    @given(st.integers(0, 365), st.integers(0, 365))
    def test_of_the_cycles_own_days_adds_up_to_the_whole(self, first: int, second: int) -> None:
        cycle = Period(day("2026-01-15"), day("2027-01-15"))
        cuts = sorted({0, 365, first, second})
        parts = [
            weight("actual_days_of_cycle", cycle=cycle, rest=_days(cycle, start, until), months=12)
            for start, until in pairwise(cuts)
        ]

        assert sum(parts) == 1

    @given(st.integers(1, 365))
    def test_by_months_then_days_never_weighs_more_than_the_whole(self, start: int) -> None:
        cycle = Period(day("2026-01-31"), day("2027-01-31"))

        part = weight("months_then_days", cycle=cycle, rest=_days(cycle, start, 365), months=12)

        assert 0 <= part <= 1


class TestAPoolMeasure:
    def _total(self, measure: Any) -> str:
        """10 seats, 20 from the 11th, 5 from the 21st of April (30 days): peak 20, end 5, average 11.6667."""
        seller = Seller(
            setup(
                parties=(party("TOP"), party("ACME", parent="TOP")),
                pools=(Pool("P", "TOP", ("E3",), measure),),
                contracts=(contract("TOP"),),
            ),
            (subscription(anchor=day("2026-04-01")),),
            (held("2026-04-01", 10), held("2026-04-11", 20), held("2026-04-21", 5)),
        )
        return seller.run("2026-05-01")[0].lines[0].basis[0].rsplit("at ", 1)[1]

    def test_is_of_the_day_the_period_ends(self) -> None:
        assert self._total("end_of_period") == "5 seats"

    def test_is_the_peak(self) -> None:
        assert self._total("peak") == "20 seats"

    def test_is_the_average_of_the_days(self) -> None:
        assert self._total("time_weighted") == "11.6667 seats"


def _days(cycle: Period, start: int, until: int) -> Period:
    first = cycle.start.toordinal()
    return Period(date.fromordinal(first + start), date.fromordinal(first + until))
