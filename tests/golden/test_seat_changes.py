"""Stories of one customer whose seats change: every figure worked out by hand."""

from __future__ import annotations

from tests.unit.worker.billing.world import (
    FxRate,
    Seller,
    amounts,
    contract,
    day,
    held,
    only,
    only_line,
    party,
    per_seat,
    price_list,
    setup,
    subscription,
)


class TestSeatsAddedInMidMonth:
    """10 seats at 8.40 EUR from 1 October; 2 more from the 15th. October has 31 days, 17 of them remain.

    2 x 8.40 x 17/31 = 9.2129... -> 9.21 EUR. 19 % German tax.
    """

    def test_are_prorated_from_the_day_they_come(self) -> None:
        seller = Seller(setup(), (subscription(),), (held("2026-10-01", 10),))
        seller.run("2026-10-01")

        seller.change(held("2026-10-15", 12))
        addition = only(seller.run("2026-10-15"))

        assert [amounts(document) for document in seller.documents] == [
            ("84.00 EUR", "15.96 EUR", "99.96 EUR"),
            ("9.21 EUR", "1.75 EUR", "10.96 EUR"),
        ]
        assert addition.lines[0].basis == (
            "2 seats added x 8.40 EUR x 17/31 days (2026-10-15..2026-10-31)",
            "cycle 2026-10-01..2026-10-31: billed before 84.00 EUR, now 93.21 EUR",
            "price: list LIST from 2020-01-01",
        )
        assert str(addition.lines[0].service) == "2026-10-15..2026-10-31"

    def test_give_the_same_total_when_the_change_is_known_at_once(self) -> None:
        """84.00 + 9.21 = 93.21, in one line of two steps: 38.935... rounded once, never per step."""
        seller = Seller(setup(), (subscription(),), (held("2026-10-01", 10), held("2026-10-15", 12)))

        line = only_line(seller.run("2026-10-20"))

        assert (str(line.net), line.quantity, str(line.unit_price)) == ("93.21 EUR", 1, "93.21")
        assert line.basis == (
            "10 seats x 8.40 EUR x 14/31 days = 37.935483... EUR",
            "12 seats x 8.40 EUR x 17/31 days = 55.277419... EUR",
            "together, rounded once: 93.21 EUR",
            "price: list LIST from 2020-01-01",
        )

    def test_print_the_whole_price_where_quantity_times_price_is_exact(self) -> None:
        seller = Seller(setup(), (subscription(),), (held("2026-10-01", 10),))

        line = only_line(seller.run("2026-10-01"))

        assert (line.quantity, str(line.unit_price), str(line.net)) == (10, "8.40", "84.00 EUR")
        assert line.basis == ("10 seats x 8.40 EUR", "price: list LIST from 2020-01-01")


class TestCancellation:
    """10 seats at 8.40 EUR from 1 September (30 days), cancelled on the 21st: 10 days come back.

    84.00 x 10/30 = 28.00 EUR, with the tax rate of the invoice.
    """

    def test_gives_a_credit_note_that_names_its_invoice(self) -> None:
        seller = Seller(setup(), (subscription(anchor=day("2026-09-01")),), (held("2026-09-01", 10),))
        invoice = only(seller.run("2026-09-01"))

        seller.change(held("2026-09-21", 10, status="cancelled"))
        credit = only(seller.run("2026-09-21"))

        assert credit.kind == "credit_note"
        assert amounts(credit) == ("28.00 EUR", "5.32 EUR", "33.32 EUR")
        assert credit.lines[0].original is not None
        assert credit.lines[0].original.number == invoice.number
        assert credit.lines[0].basis == (
            "10 seats removed x 8.40 EUR x 10/30 days (2026-09-21..2026-09-30)",
            "cycle 2026-09-01..2026-09-30: billed before 84.00 EUR, now 56.00 EUR",
            "price: list LIST from 2020-01-01",
            f"takes back 28.00 EUR of {invoice.number} of 2026-09-01",
        )

    def test_ends_the_bill(self) -> None:
        seller = Seller(setup(), (subscription(anchor=day("2026-09-01")),), (held("2026-09-01", 10),))
        seller.run("2026-09-01")
        seller.change(held("2026-09-21", 10, status="cancelled"))
        seller.run("2026-10-15")

        assert seller.run("2026-12-31") == ()
        assert seller.billed_net == 5600
        assert seller.last is not None
        assert seller.last.account.active == 0

    def test_takes_back_the_newest_chargeday(self) -> None:
        """1 Sep: 10 seats, 84.00. 11 Sep: 5 more for 20 of 30 days, 28.00. 21 Sep: down to 2.

        13 seats x 8.40 x 10/30 = 36.40: the whole 28.00 of the second invoice, then 8.40 of the first.
        """
        seller = Seller(setup(), (subscription(anchor=day("2026-09-01")),), (held("2026-09-01", 10),))
        first = only(seller.run("2026-09-01"))
        seller.change(held("2026-09-11", 15))
        second = only(seller.run("2026-09-11"))

        seller.change(held("2026-09-21", 2))
        credit = only(seller.run("2026-09-21"))

        taken = [(line.original.number, str(line.net)) for line in credit.lines if line.original]
        assert taken == [(second.number, "28.00 EUR"), (first.number, "8.40 EUR")]
        assert str(credit.net) == "36.40 EUR"


