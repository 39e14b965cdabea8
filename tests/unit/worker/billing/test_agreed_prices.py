"""What a contract makes of a list price: which list and price, discounts, ramps, notice, cost plus."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from mappings.canonical.contract import Discount, RampStep
from mappings.canonical.period import Period
from tests.unit.worker.billing.world import (
    contract,
    day,
    dec,
    per_seat,
    price_list,
    replace,
    subscription,
    tiered,
    tiers,
)
from worker.billing.discounts import day_prices, price_runs, priced_for_margin, spans_from
from worker.billing.notice import is_increase
from worker.billing.pricing import PriceBook, exact_amount, pieces, plain_number, price_facts, whole
from worker.billing.values import Check, PoolShare, PriceFacts, Span

JANUARY = Period(day("2026-01-01"), day("2026-02-01"))
FLAT = PriceFacts("per_unit", tiers((None, "10")), "seat", "list")


def facts(*prices: Any, on: str = "2026-01-01", days: Period = JANUARY, **terms: Any) -> PriceFacts | Check:
    """The price of a monthly seat by these prices of LIST, under a contract of these terms."""
    given = terms.pop("subscription", subscription())
    book = PriceBook(terms.pop("lists", (price_list("LIST", *prices),)))
    return price_facts(book, given, contract(**terms), on=day(on), days=days, unit="seat")


def amount(price: PriceFacts | Check, quantity: object = 1) -> str:
    assert isinstance(price, PriceFacts), price
    return plain_number(exact_amount(price, Fraction(str(quantity))))


class TestAPriceBook:
    LISTS = (
        price_list("LIST", per_seat("9"), from_=day("2026-02-01")),
        price_list("LIST", per_seat("8"), from_=day("2026-01-01")),
        price_list("OTHER", per_seat("1"), currency="USD"),
    )

    @pytest.mark.parametrize(
        ("on", "price"), [("2025-12-31", None), ("2026-01-01", "8"), ("2026-01-31", "8"), ("2026-02-01", "9")]
    )
    def test_has_the_list_of_the_day(self, on: str, price: str | None) -> None:
        found = PriceBook(self.LISTS).on("LIST", day(on))

        assert (str(found.prices[0].tiers[0].price) if found else None) == price

    def test_knows_the_currency_a_list_began_in(self) -> None:
        book = PriceBook((*self.LISTS, price_list("LIST", currency="USD", from_=day("2026-03-01"))))

        assert [book.currency(code) for code in ("LIST", "OTHER", "NONE")] == ["EUR", "USD", None]
        changed = price_facts(
            book, subscription(), contract(), on=day("2026-03-01"), days=JANUARY, unit="seat"
        )
        assert isinstance(changed, Check)
        assert changed.code == "currency_mismatch"

    def test_prefers_the_segment_then_the_term(self) -> None:
        prices = (
            per_seat("1"),
            per_seat("2", term="P1Y"),
            per_seat("3", segment="education"),
            per_seat("4", segment="education", term="P1Y"),
        )
        for term, segment, price in (
            ("P1M", "", "1"),
            ("P1Y", "", "2"),
            ("P1M", "education", "3"),
            ("P1Y", "education", "4"),
            ("P1Y", "charity", "2"),
        ):
            given = subscription(term=term)
            assert amount(facts(*prices, subscription=given, segment=segment)) == price

    def test_takes_the_first_of_two_prices_of_one_list(self) -> None:
        assert amount(facts(per_seat("1"), per_seat("2"))) == "1"

    def test_says_what_has_no_price(self) -> None:
        for found, why in (
            (facts(per_seat("1"), on="2019-12-31"), "has no prices on 2019-12-31"),
            (facts(per_seat("1", product="E5")), "has no monthly price for product E3 with term P1M"),
            (facts(per_seat("1"), markup_percent=dec(5)), "tells no cost for product E3"),
        ):
            assert isinstance(found, Check)
            assert found.code == "unpriced_subscription"
            assert why in found.sentence

    def test_gives_trials_away(self) -> None:
        found = facts(subscription=subscription(plan="trial"))

        assert (amount(found), found.source) == ("0", "trial, free of charge")  # type: ignore[union-attr]  # a price

    def test_keeps_what_the_list_says(self) -> None:
        priced = facts(tiered("package", (None, "30"), package_size=dec(10), cost=dec(2)))

        assert isinstance(priced, PriceFacts)
        assert (priced.model, priced.package_size, priced.cost) == ("package", 10, 2)
        assert (priced.unit, priced.price_list, priced.source) == (
            "seat",
            "LIST",
            "list LIST from 2020-01-01",
        )
        assert not priced.charges_zero


class TestZeroUnits:
    @pytest.mark.parametrize(
        ("plan", "rule", "charges"),
        [("usage", "first_tier", True), ("usage", "free", False), ("monthly", "first_tier", False)],
    )
    def test_are_charged_for_usage_where_the_price_says_so(self, plan: Any, rule: Any, charges: bool) -> None:
        found = facts(per_seat("1", plan=plan, zero_units=rule), subscription=subscription(plan=plan))

        assert isinstance(found, PriceFacts)
        assert found.charges_zero is charges

    def test_cost_the_block_or_the_flat_fee(self) -> None:
        fee = replace(FLAT, model="graduated", tiers=tiers((5, "1", "7"), (None, "1", "9")))
        block = replace(fee, model="stairstep")

        assert [amount(replace(one, charges_zero=True), 0) for one in (fee, block)] == ["7", "8"]
        assert [amount(one, 0) for one in (fee, block)] == ["0", "0"]
        assert amount(replace(fee, charges_zero=True), -1) == "0"


class TestADiscount:
    def test_is_taken_off_one_after_the_other(self) -> None:
        """10.00 less 10 % is 9.00, less 1.00 is 8.00, less 50 % is 4.00."""
        one_by_one = (Discount(dec(10)), Discount(amount=dec(1)), Discount(dec(50)))
        found = facts(per_seat("10"), discounts=one_by_one)

        assert amount(found) == "4"
        assert isinstance(found, PriceFacts)
        assert found.source.endswith("less 10 %, less 1 EUR, less 50 %")

    def test_by_percent_is_off_the_flat_fee_as_well(self) -> None:
        price = tiered("volume", (None, "10", "100"))

        assert amount(facts(price, discounts=(Discount(dec(10)),)), 2) == "108"
        assert amount(facts(price, discounts=(Discount(amount=dec(1)),)), 2) == "118"

    @pytest.mark.parametrize(
        ("from_", "until", "price"),
        [
            ("2026-01-01", None, "9"),
            ("2026-01-02", None, "10"),
            (None, "2026-01-01", "10"),
            (None, "2026-01-02", "9"),
        ],
    )
    def test_counts_on_the_cycles_first_day(self, from_: str | None, until: str | None, price: str) -> None:
        dated = Discount(dec(10), from_=day(from_) if from_ else None, until=day(until) if until else None)

        assert amount(facts(per_seat("10"), discounts=(dated,))) == price

    def test_decided_by_the_day_turns_inside_the_cycle(self) -> None:
        dated = Discount(dec(10), day("2026-01-11"), day("2026-01-21"), decided_by="day")
        found = facts(per_seat("10"), discounts=(dated,))

        assert isinstance(found, PriceFacts)
        runs = [(amount(price), str(days)) for price, days in price_runs(found, JANUARY)]
        assert runs == [
            ("10", "2026-01-01..2026-01-10"),
            ("9", "2026-01-11..2026-01-20"),
            ("10", "2026-01-21..2026-01-31"),
        ]
        part = Period(day("2026-01-15"), day("2026-01-18"))
        assert [(amount(price), str(days)) for price, days in price_runs(found, part)] == [
            ("9", "2026-01-15..2026-01-17")
        ]
        assert [amount(price) for _, price in day_prices(found)] == ["10", "9", "10"]

    @pytest.mark.parametrize("turn", ["2026-01-01", "2026-02-01"])
    def test_does_not_turn_at_the_edges_of_a_cycle(self, turn: str) -> None:
        dated = Discount(dec(10), from_=day(turn), decided_by="day")
        found = facts(per_seat("10"), discounts=(dated,))

        assert isinstance(found, PriceFacts)
        assert found.later == ()

    def test_of_another_product_does_not_count(self) -> None:
        assert amount(facts(per_seat("10"), discounts=(Discount(dec(10), product="E5"),))) == "10"

    def test_that_ends_is_not_remembered_beside_one_that_does_not(self) -> None:
        """10 % for ever and 10 % until February, from the same list: 8.10, then 9.00."""
        book = PriceBook((price_list("LIST", per_seat("10")),))
        agreed = contract(discounts=(Discount(dec(10)), Discount(dec(10), until=day("2026-02-01"))))

        told = []
        for on in ("2026-01-01", "2026-02-01"):
            days = Period(day(on), day("2026-03-01"))
            told.append(amount(price_facts(book, subscription(), agreed, on=day(on), days=days, unit="seat")))

        assert told == ["8.1", "9"]


class TestARamp:
    def _price(self, *steps: RampStep, on: str = "2026-01-01") -> str:
        return amount(facts(per_seat("10"), days=replace(JANUARY, start=day(on)), ramp=steps))

    def test_has_the_newest_step_that_is_reached_the_products_own_before_any(self) -> None:
        steps = (
            RampStep(day("2026-01-10"), price=dec(8)),
            RampStep(day("2026-01-01"), price=dec(9)),
            RampStep(day("2026-01-20"), price=dec(7)),
            RampStep(day("2026-01-20"), "E3", dec(6)),
            RampStep(day("2026-01-20"), "E5", dec(1)),
        )

        told = [self._price(*steps, on=f"2026-01-{on}") for on in ("01", "09", "10", "20")]

        assert told == ["9", "9", "8", "6"]

    def test_of_quantity_or_nothing_reached_leaves_the_list_price(self) -> None:
        assert self._price(RampStep(day("2026-01-01"), quantity=dec(5))) == "10"
        assert self._price(RampStep(day("2026-01-02"), price=dec(5))) == "10"

    def test_may_be_for_nothing(self) -> None:
        assert self._price(RampStep(day("2026-01-01"), price=dec(0))) == "0"

    def test_replaces_tiers(self) -> None:
        found = facts(
            tiered("volume", (5, "10"), (None, "8")), ramp=(RampStep(day("2026-01-01"), price=dec(7)),)
        )

        assert isinstance(found, PriceFacts)
        assert (found.model, amount(found, 10)) == ("per_unit", "70")
        assert found.source == "ramp of contract C-ACME from 2026-01-01"


class TestCostPlus:
    def test_keeps_twelve_decimals_where_a_margin_does_not_end(self) -> None:
        assert str(priced_for_margin(dec(8), dec(15))) == "9.411764705882"
        assert priced_for_margin(dec(8), dec(20)) == 10

    def test_is_a_price_for_each_unit_whatever_the_list_has(self) -> None:
        found = facts(tiered("volume", (5, "99"), (None, "88"), cost=dec(8)), markup_percent=dec(25))

        assert isinstance(found, PriceFacts)
        assert (found.model, amount(found, 10)) == ("per_unit", "100")

    def test_rounds_the_thirteenth_decimal_half_up(self) -> None:
        assert priced_for_margin(dec("0.0000000000005"), dec(0)) == dec("0.000000000001")

    def test_takes_the_markup_before_the_margin(self) -> None:
        both = facts(per_seat("99", cost=dec(8)), markup_percent=dec(25), margin_percent=dec(50))

        assert amount(both) == "10"


class TestNotice:
    @pytest.mark.parametrize(
        ("before", "after", "rises"),
        [
            (per_seat("10"), per_seat("10"), False),
            (per_seat("10"), per_seat("9"), False),
            (per_seat("10"), per_seat("10.01"), True),
            (tiered("volume", (5, "10"), (None, "8")), tiered("volume", (5, "9"), (None, "9")), True),
            (tiered("volume", (5, "10"), (None, "8")), tiered("volume", (5, "9"), (None, "7")), False),
            (tiered("volume", (5, "10"), (None, "8")), tiered("volume", (6, "10"), (None, "8")), True),
            (tiered("volume", (5, "10"), (None, "8")), tiered("volume", (4, "10"), (None, "8")), False),
        ],
    )
    def test_is_due_where_any_quantity_costs_more(self, before: Any, after: Any, rises: bool) -> None:
        def cost(price: Any, quantity: Any) -> Fraction:
            return whole(PriceFacts(price.model, price.tiers, "", ""), Fraction(quantity))

        assert is_increase(before, after, cost) is rises

    @pytest.mark.parametrize(
        ("on", "price"),
        [("2026-02-01", "10"), ("2026-03-02", "10"), ("2026-03-03", "12"), ("2026-04-01", "9")],
    )
    def test_lets_an_increase_count_when_its_days_are_over(self, on: str, price: str) -> None:
        lists = tuple(
            price_list("LIST", per_seat(amount), from_=day(from_))
            for amount, from_ in (("10", "2026-01-01"), ("12", "2026-02-01"), ("9", "2026-04-01"))
        )

        assert amount(facts(lists=lists, on=on, notice_days=30)) == price


class TestAPoolsPrice:
    STEPS = tiers((5, "10"), (None, "8"))

    def _amount(self, quantity: object, share: PoolShare, **more: Any) -> str:
        return amount(replace(FLAT, pool=share, **{"tiers": self.STEPS, "model": "volume", **more}), quantity)

    def test_is_of_the_groups_tier(self) -> None:
        assert self._amount(2, PoolShare("P", dec(5))) == "20"
        assert self._amount(2, PoolShare("P", dec(6))) == "16"

    def test_shares_fees_by_quantity(self) -> None:
        fee = tiers((5, "10", "100"), (None, "8", "60"))

        assert self._amount(2, PoolShare("P", dec(10)), tiers=fee) == "28"
        assert self._amount(2, PoolShare("P", dec(10)), tiers=self.STEPS, model="graduated") == "18"

    def test_in_order_fills_the_tiers_from_where_the_others_end(self) -> None:
        share = PoolShare("P", dec(8), "in_order", dec(4))

        assert self._amount(4, share, model="graduated") == "34"
        assert self._amount(4, share) == "32"
        assert self._amount(4, replace(share, before=dec(0)), tiers=tiers((None, "8", "60"))) == "92"
        assert self._amount(4, share, tiers=tiers((None, "8", "60"))) == "32"

    def test_in_order_is_shared_where_more_units_may_cost_less(self) -> None:
        share = PoolShare("P", dec(8), "in_order", dec(4))
        falling = tiers((5, "0", "100"), (None, "0", "80"))
        rising = tiers((5, "0", "80"), (None, "0", "100"))

        assert self._amount(4, share, model="stairstep", tiers=falling) == "40"
        assert self._amount(4, share, model="stairstep", tiers=rising) == "20"


class TestPieces:
    def test_have_no_part_of_a_tier_that_is_not_entered(self) -> None:
        steps = tiers((5, "10"), (5, "9", "50"), (20, "8"))
        found = pieces(replace(FLAT, model="graduated", tiers=steps), Fraction(25))

        assert [(piece.units, piece.price) for piece in found] == [(5, 10), (20, 8)]

    def test_of_nothing_are_none(self) -> None:
        assert pieces(FLAT, Fraction(0)) == ()
        assert whole(FLAT, Fraction(-1)) == 0


class TestSpans:
    def test_from_a_day_are_cut_there(self) -> None:
        spans = (
            Span(Period(day("2026-01-01"), day("2026-01-11")), dec(5)),
            Span(Period(day("2026-01-11"), day("2026-02-01")), dec(7)),
        )

        assert [(str(one.period), one.quantity) for one in spans_from(spans, day("2026-01-06"))] == [
            ("2026-01-06..2026-01-10", 5),
            ("2026-01-11..2026-01-31", 7),
        ]
        assert spans_from(spans, day("2026-01-11")) == spans[1:]
