"""Upgrades between subscriptions, promotions, and usage priced in another currency."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mappings.canonical.catalog import Price, Product, Promotion, Tier
from mappings.canonical.party import FxRate
from mappings.canonical.subscription import NextTerm
from tests.unit.worker.billing.world import (
    E3,
    Seller,
    contract,
    day,
    dec,
    held,
    only,
    only_line,
    per_seat,
    price_list,
    setup,
    subscription,
    tiered,
    used,
)

BOUGHT = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)
E5 = Product("E5", "Office E5", family="M365")
PRICES = price_list("LIST", per_seat("10"), per_seat("30", product="E5"))


def _nets(seller: Seller, on: str) -> list[tuple[str, str, str]]:
    return [
        (document.kind, line.charge.subscription, str(line.net))
        for document in seller.run(on)
        for line in document.lines
    ]


class TestAPartialUpgrade:
    """Ten seats of E3 at 10.00; four become E5 at 30.00 on 16 January: 16 of 31 days.

    4 x 10 x 16/31 = 20.6451 come back, 4 x 30 x 16/31 = 61.9354 are charged. The target's own months begin
    on the 16th where it has no common end; here it ends with the source.
    """

    def _seller(self, **terms: Any) -> Seller:
        return Seller(
            setup(products=(E3, E5), price_lists=(PRICES,), contracts=(contract(**terms),)),
            (
                subscription(term="P1Y"),
                subscription(
                    "S2",
                    product="E5",
                    term="P1Y",
                    anchor=day("2026-01-16"),
                    term_end=day("2027-01-01"),
                    converted_from="S1",
                ),
            ),
            (held("2026-01-01", 10),),
        )

    def _upgrade(self, seller: Seller) -> None:
        seller.change(held("2026-01-16", 6), held("2026-01-16", 4, "S2"))

    def test_stands_on_one_invoice_with_lines_that_name_each_other(self) -> None:
        seller = self._seller()
        seller.run("2026-01-01")
        self._upgrade(seller)

        invoice = only(seller.run("2026-01-16"))

        assert [(line.charge.subscription, str(line.net)) for line in invoice.lines] == [
            ("S1", "-20.65 EUR"),
            ("S2", "61.94 EUR"),
        ]
        assert "upgraded to subscription S2 on 2026-01-16" in invoice.lines[0].basis
        assert "upgraded from subscription S1 on 2026-01-16" in invoice.lines[1].basis

    def test_is_no_reduction(self) -> None:
        """The source's window closed on 8 January, and still four seats leave; a fifth does not."""
        seller = self._seller(reductions="window_7d")
        seller.run("2026-01-01")
        seller.change(held("2026-01-16", 5), held("2026-01-16", 4, "S2"))

        assert [net for *_, net in _nets(seller, "2026-01-16")] == ["-20.65 EUR", "61.94 EUR"]
        assert seller.last is not None
        assert [notice.code for notice in seller.last.notices] == ["reduction_waits"]

    def test_keeps_the_window_of_the_source(self) -> None:
        """Bought on 1 January, upgraded on the 3rd: the upgraded seats may go until the 8th, not the 10th."""
        upgraded = BOUGHT + timedelta(days=2)
        late = BOUGHT + timedelta(days=8)
        versions = (
            held("2026-01-01", 10, at=BOUGHT),
            held("2026-01-03", 6, at=upgraded),
            held("2026-01-03", 4, "S2", at=upgraded),
        )
        seller = self._seller(reductions="window_7d")
        seller.versions = versions
        seller.subscriptions = (
            seller.subscriptions[0],
            replace(seller.subscriptions[1], anchor=day("2026-01-03")),
        )
        seller.run("2026-01-03")
        seller.change(held("2026-01-09", 4, "S2", at=late, status="cancelled"))
        assert seller.run("2026-01-09") == ()

        inside = held("2026-01-07", 4, "S2", at=BOUGHT + timedelta(days=6), status="cancelled")
        seller.versions = (*versions, inside)
        assert only(seller.run("2026-01-09")).kind == "credit_note"

    def test_gives_the_credit_alone_where_no_room_is_on_the_invoice(self) -> None:
        """A cheaper target: 61.94 - 20.65 the other way round leaves a credit note for the rest."""
        cheap = price_list("LIST", per_seat("10"), per_seat("1", product="E5"))
        seller = self._seller()
        seller.setup = replace(seller.setup, price_lists=(cheap,))
        seller.run("2026-01-01")
        self._upgrade(seller)

        assert _nets(seller, "2026-01-16") == [
            ("credit_note", "S1", "18.59 EUR"),
            ("invoice", "S1", "-2.06 EUR"),
            ("invoice", "S2", "2.06 EUR"),
        ]
        assert seller.run("2026-01-16") == ()

    def test_leaves_the_source_free_to_be_cancelled(self) -> None:
        seller = self._seller()
        seller.run("2026-01-01")
        self._upgrade(seller)
        seller.run("2026-01-16")
        seller.change(held("2026-01-21", 6, status="cancelled"))

        assert _nets(seller, "2026-01-21") == [("credit_note", "S1", "21.29 EUR")], "6 x 10 x 11/31"
        assert _nets(seller, "2026-02-01") == [("invoice", "S2", "120.00 EUR")]


