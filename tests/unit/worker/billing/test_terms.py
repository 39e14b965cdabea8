"""Terms: renewals, scheduled changes, custom ends, Extended Service Term, trials, products that change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings.canonical.catalog import Pool, Product
from mappings.canonical.subscription import Agreed, NextTerm
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
    tiered,
)

E5 = Product("E5", "Office E5", family="M365", offers=("CFQ:0005:ABC",))
PRICES = price_list(
    "LIST",
    per_seat("10", term="P1Y"),
    per_seat("12", term="P1M"),
    per_seat("100", plan="annual"),
    per_seat("30", product="E5", term="P1Y"),
    per_seat("300", product="E5", plan="annual"),
)


def _seller(*versions: Any, terms: dict[str, Any] | None = None, **facts: Any) -> Seller:
    """Ten seats of E3 by the month, a year's term from 1 January 2026 unless said otherwise."""
    defaults = {"term": "P1Y", "anchor": day("2026-01-01")}
    return Seller(
        setup(products=(E3, E5), price_lists=(PRICES,), contracts=(contract(**(terms or {})),)),
        (subscription(**{**defaults, **facts}),),
        versions or (held("2026-01-01", 10),),
    )


def _lines(seller: Seller, on: str) -> list[tuple[str, str, str]]:
    return [
        (line.product, str(line.service), str(line.net))
        for document in seller.run(on)
        for line in document.lines
    ]


class TestAScheduledChange:
    def test_takes_effect_at_the_end_of_the_term(self) -> None:
        seller = _seller(next_term=NextTerm(Decimal(8), product="E5", plan="annual"))
        seller.run("2026-12-31")

        assert _lines(seller, "2027-01-01") == [("E5", "2027-01-01..2027-12-31", "2400.00 EUR")]
        assert seller.run("2027-06-01") == ()

    def test_counts_from_the_term_in_which_it_was_stated(self) -> None:
        """Stated in March 2027: the second term ends on 31 December 2027."""
        seller = _seller(
            held("2026-01-01", 10),
            held("2027-03-10", 10, agreed=Agreed(next_term=NextTerm(Decimal(4)))),
        )
        seller.run("2027-12-31")

        assert _lines(seller, "2028-01-01") == [("E3", "2028-01-01..2028-01-31", "40.00 EUR")]

    def test_is_deleted_by_an_immediate_change(self) -> None:
        seller = _seller(
            held("2026-01-01", 10), held("2026-03-01", 12), next_term=NextTerm(Decimal(8), product="E5")
        )
        seller.run("2026-12-31")

        assert _lines(seller, "2027-01-01") == [("E3", "2027-01-01..2027-01-31", "120.00 EUR")]

    def test_is_deleted_by_saying_that_nothing_is_scheduled(self) -> None:
        seller = _seller(
            held("2026-01-01", 10),
            held("2026-03-01", 10, agreed=Agreed(next_term=NextTerm())),
            next_term=NextTerm(Decimal(8)),
        )
        seller.run("2026-12-31")

        assert _lines(seller, "2027-01-01") == [("E3", "2027-01-01..2027-01-31", "100.00 EUR")]

    def test_brings_nothing_back_that_was_cancelled(self) -> None:
        seller = _seller(
            held("2026-01-01", 10),
            held("2026-03-01", 10, agreed=Agreed(next_term=NextTerm(Decimal(8)))),
            held("2026-05-01", 10, status="cancelled"),
        )
        seller.run("2026-12-31")

        assert seller.run("2027-02-01") == ()

    def test_keeps_a_grid_on_the_thirty_first(self) -> None:
        """A month's term from 31 January renews on 28 February with fewer seats: then 31 March again."""
        seller = _seller(
            held("2026-01-31", 10), anchor=day("2026-01-31"), term="P1M", next_term=NextTerm(Decimal(3))
        )

        assert _lines(seller, "2026-03-31") == [
            ("E3", "2026-01-31..2026-02-27", "120.00 EUR"),
            ("E3", "2026-02-28..2026-03-30", "36.00 EUR"),
            ("E3", "2026-03-31..2026-04-29", "36.00 EUR"),
        ]

    def test_of_an_unknown_product_is_named(self) -> None:
        seller = _seller(next_term=NextTerm(offer="CFQ:9999:XYZ"))

        assert seller.run("2027-01-01") == ()
        assert seller.last is not None
        assert "its product from 2027-01-01 on (CFQ:9999:XYZ)" in seller.last.checks[0].sentence

    def test_finds_the_product_of_an_offer_in_another_market(self) -> None:
        seller = _seller(next_term=NextTerm(offer="cfq:0005:OTHER"))
        seller.setup = setup(
            products=(E3, Product("E5", "Office E5", offers=("CFQ:0005",))),
            price_lists=(PRICES,),
        )
        seller.run("2026-12-31")

        assert _lines(seller, "2027-01-01") == [("E5", "2027-01-01..2027-01-31", "300.00 EUR")]


