"""Promotions, extended terms and converted prices; and accounts of runs that are summed up."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical.catalog import Promotion
from tests.unit.worker.billing.world import (
    FxRate,
    Seller,
    day,
    dec,
    per_seat,
    price_list,
    replace,
    setup,
    subscription,
    tiers,
    used,
)
from worker.billing.term_prices import TermPrices, converted, est_price, may_be_promoted, promoted
from worker.billing.values import AccountReason, Check, PriceFacts, PriceStep, RunAccount

YEARLY = subscription(term="P1Y", promotion="SUMMER")
LIST = PriceFacts(
    "volume",
    tiers((5, "10", "100"), (None, "8")),
    "seat",
    "list",
    cost=dec(6),
    later=(PriceStep(day("2026-01-15"), tiers((None, "9")), "list"),),
)


def promotion(code: str = "SUMMER", percent: object = 10, **more: Any) -> Promotion:
    facts: dict[str, Any] = {"product": "E3", "from_": day("2026-01-01"), "until": day("2026-07-01")}
    return Promotion(code=code, percent=dec(percent), **{**facts, **more})


class TestAPromotion:
    @pytest.mark.parametrize(
        ("facts", "on", "is_first", "fits"),
        [
            ({}, "2026-01-01", True, True),
            ({}, "2025-12-31", True, False),
            ({}, "2026-06-30", True, True),
            ({}, "2026-07-01", True, False),
            ({"until": None}, "2036-07-01", True, True),
            ({"product": "E5"}, "2026-01-01", True, False),
            ({"plan": "monthly"}, "2026-01-01", True, True),
            ({"plan": "annual"}, "2026-01-01", True, False),
            ({"term": "P1Y"}, "2026-01-01", True, True),
            ({"term": "P1M"}, "2026-01-01", True, False),
            ({"code": "WINTER", "automatic": False}, "2026-01-01", True, False),
            ({"code": "WINTER"}, "2026-01-01", True, True),
            ({"automatic": False}, "2026-01-01", True, True),
            ({"terms": "first"}, "2026-01-01", False, False),
            ({"terms": "any"}, "2026-01-01", False, True),
        ],
    )
    def test_is_given_where_everything_fits(
        self, facts: dict[str, Any], on: str, is_first: bool, fits: bool
    ) -> None:
        prices = TermPrices((promotion(**facts),))

        assert len(list(prices.fitting(YEARLY, day(on), is_first=is_first))) == fits

    def test_stands_by_its_code_and_comes_off_one_after_the_other(self) -> None:
        two = TermPrices((promotion("Z", 50, automatic=True), promotion("A", 10, automatic=True)))
        given = list(two.fitting(YEARLY, day("2026-01-01"), is_first=True))

        price = promoted(LIST, given)

        assert [one.code for one in given] == ["A", "Z"]
        assert [(tier.price, tier.flat) for tier in price.tiers] == [(dec("4.5"), 45), (dec("3.6"), 0)]
        assert price.later[0].tiers[0].price == dec("4.05")
        assert price.source.endswith("promotion Z less 50 % to the end of the term")

    def test_lowers_the_cost_where_the_provider_pays_it(self) -> None:
        assert promoted(LIST, [promotion()]).cost == dec("5.4")
        assert promoted(LIST, [promotion(funded_by="seller")]).cost == 6
        assert promoted(replace(LIST, cost=None), [promotion()]).cost is None

    @pytest.mark.parametrize(
        ("plan", "may"), [("monthly", True), ("annual", True), ("usage", False), ("trial", False)]
    )
    def test_is_for_what_is_sold_by_the_term(self, plan: Any, may: bool) -> None:
        assert may_be_promoted(plan) is may


class TestWhatIsNotSoldByTheTerm:
    def test_knows_no_promotion(self) -> None:
        prices = price_list("LIST", per_seat("1.00", plan="usage"))
        one = subscription(plan="usage", term="")
        seller = Seller(
            setup(price_lists=(prices,), promotions=(promotion(),)), (one,), (), (used("2026-01-05", 10),)
        )
        seller.run("2026-02-01")

        assert [str(billed.charge.net) for billed in seller.billed] == ["10.00 EUR"]


class TestARateOfATerm:
    RATES = tuple(
        FxRate("USD", "EUR", day(on), rate, source)
        for on, rate, source in (
            ("2026-01-01", "0.8", "ECB"),
            ("2026-01-01", "0.7", "BANK"),
            ("2026-02-01", "0.6", "ECB"),
        )
    )

    @pytest.mark.parametrize(
        ("on", "source", "rate"),
        [
            ("2026-01-01", "", "0.8"),
            ("2026-01-01", "BANK", "0.7"),
            ("2026-02-01", "BANK", None),
            ("2026-01-02", "", None),
        ],
    )
    def test_is_of_exactly_its_day_and_source(self, on: str, source: str, rate: str | None) -> None:
        found = TermPrices((), self.RATES).rate("USD", "EUR", day(on), source=source)

        assert (found.rate if found else None) == rate
        assert TermPrices((), self.RATES).rate("EUR", "USD", day(on), source="") is None

    def test_converts_price_and_cost_and_is_kept(self) -> None:
        price = converted(LIST, self.RATES[0])

        assert [tier.price for tier in price.tiers] == [8, dec("6.4")]
        assert (price.cost, price.rate) == (dec("4.8"), dec("0.8"))
        assert price.source == "list in USD at 0.8 EUR of 2026-01-01 (ECB)"
        assert converted(replace(LIST, cost=None), self.RATES[0]).cost is None


class TestAnExtendedTerm:
    def test_costs_the_monthly_term_and_three_percent(self) -> None:
        price = est_price(lambda _one: LIST, subscription(), YEARLY)

        assert isinstance(price, PriceFacts)
        assert [(tier.price, tier.flat) for tier in price.tiers] == [(dec("10.3"), 103), (dec("8.24"), 0)]
        assert (price.cost, price.rule) == (6, "est")
        assert price.source == "list, Extended Service Term: the monthly term plus 3 %"

    @pytest.mark.parametrize(
        ("plan", "each", "cost", "words"),
        [
            ("annual", "1.025", "0.5", "the annual price / 12 plus 23 %"),
            ("monthly", "12.3", "6", "the monthly price plus 23 %"),
        ],
    )
    def test_costs_a_month_of_the_ended_term_and_twenty_three(
        self, plan: Any, each: str, cost: str, words: str
    ) -> None:
        none = Check("unpriced_subscription", "no monthly term")
        ended = subscription(plan=plan, term="P1Y")

        price = est_price(lambda one: LIST if one is ended else none, subscription(), ended)

        assert isinstance(price, PriceFacts)
        assert (price.tiers[0].price, price.cost) == (dec(each), dec(cost))
        assert price.source.endswith(words)

    def test_without_any_price_says_what_the_month_lacks(self) -> None:
        month, year = (Check("unpriced_subscription", why) for why in ("no month", "no year"))

        assert est_price(lambda one: year if one is YEARLY else month, subscription(), YEARLY) is month


class TestAnAccount:
    def test_is_summed_up_column_by_column(self) -> None:
        reason = AccountReason("held", "why", ("S1",))
        one = RunAccount(21, 1, 2, 3, 4, 5, 6, (reason,))
        other = RunAccount(210, 10, 20, 30, 40, 50, 60)

        assert one + other == RunAccount(231, 11, 22, 33, 44, 55, 66, (reason,))
        assert (one + other).sentence() == (
            "231 active subscriptions = 11 billed + 22 nothing due + 33 held + 44 unassigned + 55 unpriced"
            " + 66 excluded"
        )

    @pytest.mark.parametrize("at", range(6))
    def test_that_does_not_add_up_is_a_defect(self, at: int) -> None:
        counts = [1, 2, 3, 4, 5, 6]
        counts[at] += 1

        with pytest.raises(ValueError, match="does not add up"):
            RunAccount(21, *counts)  # type: ignore[arg-type]  # six counts
