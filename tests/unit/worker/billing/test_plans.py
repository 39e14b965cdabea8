"""What each plan, timing and end of term owes, by small exact examples."""

from __future__ import annotations

from typing import Any

from tests.unit.worker.billing.world import (
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
    used,
)


def _services(seller: Seller, on: str) -> list[str]:
    return [str(line.service) for document in seller.run(on) for line in document.lines]


class TestAnAnnualPlan:
    def test_bills_a_year_on_its_first_day(self) -> None:
        seller = Seller(
            setup(price_lists=(price_list("LIST", per_seat("90", plan="annual")),)),
            (subscription(plan="annual", term="P1Y", anchor=day("2024-02-29")),),
            (held("2024-02-29", 2),),
        )

        assert _services(seller, "2026-01-01") == ["2024-02-29..2025-02-27", "2025-02-28..2026-02-27"]

    def test_prorates_seats_on_the_days_of_the_year(self) -> None:
        """5 seats for 100 of 365 days: 5 x 365.00 x 100/365 = 500.00."""
        seller = Seller(
            setup(price_lists=(price_list("LIST", per_seat("365", plan="annual")),)),
            (subscription(plan="annual", term="P1Y", anchor=day("2026-01-01")),),
            (held("2026-01-01", 1),),
        )
        seller.run("2026-01-01")
        seller.change(held("2026-09-23", 6))

        assert str(only_line(seller.run("2026-09-23")).net) == "500.00 EUR"


class TestATriennialPlan:
    def test_bills_three_years_at_once(self) -> None:
        seller = Seller(
            setup(price_lists=(price_list("LIST", per_seat("900", plan="triennial")),)),
            (subscription(plan="triennial", term="P3Y", anchor=day("2025-05-31")),),
            (held("2025-05-31", 1),),
        )

        assert _services(seller, "2028-05-31") == ["2025-05-31..2028-05-30", "2028-05-31..2031-05-30"]


class TestArrears:
    def test_are_due_on_the_day_after_the_last_service_day(self) -> None:
        seller = Seller(
            setup(contracts=(contract(timing="arrears"),)),
            (subscription(),),
            (held("2026-01-01", 10), held("2026-01-16", 12)),
        )

        assert seller.run("2026-01-31") == ()
        assert str(only_line(seller.run("2026-02-01")).net) == "92.67 EUR", "84.00 + 2 x 8.40 x 16/31"


class TestATermThatDoesNotRenew:
    def test_ends_the_bill_at_its_end(self) -> None:
        seller = Seller(
            setup(),
            (subscription(term="P1Y", anchor=day("2025-03-15"), auto_renew=False),),
            (held("2025-03-15", 1),),
        )

        assert _services(seller, "2026-12-31")[-1] == "2026-02-15..2026-03-14"

    def test_never_takes_back_a_term_that_was_renewed_and_billed(self) -> None:
        renewing = subscription(term="P1M", anchor=day("2026-01-01"))
        seller = Seller(setup(), (renewing,), (held("2026-01-01", 1),))
        seller.run("2026-03-01")

        seller.subscriptions = (subscription(term="P1M", anchor=day("2026-01-01"), auto_renew=False),)

        assert seller.run("2026-06-01") == ()

    def test_ends_after_the_last_thing_we_know_of_it(self) -> None:
        """Bought in January, changed in March: it was renewed until then, and ends with March."""
        seller = Seller(
            setup(),
            (subscription(auto_renew=False),),
            (held("2026-01-01", 1), held("2026-03-10", 2)),
        )
        seller.run("2026-06-01")

        assert max(one.charge.service.until for one in seller.billed) == day("2026-04-01")

    def test_ends_on_a_stated_day(self) -> None:
        """A custom end on 10 March (not covered any more): 9 of 31 days of the last cycle."""
        seller = Seller(setup(), (subscription(end=day("2026-03-10")),), (held("2026-01-01", 10),))

        last = only(seller.run("2026-06-01")).lines[-1]

        assert (str(last.service), str(last.net)) == ("2026-03-01..2026-03-09", "24.39 EUR")


class TestAOneTimePurchase:
    def _seller(self) -> Seller:
        return Seller(
            setup(price_lists=(price_list("LIST", per_seat("120", plan="one_time")),)),
            (subscription(plan="one_time", term="", anchor=day("2026-05-05")),),
            (held("2026-05-05", 3),),
        )

    def test_is_billed_once(self) -> None:
        seller = self._seller()

        assert str(only_line(seller.run("2026-05-05")).net) == "360.00 EUR"
        assert seller.run("2027-05-05") == ()

    def test_is_credited_whole_when_it_is_returned(self) -> None:
        seller = self._seller()
        seller.run("2026-05-05")
        seller.change(held("2026-05-30", 0, status="cancelled"))

        credit = only(seller.run("2026-06-01"))

        assert (credit.kind, str(credit.net), credit.lines[0].quantity) == ("credit_note", "360.00 EUR", 3)

    def test_stays_paid_when_it_expires(self) -> None:
        seller = self._seller()
        seller.run("2026-05-05")
        seller.change(held("2026-05-30", 0, status="expired"))

        assert seller.run("2026-06-01") == ()


