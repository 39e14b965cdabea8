"""The cost of our own cycles, taken from the provider's lines."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mappings.canonical.money import Money
from mappings.canonical.period import Period
from mappings.canonical.provider import ProviderCharge
from tests.unit.worker.billing.world import (
    Seller,
    contract,
    day,
    dec,
    held,
    per_seat,
    price_list,
    setup,
    subscription,
)
from worker.billing.cycles import DueCycle
from worker.billing.deals import standing_deal
from worker.billing.provider_costs import ProviderCosts


def line(since: str, until: str, net: object, quantity: int = 10, **more: Any) -> ProviderCharge:
    service = Period(day(since), day(until))
    facts: dict[str, Any] = {"charge_type": "cycleCharge", "currency": "EUR", **more}
    return ProviderCharge(
        key=f"{since}{until}{net}",
        subscription="S1",
        invoice="G1",
        on=service.start,
        service=service,
        quantity=Decimal(quantity),
        net=dec(net),
        **facts,
    )


def costs(*lines: ProviderCharge, **terms: Any) -> list[str]:
    """The cost of the cycles of January and February, 10 seats at 10.00; the list says 8.00."""
    world = setup(
        price_lists=(price_list("LIST", per_seat("10.00", cost=dec(8))),),
        contracts=(contract(**{"cost_from": "provider_lines", **terms}),),
    )
    story = Seller(world, (subscription(),), (held("2026-01-01", 10),), provider_charges=lines)
    story.run("2026-02-01")
    return [str(one.charge.cost) for one in story.billed]


class TestACost:
    def test_is_of_the_newest_line_that_begins_no_later_than_the_cycle(self) -> None:
        lines = (line("2025-12-01", "2026-01-01", "71.00"), line("2026-01-15", "2026-02-15", "75.00"))

        assert costs(*lines) == ["71.00 EUR", "75.00 EUR"]

    def test_of_a_year_is_taken_by_the_month(self) -> None:
        """10 seats for 840.00 a year are 7.00 a seat and month."""
        assert costs(line("2025-12-01", "2026-12-01", "840.00")) == ["70.00 EUR", "70.00 EUR"]

    @pytest.mark.parametrize(
        "useless",
        [
            line("2025-12-10", "2025-12-20", "20.00"),
            line("2025-12-01", "2026-01-01", "-71.00"),
            line("2025-12-01", "2026-01-01", "71.00", currency="USD"),
            line("2026-03-01", "2026-04-01", "71.00"),
        ],
        ids=["of a stub", "given back", "in another currency", "of a later day"],
    )
    def test_is_of_the_list_where_no_line_tells_it(self, useless: ProviderCharge) -> None:
        assert costs(useless) == ["80.00 EUR", "80.00 EUR"]

    def test_is_of_the_list_unless_the_contract_says_otherwise(self) -> None:
        assert costs(line("2025-12-01", "2026-01-01", "71.00"), cost_from="price_list") == ["80.00 EUR"] * 2

    def test_above_the_price_holds_the_document(self) -> None:
        assert costs(line("2025-12-01", "2026-01-01", "101.00")) == []

    def test_is_not_told_by_a_line_of_something_else(self) -> None:
        """Usage, a one-off and a credit tell nothing; the line behind them does."""
        month = ("2025-12-01", "2026-01-01")
        odd = (
            line(*month, "10.00", kind="usage"),
            line(*month, "20.00", kind="one_time"),
            line(*month, "-30.00"),
            line(*month, "40.00", quantity=0),
            line("2025-12-01", "2025-12-20", "50.00"),
        )

        assert costs(*odd) == ["80.00 EUR", "80.00 EUR"]
        assert costs(*odd, line(*month, "71.00")) == ["71.00 EUR", "71.00 EUR"]

    def test_keeps_twelve_decimals_half_up(self) -> None:
        """20.00 for 3 seats is 6.666666666667 a seat; 1.00 for 6 is 0.166666666667."""
        applied = ProviderCosts([line("2025-12-01", "2026-01-01", "20.00", quantity=3)])
        story = Seller(setup(), (subscription(),), (held("2026-01-01", 1),))
        story.run("2026-01-01")
        deal = standing_deal(
            DueCycle(day("2026-01-01"), story.billed[0].charge.cycle, story.billed[0].charge.cycle, None,
                     tuple(story.billed))
        )  # fmt: skip
        agreed = contract(cost_from="provider_lines")

        found = applied.applied(deal, agreed, subscription="S1", day=day("2026-01-01"))

        assert str(found.price.cost) == "6.666666666667"
        assert applied.applied(deal, agreed, subscription="S9", day=day("2026-01-01")) == deal
        assert applied.applied(deal, None, subscription="S1", day=day("2026-01-01")) == deal
        assert applied.applied(deal, contract(), subscription="S1", day=day("2026-01-01")) == deal

    @pytest.mark.parametrize(
        ("days", "months"),
        [
            (27, None), (28, 1), (29, 1), (30, 1), (31, 1), (32, None),
            (364, None), (365, 12), (366, 12), (367, None),
            (1094, None), (1095, 36), (1096, 36), (1097, None),
        ],
    )  # fmt: skip
    def test_is_told_by_whole_cycles_only(self, days: int, months: int | None) -> None:
        """36.00 for one seat: a month's, a year's or three years' price."""
        until = day("2020-01-01") + timedelta(days=days)
        told = costs(line("2020-01-01", str(until), "36.00", quantity=1))

        expected = "80.00 EUR" if months is None else str(Money(3600 * 10 // months, "EUR"))
        assert told == ([] if expected == "360.00 EUR" else [expected] * 2)
