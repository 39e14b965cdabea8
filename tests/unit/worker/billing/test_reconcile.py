"""The provider's lines against our cost: who meets whom, how far apart, and what adds up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical.period import Period
from mappings.canonical.provider import ProviderCharge
from tests.unit.worker.billing.world import Seller, day, dec, held, per_seat, price_list, setup, subscription
from worker.billing.reconcile import by_entity, is_beyond, reconciled
from worker.billing.values import Charge


def days(start: str, until: str) -> Period:
    return Period(day(start), day(until))


JANUARY = days("2026-01-01", "2026-02-01")


def line(net: object, service: Period = JANUARY, **more: Any) -> ProviderCharge:
    facts: dict[str, Any] = {
        "key": f"{net}{service}{more.get('charge_type', '')}",
        "subscription": "S1",
        "invoice": "G1",
        "charge_type": "cycleCharge",
        "on": service.start,
        "service": service,
        "quantity": Decimal(10),
        "net": dec(net),
        "currency": "EUR",
    }
    return ProviderCharge(**{**facts, **more})


def ours(quantity: int = 10, *, changed: int | None = None, cost: object = "7.00") -> list[Charge]:
    """The charges of January, and of a change on the 17th, at a cost of 7.00 a seat."""
    prices = price_list("LIST", per_seat("10.00", cost=None if cost is None else dec(cost)))
    seller = Seller(setup(price_lists=(prices,)), (subscription(),), (held("2026-01-01", quantity),))
    seller.run("2026-01-01")
    if changed is not None:
        seller.change(held("2026-01-17", changed))
        seller.run("2026-01-17")
    return [one.charge for one in seller.billed]


class TestAMatch:
    @pytest.mark.parametrize(
        ("net", "found", "difference"),
        [
            ("70.00", "equal", "0.00"),
            ("69.92", "rounding", "-0.08"),
            ("70.60", "small", "0.60"),
            ("77.00", "over_billed", "7.00"),
            ("60.00", "under_billed", "-10.00"),
        ],
    )
    def test_is_as_far_apart_as_its_class_says(self, net: str, found: str, difference: str) -> None:
        [match] = reconciled([line(net)], ours(), {})

        assert (match.found, str(match.difference.decimal)) == (found, difference)
        assert (match.issuer, match.party) == ("DE", "ACME")

    def test_takes_lines_of_the_same_days_together(self) -> None:
        rest = days("2026-01-17", "2026-02-01")
        lines = [
            line("70.00"),
            line("-33.87", rest, charge_type="addQuantity"),
            line("40.64", rest, charge_type="addQuantity", quantity=Decimal(12)),
        ]

        first, change = reconciled(lines, ours(changed=12), {})

        assert (first.found, change.found, str(change.theirs)) == ("equal", "equal", "6.77 EUR")
        assert len(change.keys) == 2

    def test_takes_overlapping_days_together_where_none_are_the_same(self) -> None:
        halves = [
            line("36.13", days("2026-01-01", "2026-01-17")),
            line("33.87", days("2026-01-17", "2026-02-01")),
        ]

        [match] = reconciled(halves, ours(), {})

        assert (match.found, match.days) == ("equal", JANUARY)

    def test_is_alone_where_the_other_side_has_nothing(self) -> None:
        stranger = line("12.00", subscription="S9", flags=("'odd' is not a charge type we know",))

        lost, unbilled = reconciled([stranger], ours(), {"S9": ("", "ZETA")})

        assert {lost.found, unbilled.found} == {"only_provider", "only_ours"}
        assert {one.party for one in (lost, unbilled)} == {"ZETA", "ACME"}

    def test_does_not_compare_currencies(self) -> None:
        found = reconciled([line("70.00", currency="USD")], ours(), {})

        assert sorted(one.found for one in found) == ["only_ours", "only_provider"]

    def test_of_an_unknown_charge_type_is_looked_at_even_when_equal(self) -> None:
        [match] = reconciled([line("70.00", flags=("unknown",))], ours(), {})

        assert match.found == "equal"
        assert is_beyond(match)

    def test_says_where_our_cost_is_not_known(self) -> None:
        [match] = reconciled([line("70.00")], ours(cost=None), {})

        assert match.found == "cost_unknown"


class TestAnEntity:
    def test_has_what_was_taken_too_much_apart_from_too_little(self) -> None:
        lines = [line("77.00"), line("5.00", subscription="S9")]

        first, second = by_entity(reconciled(lines, ours(), {"S9": ("DE", "ZETA")}))

        assert (str(first.over), str(first.under), first.beyond) == ("7.00 EUR", "0.00 EUR", 1)
        assert (second.party, str(second.over)) == ("ZETA", "5.00 EUR")

    @given(st.lists(st.tuples(st.integers(-9999, 9999), st.integers(1, 20), st.integers(1, 11)), max_size=8))
    def test_adds_up_to_both_sides(self, given_lines: list[tuple[int, int, int]]) -> None:
        lines = [
            line(Decimal(net) / 100, Period(date_of(start), date_of(start + length)), charge_type=str(at))
            for at, (net, start, length) in enumerate(given_lines)
        ]
        charges = ours()

        totals = by_entity(reconciled(lines, charges, {"S1": ("DE", "ACME")}))

        theirs = sum(int(one.net * 100) for one in lines)
        cost = sum(one.cost.minor for one in charges if one.cost is not None)
        assert sum(one.theirs.minor for one in totals) == theirs
        assert sum(one.ours.minor for one in totals) == cost
        assert sum(one.over.minor - one.under.minor for one in totals) == theirs - cost


def date_of(number: int) -> Any:
    return day("2026-01-01").replace(day=number)
