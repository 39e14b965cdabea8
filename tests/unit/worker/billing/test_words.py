"""The words of a charge: quantities, prices, tiers, changes and what is not rounded."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from mappings.canonical.catalog import Pool
from mappings.canonical.contract import Discount
from mappings.canonical.period import Period
from tests.unit.worker.billing.world import (
    Product,
    Seller,
    contract,
    day,
    dec,
    held,
    only_line,
    party,
    per_seat,
    price_list,
    setup,
    subscription,
    tiered,
    tiers,
    used,
)
from worker.billing.values import PoolShare, PriceFacts, Span
from worker.billing.words import changed_runs, price_words, quantity_words, unit_words, units


def told(price: Any, *versions: Any, on: str = "2026-01-31", **terms: Any) -> tuple[str, ...]:
    """The basis of the last line billed, run by run of the versions' days."""
    seller = Seller(
        setup(price_lists=(price_list("LIST", price),), contracts=(contract(**terms),)), (subscription(),), ()
    )
    lines = []
    for version in versions:
        seller.change(version)
        lines = [line for document in seller.run(version.on) for line in document.lines]
    return lines[-1].basis


class TestAQuantity:
    @pytest.mark.parametrize(
        ("quantity", "unit", "words"),
        [
            ("1", "seat", "1 seat"),
            ("2", "seat", "2 seats"),
            ("0.5", "seat", "0.5 seats"),
            ("2", "GB", "2 GB"),
            ("2", "days", "2 days"),
            ("0", "seat", "0 seats"),
        ],
    )
    def test_has_its_unit(self, quantity: str, unit: str, words: str) -> None:
        assert units(dec(quantity), unit) == words
        if "." not in quantity:
            assert unit_words(int(quantity), unit) == words

    @pytest.mark.parametrize(
        ("model", "quantity", "words"),
        [
            ("per_unit", 12, "12 seats x 10.00 EUR"),
            ("per_unit", "1.5", "1.5 seats x 10.00 EUR"),
            ("volume", 12, "12 seats x 8.00 EUR"),
            ("graduated", 12, "5 seats x 10.00 EUR + 7 seats x 8.00 EUR"),
            ("graduated", 5, "5 seats x 10.00 EUR"),
            ("graduated", "5.5", "5 seats x 10.00 EUR + 0.5 seats x 8.00 EUR"),
            ("per_unit", 0, "no seat"),
            ("per_unit", -1, "no seat"),
        ],
    )
    def test_is_told_at_its_price(self, model: Any, quantity: object, words: str) -> None:
        price = PriceFacts(model, tiers((5, "10"), (None, "8")), "seat", "list")

        assert quantity_words(price, dec(quantity), "EUR") == words

    def test_of_a_blended_pool_is_a_part_of_the_groups(self) -> None:
        price = PriceFacts(
            "graduated", tiers((5, "10"), (None, "8")), "seat", "list", pool=PoolShare("P", dec(8))
        )

        assert quantity_words(price, dec(2), "EUR") == "74.00 EUR x 2/8 seats"


class TestAPrice:
    @pytest.mark.parametrize(
        ("price", "currency", "words"),
        [
            ("8.4", "EUR", "8.40 EUR"),
            ("8", "EUR", "8.00 EUR"),
            ("8.405", "EUR", "8.405 EUR"),
            ("100", "EUR", "100.00 EUR"),
            ("100", "JPY", "100 JPY"),
            ("0.5", "JPY", "0.5 JPY"),
            ("8.4", "KWD", "8.400 KWD"),
            ("1/3", "EUR", "1/3 EUR"),
            ("0", "EUR", "0.00 EUR"),
        ],
    )
    def test_has_at_least_the_digits_of_its_currency(self, price: str, currency: str, words: str) -> None:
        assert price_words(Fraction(price), currency) == words