class TestAPromotion:
    """Ten percent off a year's term of E3 that begins in the first half of 2026."""

    PROMOTION = Promotion("SPRING", "E3", dec(10), day("2026-01-01"), day("2026-07-01"))

    def _seller(self, *promotions: Promotion, cost: object = None, **facts: Any) -> Seller:
        prices = price_list("LIST", per_seat("10", cost=None if cost is None else dec(cost)))
        return Seller(
            setup(price_lists=(prices,), promotions=promotions or (self.PROMOTION,)),
            (subscription(**{"term": "P1Y", **facts}),),
            (held(str(facts.get("anchor", "2026-01-01")), 1),),
        )

    def _prices(self, seller: Seller, on: str) -> list[str]:
        return [str(line.net) for document in seller.run(on) for line in document.lines]

    def test_lasts_to_the_end_of_its_term(self) -> None:
        """It is not offered any more from July on, and still counts until December."""
        assert self._prices(self._seller(), "2027-01-01") == ["9.00 EUR"] * 12 + ["10.00 EUR"]

    def test_is_not_given_to_a_term_that_begins_after_it(self) -> None:
        assert self._prices(self._seller(anchor=day("2026-07-01")), "2026-07-01") == ["10.00 EUR"]

    def test_is_given_to_seats_added_in_its_term(self) -> None:
        seller = self._seller()
        seller.run("2026-08-01")
        seller.change(held("2026-08-17", 2))

        assert self._prices(seller, "2026-08-17") == ["4.35 EUR"], "9.00 x 15/31"

    def test_is_given_to_a_renewal_only_where_it_says_so(self) -> None:
        repeated = replace(self.PROMOTION, until=None, terms="any")

        assert self._prices(self._seller(repeated), "2027-01-01")[-1] == "9.00 EUR"

    def test_waits_to_be_named_where_it_is_not_automatic(self) -> None:
        named = replace(self.PROMOTION, automatic=False)

        assert self._prices(self._seller(named), "2026-01-01") == ["10.00 EUR"]
        assert self._prices(self._seller(named, promotion="SPRING"), "2026-01-01") == ["9.00 EUR"]

    def test_fits_its_plan_and_term_only(self) -> None:
        monthly = replace(self.PROMOTION, term="P1M")

        assert self._prices(self._seller(monthly), "2026-01-01") == ["10.00 EUR"]

    def test_lowers_the_cost_the_provider_pays_for(self) -> None:
        """Sold at 9.00 with a cost of 9.50: the provider's part of ten percent makes that 8.55."""
        ours = replace(self.PROMOTION, funded_by="seller")

        assert self._prices(self._seller(cost="9.50"), "2026-01-01") == ["9.00 EUR"]
        held_back = self._seller(ours, cost="9.50")
        assert held_back.run("2026-01-01") == ()
        assert held_back.last is not None
        assert [check.code for check in held_back.last.drafts[0].checks] == ["margin_negative"]

    def test_is_told_in_the_words_of_the_price(self) -> None:
        line = only_line(self._seller().run("2026-01-01"))

        assert line.basis[-1].endswith("promotion SPRING less 10 % to the end of the term")

    def test_is_given_to_a_trial_that_becomes_paid(self) -> None:
        seller = self._seller(plan="trial", term="P1M", next_term=NextTerm(plan="monthly", term="P1Y"))

        assert self._prices(seller, "2026-02-01")[-1] == "9.00 EUR"