class TestACustomEnd:
    def test_shortens_and_prorates_the_first_term(self) -> None:
        """Bought on 15 February to the end of December: half of February first, 14 of 28 days."""
        seller = _seller(
            held("2026-02-15", 10), anchor=day("2026-02-15"), term_end=day("2027-01-01"), auto_renew=False
        )

        lines = _lines(seller, "2027-06-01")

        assert lines[0] == ("E3", "2026-02-15..2026-02-28", "50.00 EUR")
        assert lines[1] == ("E3", "2026-03-01..2026-03-31", "100.00 EUR")
        assert lines[-1] == ("E3", "2026-12-01..2026-12-31", "100.00 EUR")

    def test_prorates_a_year_on_its_days(self) -> None:
        """73 of the 365 days to the common end: 10 x 100.00 x 73/365 = 200.00; then whole years."""
        seller = _seller(
            held("2026-10-20", 10), plan="annual", anchor=day("2026-10-20"), term_end=day("2027-01-01")
        )

        assert _lines(seller, "2027-01-01") == [
            ("E3", "2026-10-20..2026-12-31", "200.00 EUR"),
            ("E3", "2027-01-01..2027-12-31", "1000.00 EUR"),
        ]

    def test_may_be_scheduled_for_the_next_term(self) -> None:
        seller = _seller(plan="annual", next_term=NextTerm(until=day("2027-07-02")))
        seller.run("2026-12-31")

        assert _lines(seller, "2027-07-02") == [
            ("E3", "2027-01-01..2027-07-01", "498.63 EUR"),
            ("E3", "2027-07-02..2028-07-01", "1000.00 EUR"),
        ]