class TestAnAnchorOnTheThirtyFirst:
    """Bought on 31 January: cycles begin 31 Jan, 28 Feb, 31 Mar, 30 Apr, 31 May, at the whole price."""

    def test_returns_to_the_thirty_first(self) -> None:
        anchor = day("2026-01-31")
        seller = Seller(setup(), (subscription(anchor=anchor),), (held("2026-01-31", 10),))

        lines = only(seller.run("2026-05-31")).lines

        assert [str(line.service) for line in lines] == [
            "2026-01-31..2026-02-27",
            "2026-02-28..2026-03-30",
            "2026-03-31..2026-04-29",
            "2026-04-30..2026-05-30",
            "2026-05-31..2026-06-29",
        ]
        assert {str(line.net) for line in lines} == {"84.00 EUR"}


class TestACurrencyWithoutDecimals:
    """7 seats at 1 260 JPY from 1 June (30 days); 2 more from 8 June: 23 days remain.

    2 x 1260 x 23/30 = 1932 exactly; 3 seats less from 20 June, 11 days remain: 3 x 1260 x 11/30 = 1386.
    A Japanese customer of a German seller: export, no tax.
    """

    def test_has_whole_yen_only(self) -> None:
        seller = Seller(
            setup(
                parties=(party("ACME", country="JP"),),
                price_lists=(price_list("LIST", per_seat("1260"), currency="JPY"),),
                fx_rates=_rates("JPY", "0.0061", "2026-06-01", "2026-06-08", "2026-06-20"),
            ),
            (subscription(anchor=day("2026-06-01")),),
            (held("2026-06-01", 7),),
        )
        seller.run("2026-06-01")
        seller.change(held("2026-06-08", 9))
        seller.run("2026-06-08")
        seller.change(held("2026-06-20", 6))
        credit = only(seller.run("2026-06-20"))

        assert [(one.kind, amounts(one)) for one in seller.documents] == [
            ("invoice", ("8820 JPY", "0 JPY", "8820 JPY")),
            ("invoice", ("1932 JPY", "0 JPY", "1932 JPY")),
            ("credit_note", ("1386 JPY", "0 JPY", "1386 JPY")),
        ]
        assert str(credit.exchange_rate_on) == "2026-06-08", "a credit keeps the rate of its original"


class TestAContractCalendar:
    """Seats bought on 18 May under a contract whose months begin on the 10th: a stub of 23 of 31 days.

    10 x 8.40 x 23/31 = 62.3225... -> 62.32; from 10 June whole months.
    """

    def test_prorates_the_first_days_on_the_cycle_that_encloses_them(self) -> None:
        seller = Seller(
            setup(contracts=(contract(alignment="anchor:2026-01-10"),)),
            (subscription(anchor=day("2026-05-18")),),
            (held("2026-05-18", 10),),
        )

        lines = only(seller.run("2026-06-10")).lines

        assert [(str(line.service), str(line.net)) for line in lines] == [
            ("2026-05-18..2026-06-09", "62.32 EUR"),
            ("2026-06-10..2026-07-09", "84.00 EUR"),
        ]
        assert lines[0].basis[0] == "10 seats x 8.40 EUR x 23/31 days"


def _rates(currency: str, rate: str, *days: str) -> tuple[FxRate, ...]:
    return tuple(FxRate(currency, "EUR", day(on), rate, "ECB") for on in days)
