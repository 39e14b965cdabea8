"""The revenue schedule: by day, to the last cent, closed months stay closed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical.money import Money
from mappings.canonical.period import Period, add_months
from tests.unit.worker.billing.world import (
    E3,
    Seller,
    contract,
    day,
    dec,
    held,
    per_seat,
    price_list,
    replace,
    setup,
    subscription,
)
from worker.billing.revenue import RevenueLine, earned_by_month, revenue
from worker.billing.values import BilledCharge


def months(first: str, until: str) -> Period:
    return Period(day(f"{first}-01"), day(f"{until}-01"))


def yearly(**world: Any) -> Seller:
    """Ten seats for a year from 15 January at 36.50 a seat, 24.33 of cost each."""
    prices = price_list("LIST", per_seat("36.50", plan="annual", cost=dec("24.33")))
    seller = Seller(
        setup(price_lists=(prices,), **world),
        (subscription(plan="annual", term="P1Y", anchor=day("2026-01-15")),),
        (held("2026-01-15", 10),),
    )
    seller.run("2026-01-15")
    return seller


def told(lines: tuple[RevenueLine, ...]) -> list[tuple[str, str, str, str]]:
    return [
        (f"{one.month:%m}", str(one.gross.decimal), str(one.cost.decimal), str(one.deferred.decimal))
        for one in lines
    ]


class TestASchedule:
    def test_is_straight_line_by_day(self) -> None:
        lines = revenue(yearly().billed, {"E3": E3}, months=months("2026-01", "2026-04"))

        # 365.00 over 365 days: 17, 28 and 31 of them; 243.30 of cost by the same days.
        assert told(lines) == [
            ("01", "17.00", "11.33", "348.00"),
            ("02", "28.00", "18.67", "320.00"),
            ("03", "31.00", "20.66", "289.00"),
        ]

    def test_of_an_agent_is_net_of_cost(self) -> None:
        agent = {"E3": replace(E3, revenue="net")}

        [line] = revenue(yearly().billed, agent, months=months("2026-01", "2026-02"))

        assert (line.basis, str(line.gross.decimal), str(line.earned.decimal)) == ("net", "17.00", "5.67")

    def test_of_a_credit_reverses_the_rest(self) -> None:
        seller = yearly()
        seller.change(held("2026-03-01", 0, status="cancelled"))
        seller.run("2026-03-01")

        lines = revenue(seller.billed, {"E3": E3}, months=months("2026-01", "2026-05"))

        assert told(lines) == [("01", "17.00", "11.33", "348.00"), ("02", "28.00", "18.67", "320.00")]

    def test_never_changes_a_closed_month(self) -> None:
        seller = yearly()
        before = revenue(seller.billed, {"E3": E3}, months=months("2026-01", "2026-04"))
        seller.change(held("2026-02-15", 0, status="cancelled"))
        seller.run("2026-04-10")

        after = revenue(seller.billed, {"E3": E3}, months=months("2026-01", "2026-06"))

        assert after[:3] == before
        assert [told((one,))[0][:2] for one in after[3:] if one.gross] == [("04", "-45.00")]
        assert sum(one.gross.minor for one in after) == seller.billed_net

    def test_of_service_before_its_invoice_is_negative_deferred(self) -> None:
        seller = Seller(
            setup(contracts=(contract(timing="arrears"),)), (subscription(),), (held("2026-01-01", 10),)
        )
        seller.run("2026-02-01")

        lines = revenue(seller.billed, {"E3": E3}, months=months("2026-01", "2026-03"))

        assert told(lines) == [("01", "84.00", "0.00", "-84.00")]

    def test_names_issuer_product_currency_and_basis(self) -> None:
        [line] = revenue(yearly().billed, {}, months=months("2026-01", "2026-02"))

        assert line == RevenueLine(
            month=day("2026-01-01"),
            issuer="DE",
            product="E3",
            currency="EUR",
            basis="gross",
            gross=Money(1700, "EUR"),
            cost=Money(1133, "EUR"),
            net=Money(567, "EUR"),
            deferred=Money(34800, "EUR"),
        )
        assert line.earned == Money(1700, "EUR")

    def test_begins_with_what_was_earned_before_counted(self) -> None:
        """The year is told from March on: its months are those of the whole year's schedule."""
        lines = revenue(yearly().billed, {"E3": E3}, months=months("2026-03", "2026-04"))

        assert told(lines) == [("03", "31.00", "20.66", "289.00")]

    def test_ends_when_everything_is_earned(self) -> None:
        lines = revenue(yearly().billed, {"E3": E3}, months=months("2026-12", "2027-04"))

        assert told(lines) == [("12", "31.00", "20.67", "14.00"), ("01", "14.00", "9.33", "0.00")]

    def test_adds_up_the_charges_of_a_product(self) -> None:
        """10 seats from 15 January, 12 from 1 February: 2 x 36.50 x 348/365 = 69.60 more, by 348 days."""
        seller = yearly()
        seller.change(held("2026-02-01", 12))
        seller.run("2026-02-01")

        lines = revenue(seller.billed, {"E3": E3}, months=months("2026-01", "2026-04"))

        assert [one[:2] for one in told(lines)] == [("01", "17.00"), ("02", "33.60"), ("03", "37.20")]

    def test_of_a_credit_is_by_its_own_days_in_the_month_it_is_issued(self) -> None:
        """Cancelled on 15 February, known in February: 319 of 365 days come back from the 15th on."""
        seller = yearly()
        seller.change(held("2026-02-15", 0, status="cancelled"))
        seller.run("2026-02-20")

        credit = seller.billed[-1]

        assert [(str(month), str(net)) for month, net in earned_by_month(credit)][:2] == [
            ("2026-02-01", "-14.00 EUR"),
            ("2026-03-01", "-31.00 EUR"),
        ]

    def test_of_a_later_change_leaves_closed_months_alone(self) -> None:
        """Cancelled from 15 February, known in April: 14 + 31 + 30 days come back in April."""
        seller = yearly()
        seller.change(held("2026-02-15", 0, status="cancelled"))
        seller.run("2026-04-10")

        schedule = earned_by_month(seller.billed[-1])

        assert [(str(month), str(net)) for month, net in schedule][:2] == [
            ("2026-04-01", "-75.00 EUR"),
            ("2026-05-01", "-31.00 EUR"),
        ]

    def test_of_a_credit_whose_days_are_over_is_its_documents_day(self) -> None:
        one = seller_of_a_month()
        one.change(held("2026-01-16", 5))
        one.run("2026-03-10")

        credit = one.billed[1]

        assert credit.charge.net.minor < 0
        assert [str(month) for month, _ in earned_by_month(credit)] == ["2026-03-01"]

    def test_of_a_charge_without_days_is_on_its_day(self) -> None:
        billed = yearly_charge()
        moment = Period(day("2026-01-31"), day("2026-01-31"))
        one = replace(billed, charge=replace(billed.charge, service=moment))

        assert [(str(month), str(net)) for month, net in earned_by_month(one)] == [
            ("2026-01-01", "365.00 EUR")
        ]

    @given(
        st.integers(1, 10**7),
        st.integers(1, 1200),
        st.integers(0, 400),
        st.booleans(),
    )
    def test_earns_every_cent_once(self, minor: int, length: int, start: int, is_credit: bool) -> None:
        billed = yearly_charge()
        first = day("2025-01-01").fromordinal(day("2025-01-01").toordinal() + start)
        service = Period(first, first.fromordinal(first.toordinal() + length))
        net = Money(-minor if is_credit else minor, "EUR")
        one = replace(billed, charge=replace(billed.charge, service=service, net=net))

        by_month = earned_by_month(one)
        whole = Period(day("2024-01-01"), add_months(day("2024-01-01"), 12 * 8))

        assert sum(amount.minor for _, amount in by_month) == net.minor
        assert sum(line.gross.minor for line in revenue([one], {}, months=whole)) == net.minor
        assert all((amount.minor <= 0) == is_credit or not amount for _, amount in by_month)


def seller_of_a_month() -> Seller:
    """Ten seats for January."""
    seller = Seller(setup(), (subscription(),), (held("2026-01-01", 10),))
    seller.run("2026-01-01")
    return seller


_BILLED: list[BilledCharge] = []


def yearly_charge() -> BilledCharge:
    """One charge, made once."""
    if not _BILLED:
        _BILLED.append(yearly().billed[0])
    return _BILLED[0]