class TestTheEndOfATerm:
    """A year's term of ten seats that is not renewed ends on 31 December 2026."""

    def test_ends_the_bill_by_default(self) -> None:
        seller = _seller(auto_renew=False)
        seller.run("2026-12-31")

        assert seller.run("2027-03-01") == ()

    def test_goes_on_by_the_month_at_three_percent_more(self) -> None:
        """The monthly term costs 12.00: 10 x 12.36 = 123.60 a month."""
        seller = _seller(auto_renew=False, terms={"end_of_term": "est"})
        seller.run("2026-12-31")

        line = only_line(seller.run("2027-01-01"))

        assert (str(line.service), str(line.net)) == ("2027-01-01..2027-01-31", "123.60 EUR")
        assert "Extended Service Term: the monthly term plus 3 %" in line.basis[-1]

    def test_gives_unused_days_of_the_extended_term_back(self) -> None:
        """Cancelled on 16 January: 16 of 31 days of 123.60 come back: 63.79."""
        seller = _seller(auto_renew=False, terms={"end_of_term": "est", "reductions": "window_7d"})
        seller.run("2027-01-01")
        seller.change(held("2027-01-16", 10, status="cancelled"))

        credit = only(seller.run("2027-01-16"))

        assert (credit.kind, str(credit.net)) == ("credit_note", "63.79 EUR")
        assert seller.run("2027-04-01") == ()

    def test_costs_twenty_three_percent_more_where_no_monthly_term_is_sold(self) -> None:
        """A year of E5 costs 300.00: a month 25.00, with 23 percent 30.75."""
        seller = _seller(auto_renew=False, product="E5", plan="annual", terms={"end_of_term": "est"})
        seller.run("2026-12-31")

        line = only_line(seller.run("2027-01-01"))

        assert str(line.net) == "307.50 EUR"
        assert "the annual price / 12 plus 23 %" in line.basis[-1]

    def test_may_be_changed_in_the_extended_term(self) -> None:
        """Seats go and come in January; the term does not become one that was renewed."""
        seller = _seller(auto_renew=False, terms={"end_of_term": "est"})
        seller.run("2027-01-01")
        seller.change(held("2027-01-11", 5))
        seller.run("2027-01-11")

        assert _lines(seller, "2027-02-01") == [("E3", "2027-02-01..2027-02-28", "61.80 EUR")]

    def test_is_left_by_renewing_after_all(self) -> None:
        """On 11 January it is renewed: 21 of 31 days come back, and the year's price counts from then."""
        seller = _seller(auto_renew=False, terms={"end_of_term": "est"})
        seller.run("2027-01-01")
        seller.change(held("2027-01-11", 10, agreed=Agreed(auto_renew=True)))

        lines = _lines(seller, "2027-01-11")

        assert lines == [
            ("E3", "2027-01-11..2027-01-31", "83.73 EUR"),
            ("E3", "2027-01-11..2027-02-10", "100.00 EUR"),
        ]

    def test_is_left_as_scheduled_for_the_end_of_an_extended_month(self) -> None:
        """On its first extended day a renewal with eight seats is scheduled: it begins on 1 February.

        That ordinary cycle, once billed, does not make January one that was renewed.
        """
        scheduled = Agreed(next_term=NextTerm(quantity=Decimal(8)))
        seller = _seller(
            held("2026-01-01", 10),
            held("2027-01-01", 10, agreed=scheduled),
            auto_renew=False,
            terms={"end_of_term": "est"},
        )
        seller.run("2026-12-31")

        assert _lines(seller, "2027-02-01") == [
            ("E3", "2027-01-01..2027-01-31", "123.60 EUR"),
            ("E3", "2027-02-01..2027-02-28", "80.00 EUR"),
        ]
        assert seller.run("2027-02-01") == ()

    def test_never_extends_what_was_renewed_and_billed(self) -> None:
        renewing = _seller(terms={"end_of_term": "est"})
        renewing.run("2027-02-01")
        renewing.subscriptions = (subscription(term="P1Y", auto_renew=False),)

        assert [net for *_, net in _lines(renewing, "2027-03-01")] == ["100.00 EUR"]

    def test_is_no_extended_term_for_a_trial_or_software(self) -> None:
        software = Product("SW", "Software", returns="software_7d")
        seller = Seller(
            setup(
                products=(software,),
                price_lists=(price_list("LIST", per_seat("100", product="SW", plan="annual")),),
                contracts=(contract(end_of_term="est"),),
            ),
            (subscription(product="SW", plan="annual", term="P1Y", auto_renew=False),),
            (held("2026-01-01", 1),),
        )
        seller.run("2026-01-01")

        assert seller.run("2027-06-01") == ()


class TestATrial:
    def test_becomes_paid_when_it_is_converted(self) -> None:
        seller = _seller(
            held("2026-01-10", 25),
            plan="trial",
            term="P1M",
            anchor=day("2026-01-10"),
            next_term=NextTerm(Decimal(20), plan="monthly", term="P1Y"),
        )
        assert seller.run("2026-02-09") == ()

        assert _lines(seller, "2026-02-10") == [("E3", "2026-02-10..2026-03-09", "200.00 EUR")]

    def test_ends_where_it_is_not(self) -> None:
        seller = _seller(
            held("2026-01-10", 25), plan="trial", term="P1M", anchor=day("2026-01-10"), auto_renew=False,
            terms={"end_of_term": "est"},
        )  # fmt: skip
        seller.run("2026-06-01")

        assert seller.billed_net == 0
        assert seller.last is not None
        assert seller.last.account.active == 0

    def test_may_have_an_end_of_its_own(self) -> None:
        """A trial of 14 days becomes a year on the 15th day."""
        seller = _seller(
            held("2026-01-10", 25),
            plan="trial",
            term="P1M",
            anchor=day("2026-01-10"),
            term_end=day("2026-01-24"),
            next_term=NextTerm(plan="annual", term="P1Y"),
        )

        assert _lines(seller, "2026-01-24")[-1] == ("E3", "2026-01-24..2027-01-23", "2500.00 EUR")