class TestABasis:
    def test_tells_a_cycle_cut_in_two(self) -> None:
        assert told(per_seat("9.30"), held("2026-01-11", 10)) == (
            "10 seats x 9.30 EUR x 21/31 days",
            "price: list LIST from 2020-01-01",
        )

    def test_puts_several_tiers_in_brackets_where_days_weigh(self) -> None:
        price = tiered("graduated", (5, "10"), (None, "8"))

        assert told(price, held("2026-01-11", 12))[0] == (
            "(5 seats x 10.00 EUR + 7 seats x 8.00 EUR) x 21/31 days"
        )

    def test_tells_what_was_added_and_removed(self) -> None:
        first, added, removed = held("2026-01-01", 10), held("2026-01-11", 12), held("2026-01-21", 11)

        assert told(per_seat("31"), first, added) == (
            "2 seats added x 31.00 EUR x 21/31 days (2026-01-11..2026-01-31)",
            "cycle 2026-01-01..2026-01-31: billed before 310.00 EUR, now 352.00 EUR",
            "price: list LIST from 2020-01-01",
        )
        assert told(per_seat("31"), first, added, removed)[0] == (
            "1 seat removed x 31.00 EUR x 11/31 days (2026-01-21..2026-01-31)"
        )

    def test_tells_a_change_of_tiers_by_what_both_cost(self) -> None:
        price = tiered("volume", (5, "10"), (None, "8"))

        assert told(price, held("2026-01-01", 5), held("2026-01-11", 6))[0] == (
            "1 seat added: 6 seats at 48.00 EUR instead of 5 seats at 50.00 EUR x 21/31 days"
            " (2026-01-11..2026-01-31)"
        )

    def test_tells_a_change_with_a_flat_fee_by_what_both_cost(self) -> None:
        price = tiered("per_unit", (None, "10", "100"))

        assert told(price, held("2026-01-01", 5), held("2026-01-11", 6))[0].startswith(
            "1 seat added: 6 seats at 160.00 EUR instead of 5 seats at 150.00 EUR x 21/31 days"
        )

    def test_tells_a_change_by_the_days_to_the_end_under_other_bases(self) -> None:
        """11 of 30 days remain on the 21st; the days of the change itself are 21-31."""
        basis = told(per_seat("30"), held("2026-01-01", 10), held("2026-01-21", 12), proration="30_day_month")

        assert basis[0] == ("2 seats added x 30.00 EUR x 11/30 days (30-day months) (2026-01-21..2026-01-31)")

    def test_tells_the_most_that_was_held_where_nothing_is_prorated(self) -> None:
        seller = Seller(
            setup(contracts=(contract(proration="none_full_period"),)),
            (subscription(),),
            (held("2026-01-01", 3), held("2026-01-11", 12), held("2026-01-21", 5)),
        )

        line = only_line(seller.run("2026-01-31"))

        assert (line.basis[0], str(line.net)) == ("12 seats x 8.40 EUR", "100.80 EUR")

    def test_tells_each_source_once(self) -> None:
        discount = Discount(dec(10), from_=day("2026-01-11"), decided_by="day")

        assert told(per_seat("31"), held("2026-01-01", 1), discounts=(discount,)) == (
            "1 seat x 31.00 EUR x 10/31 days = 10.00 EUR",
            "1 seat x 27.90 EUR x 21/31 days = 18.90 EUR",
            "together, rounded once: 28.90 EUR",
            "price: list LIST from 2020-01-01",
            "price: list LIST from 2020-01-01, less 10 %",
        )

    def test_tells_the_tier_of_a_pool(self) -> None:
        seller = Seller(
            setup(
                parties=(party("TOP"), party("ACME", parent="TOP")),
                price_lists=(price_list("LIST", tiered("volume", (5, "10"), (None, "8"))),),
                contracts=(contract("TOP"),),
                pools=(Pool("P", "TOP", ("E3",), "end_of_period"),),
            ),
            (subscription(),),
            (held("2026-01-01", 12),),
        )

        assert only_line(seller.run("2026-01-01")).basis[0] == (
            "12 seats x 8.00 EUR, tier 2 of pool P at 12 seats"
        )
        seller.change(held("2026-01-11", 4))
        basis = only_line(seller.run("2026-01-11")).basis
        assert basis[0].startswith("8 seats removed: 4 seats at 32.00 EUR instead of 12 seats at 96.00 EUR x")
        assert basis[0].endswith("tier 2 of pool P at 12 seats")

    def test_shows_that_digits_go_on(self) -> None:
        seller = Seller(setup(), (subscription(),), (held("2026-01-01", 10), held("2026-01-18", 11)))

        assert only_line(seller.run("2026-01-31")).basis[:2] == (
            "10 seats x 8.40 EUR x 17/31 days = 46.064516... EUR",
            "11 seats x 8.40 EUR x 14/31 days = 41.729032... EUR",
        )

    def test_tells_the_block_or_fee_that_nothing_costs(self) -> None:
        for model, words in (
            ("stairstep", "block price for up to 5 8.00 EUR"),
            ("volume", "flat fee 7.00 EUR"),
        ):
            price = tiered(model, (5, "1", "7"), (None, "1", "9"), plan="usage", zero_units="first_tier")
            seller = Seller(
                setup(price_lists=(price_list("LIST", price),)),
                (subscription(plan="usage", term=""),),
                (),
                (used("2026-01-05", 0),),
            )

            assert only_line(seller.run("2026-02-01")).basis[0] == words

    def test_names_other_units(self) -> None:
        gigabyte = Product("E3", "Traffic", unit="GB")
        seller = Seller(setup(products=(gigabyte,)), (subscription(),), (held("2026-01-01", 3),))

        assert only_line(seller.run("2026-01-01")).basis[0] == "3 GB x 8.40 EUR"


class TestChangedRuns:
    def _spans(self, *steps: tuple[str, str, object]) -> tuple[Span, ...]:
        return tuple(Span(Period(day(start), day(until)), dec(quantity)) for start, until, quantity in steps)

    def test_are_the_days_on_which_the_quantity_is_another(self) -> None:
        before = self._spans(("2026-01-01", "2026-01-11", 5), ("2026-01-11", "2026-02-01", 7))
        after = self._spans(("2026-01-01", "2026-01-21", 5), ("2026-01-21", "2026-02-01", 9))

        runs = [(str(days), was, now) for days, was, now in changed_runs(before, after)]

        assert runs == [("2026-01-11..2026-01-20", 7, 5), ("2026-01-21..2026-01-31", 7, 9)]

    def test_join_where_they_touch_and_say_the_same(self) -> None:
        before = self._spans(("2026-01-01", "2026-02-01", 5))
        after = self._spans(("2026-01-01", "2026-01-11", 6), ("2026-01-11", "2026-02-01", 6))

        assert [str(days) for days, *_ in changed_runs(before, after)] == ["2026-01-01..2026-01-31"]
        assert changed_runs(before, before) == ()

    def test_begin_from_nothing(self) -> None:
        after = self._spans(("2026-01-11", "2026-02-01", 6))

        assert [(str(days), was, now) for days, was, now in changed_runs((), after)] == [
            ("2026-01-11..2026-01-31", 0, 6)
        ]