class TestATrial:
    def test_has_no_document_of_zeros(self) -> None:
        seller = Seller(setup(), (subscription(plan="trial"),), (held("2026-01-01", 25),))

        assert seller.run("2026-01-15") == ()
        assert seller.last is not None
        assert (seller.last.account.excluded, seller.last.notices) == (1, ())

    def test_shows_its_zero_line_where_the_contract_wants_it(self) -> None:
        seller = Seller(
            setup(contracts=(contract(zero_documents="issue"),)),
            (subscription(plan="trial"),),
            (held("2026-01-01", 25),),
        )

        line = only_line(seller.run("2026-01-15"))

        assert (str(line.net), line.basis[-1]) == ("0.00 EUR", "price: trial, free of charge")
        assert seller.run("2026-01-15") == ()


class TestUsage:
    def _seller(self) -> Seller:
        return Seller(
            setup(
                price_lists=(
                    price_list("LIST", tiered("graduated", (100, "1"), (None, "0.5"), plan="usage")),
                )
            ),
            (subscription(plan="usage", term="", anchor=day("2026-01-10")),),
            (held("2026-01-10", 1),),
            (used("2026-01-12", 60), used("2026-01-31", 90), used("2026-02-01", 7)),
        )

    def test_is_billed_by_calendar_month_when_the_month_is_over(self) -> None:
        """January: 150 units, 100 x 1.00 + 50 x 0.50 = 125.00."""
        seller = self._seller()

        assert seller.run("2026-01-31") == ()
        line = only_line(seller.run("2026-02-01"))
        assert (str(line.net), str(line.service)) == ("125.00 EUR", "2026-01-01..2026-01-31")

    def test_that_comes_late_is_billed_as_a_difference(self) -> None:
        seller = self._seller()
        seller.run("2026-02-01")
        seller.usage = (*seller.usage, used("2026-01-20", 10))

        assert str(only_line(seller.run("2026-02-03")).net) == "5.00 EUR"

    def test_that_is_corrected_down_is_credited(self) -> None:
        seller = self._seller()
        seller.run("2026-02-01")
        seller.usage = (*seller.usage, used("2026-01-20", -100, ref="correction"))

        credit = only(seller.run("2026-02-03"))

        assert (credit.kind, str(credit.net)) == ("credit_note", "75.00 EUR")


class TestAPriceChange:
    def _seller(self, **terms: Any) -> Seller:
        return Seller(
            setup(
                price_lists=(
                    price_list("LIST", per_seat("8.40")),
                    price_list("LIST", per_seat("9.00"), from_=day("2026-03-10")),
                ),
                contracts=(contract(**terms),),
            ),
            (subscription(term="P1Y", anchor=day("2025-12-15")),),
            (held("2025-12-15", 1),),
        )

    def test_waits_for_the_next_term_where_the_price_is_locked(self) -> None:
        lines = only(self._seller().run("2026-12-15")).lines

        assert [str(line.net) for line in lines] == ["8.40 EUR"] * 12 + ["9.00 EUR"]

    def test_counts_from_the_next_cycle_where_it_is_not(self) -> None:
        lines = only(self._seller(price_lock="none").run("2026-03-15")).lines

        assert [str(line.net) for line in lines] == ["8.40 EUR"] * 3 + ["9.00 EUR"]

    def test_never_touches_what_was_billed(self) -> None:
        seller = self._seller(price_lock="none")
        seller.run("2026-03-15")
        seller.setup = setup(
            price_lists=(price_list("LIST", per_seat("1.00")),), contracts=(contract(price_lock="none"),)
        )
        seller.change(held("2026-03-30", 0, status="cancelled"))

        assert str(only(seller.run("2026-04-01")).net) == "4.65 EUR", "9.00 x 16/31"


class TestARealignedContract:
    def test_never_bills_a_day_twice(self) -> None:
        """Own months from the 15th until the new contract of 1 March, whose months begin on the 1st."""
        seller = Seller(
            setup(contracts=(contract(), contract(from_=day("2026-03-01"), alignment="anchor:2026-01-01"))),
            (subscription(anchor=day("2026-01-15")),),
            (held("2026-01-15", 1),),
        )

        assert _services(seller, "2026-04-01") == [
            "2026-01-15..2026-02-14",
            "2026-02-15..2026-03-14",
            "2026-03-15..2026-03-31",
            "2026-04-01..2026-04-30",
        ]

    def test_goes_on_after_the_last_billed_day_when_the_plan_changes(self) -> None:
        """January was billed as a month; from 1 February the year of the same anchor: 334 of 365 days."""
        prices = price_list("LIST", per_seat("8.40"), per_seat("73", plan="annual"))
        seller = Seller(setup(price_lists=(prices,)), (subscription(),), (held("2026-01-01", 5),))
        seller.run("2026-01-15")

        seller.subscriptions = (subscription(plan="annual", term="P1Y"),)
        yearly = only_line(seller.run("2026-02-01"))

        assert (str(yearly.service), str(yearly.net)) == ("2026-02-01..2026-12-31", "334.00 EUR")
        assert yearly.charge.cycle_start == day("2026-02-01"), "1 January names the month"
        assert seller.run("2026-02-01") == ()

    def test_keeps_billed_cycles_when_the_start_moves_back(self) -> None:
        """Seats turn out to be held three days earlier: 10 x 8.40 x 3/31 = 8.129 more, nothing else."""
        seller = Seller(
            setup(contracts=(contract(alignment="anchor:2026-01-01"),)),
            (subscription(anchor=day("2026-01-10")),),
            (held("2026-01-10", 10),),
        )
        seller.run("2026-01-10")
        seller.change(held("2026-01-07", 10))

        late = only_line(seller.run("2026-01-12"))

        assert (str(late.net), str(late.service)) == ("8.13 EUR", "2026-01-07..2026-01-09")