class TestAProductThatChanges:
    """Ten seats of E3 become E5 on 16 January: 16 of 31 days of 100.00 come back, of 300.00 are charged."""

    CHANGED = held("2026-01-16", 10, agreed=Agreed(product="E5"))

    @pytest.mark.parametrize("is_known_at_once", [True, False])
    def test_is_billed_by_its_days(self, is_known_at_once: bool) -> None:
        seller = _seller()
        if not is_known_at_once:
            seller.run("2026-01-01")
        seller.change(self.CHANGED)

        seller.run("2026-01-16")

        assert seller.billed_net == 10000 * 15 // 31 + 1 + 15484, "48.39 + 154.84"

    def test_stands_together_on_one_invoice(self) -> None:
        seller = _seller()
        seller.run("2026-01-01")
        seller.change(self.CHANGED)

        invoice = only(seller.run("2026-01-16"))

        assert [(line.product, line.description, str(line.net)) for line in invoice.lines] == [
            ("E3", "Office E3, reduction of " + seller.documents[0].number, "-51.61 EUR"),
            ("E5", "Office E5, upgrade", "154.84 EUR"),
        ]
        assert all("changed from E3 to E5 on 2026-01-16" in line.basis for line in invoice.lines)

    def test_stands_apart_where_the_contract_wants_it(self) -> None:
        seller = _seller(terms={"conversions": "apart"})
        seller.run("2026-01-01")
        seller.change(self.CHANGED)

        assert sorted(one.kind for one in seller.run("2026-01-16")) == ["credit_note", "invoice"]

    def test_keeps_its_cycle_and_end(self) -> None:
        seller = _seller()
        seller.run("2026-01-01")
        seller.change(self.CHANGED)
        seller.run("2026-01-16")

        assert _lines(seller, "2026-02-01") == [("E5", "2026-02-01..2026-02-28", "300.00 EUR")]
        assert seller.run("2026-02-01") == ()

    def test_corrects_a_later_cycle_that_was_billed_before_it_was_known(self) -> None:
        """Known only on 10 February: January's tail and all of February were billed as E3."""
        seller = _seller()
        seller.run("2026-02-01")
        seller.change(self.CHANGED)
        seller.run("2026-02-10")

        assert seller.billed_net == 4839 + 15484 + 30000
        assert seller.run("2026-02-10") == ()

    def test_changes_back(self) -> None:
        seller = _seller()
        seller.run("2026-01-01")
        seller.change(self.CHANGED)
        seller.run("2026-01-16")
        seller.change(held("2026-01-22", 10, agreed=Agreed(product="E3")))
        seller.run("2026-01-22")

        assert seller.billed_net == 4839 + 5806 + 3226, "15 and 10 days of E3, 6 days of E5"

    def test_gives_no_seat_more_than_a_month_in_months_of_thirty_days(self) -> None:
        seller = _seller(terms={"proration": "30_day_month"})
        seller.run("2026-01-01")
        seller.change(self.CHANGED)

        invoice = only(seller.run("2026-01-16"))

        assert [str(line.net) for line in invoice.lines] == ["-53.33 EUR", "160.00 EUR"]

    def test_takes_the_plan_alone_from_the_next_cycle(self) -> None:
        """The plan changes on 16 January: January stays a month, the year's price counts from February."""
        seller = _seller()
        seller.run("2026-01-01")
        seller.change(held("2026-01-16", 10, agreed=Agreed(plan="annual")))
        assert seller.run("2026-01-16") == ()

        assert _lines(seller, "2026-02-01") == [("E3", "2026-02-01..2026-12-31", "915.07 EUR")]


class TestAPool:
    """E3 is pooled: up to 15 seats 10.00, more 8.00. A holds 10, B 6 that become E5 on 16 January."""

    def test_counts_seats_only_while_they_are_of_its_products(self) -> None:
        lists = price_list(
            "LIST",
            tiered("volume", (15, "10"), (None, "8")),
            per_seat("30", product="E5"),
            per_seat("1", plan="annual"),
        )
        seller = Seller(
            setup(
                products=(E3, E5),
                price_lists=(lists,),
                pools=(Pool("P", "ACME", ("E3",), "end_of_period"),),
            ),
            (subscription("A"), subscription("B")),
            (
                held("2026-01-01", 10, "A"),
                held("2026-01-01", 6, "B"),
                held("2026-01-16", 6, "B", agreed=Agreed(product="E5")),
            ),
        )

        january = only(seller.run("2026-01-15"))
        assert [str(line.net) for line in january.lines] == ["80.00 EUR", "48.00 EUR"], "sixteen seats"
        seller.run("2026-01-16")

        february = [line for document in seller.run("2026-02-01") for line in document.lines]
        assert [(line.product, line.description, str(line.net)) for line in february] == [
            ("E3", "Office E3, pool settlement", "20.00 EUR"),
            ("E3", "Office E3, pool settlement", "5.80 EUR"),
            ("E3", "Office E3", "100.00 EUR"),
            ("E5", "Office E5", "180.00 EUR"),
        ]