class TestUsageInAnotherCurrency:
    """Azure is priced in dollars at one rate a month; the customer pays euros.

    January: 1 000 units at 0.12 USD, 0.90 EUR per USD: 108.00 EUR. A correction of 50 units that comes in
    March counts at January's rate: 5.40 EUR, though March's is 0.80.
    """

    def _seller(self, *rates: tuple[str, str]) -> Seller:
        lists = (
            price_list("LIST", per_seat("8.40")),
            price_list(
                "AZURE", tiered("graduated", (2000, "0.12"), (None, "0.06"), plan="usage"), currency="USD"
            ),
        )
        return Seller(
            setup(
                price_lists=lists,
                contracts=(contract(usage_price_list="AZURE"),),
                fx_rates=tuple(FxRate("USD", "EUR", day(on), rate, "Microsoft") for on, rate in rates),
            ),
            (subscription(plan="usage", term="", anchor=day("2026-01-01")),),
            (held("2026-01-01", 1),),
            (used("2026-01-20", 1000),),
        )

    def test_is_converted_at_the_rate_of_its_month(self) -> None:
        seller = self._seller(("2026-01-01", "0.90"), ("2026-02-01", "0.85"))

        line = only_line(seller.run("2026-02-01"))

        assert str(line.net) == "108.00 EUR"
        assert "in USD at 0.90 EUR of 2026-01-01 (Microsoft)" in line.basis[-1]

    def test_is_corrected_at_the_rate_of_its_month(self) -> None:
        seller = self._seller(("2026-01-01", "0.90"), ("2026-03-01", "0.80"))
        seller.run("2026-02-01")
        seller.usage = (*seller.usage, used("2026-01-31", 50, ref="late"))

        assert str(only_line(seller.run("2026-03-10")).net) == "5.40 EUR"

    def test_reaches_the_tiers_by_the_month(self) -> None:
        """2 500 units: 2 000 x 0.12 + 500 x 0.06 = 270.00 USD = 243.00 EUR."""
        seller = self._seller(("2026-01-01", "0.90"))
        seller.usage = (used("2026-01-20", 2500),)

        assert str(only_line(seller.run("2026-02-01")).net) == "243.00 EUR"

    def test_waits_for_the_rate(self) -> None:
        seller = self._seller(("2026-01-02", "0.90"))

        assert seller.run("2026-02-01") == ()
        assert seller.last is not None
        assert [check.code for check in seller.last.checks] == ["rate_missing"]


class TestALateCorrectionInAForeignCurrency:
    """The customer pays dollars, the issuer keeps euros. January's usage went out at the rate of its tax
    point, 31 January; what is added in March keeps that rate, on a document of its own."""

    def test_keeps_the_rate_the_month_was_billed_at(self) -> None:
        usage = Price("E3", "usage", (Tier(None, dec("0.10")),))
        rates = (("2026-01-31", "0.90"), ("2026-02-28", "0.80"))
        seller = Seller(
            setup(
                price_lists=(price_list("LIST", usage, currency="USD"),),
                fx_rates=tuple(FxRate("USD", "EUR", day(on), rate, "ECB") for on, rate in rates),
            ),
            (subscription(plan="usage", term="", anchor=day("2026-01-01")),),
            (held("2026-01-01", 1),),
            (used("2026-01-20", 1000), used("2026-02-20", 100)),
        )
        seller.run("2026-02-01")
        seller.usage = (*seller.usage, used("2026-01-31", 50, ref="late"))

        march = seller.run("2026-03-10")

        assert sorted((str(one.net), str(one.exchange_rate), str(one.exchange_rate_on)) for one in march) == [
            ("10.00 USD", "0.80", "2026-02-28"),
            ("5.00 USD", "0.90", "2026-01-31"),
        ]
