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


_BILLED: list[BilledCharge] = []


def yearly_charge() -> BilledCharge:
    """One charge, made once."""
    if not _BILLED:
        _BILLED.append(yearly().billed[0])
    return _BILLED[0]
