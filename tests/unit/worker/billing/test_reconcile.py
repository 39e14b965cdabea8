"""The provider's lines against our cost: who meets whom, how far apart, and what adds up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical.money import Money
from mappings.canonical.period import Period
from mappings.canonical.provider import ProviderCharge
from tests.unit.worker.billing.world import (
    FxRate,
    Seller,
    day,
    dec,
    held,
    per_seat,
    price_list,
    replace,
    setup,
    subscription,
)
from worker.billing.reconcile import EntityTotal, Match, by_entity, is_beyond, reconciled
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

    def test_says_all_of_both_sides(self) -> None:
        lines = [
            line("40.00", charge_type="renew", flags=("z", "a", "k")),
            line("30.00", charge_type="cycleCharge", flags=("a", "q")),
        ]

        [match] = reconciled(lines, ours(), {"S1": ("XX", "OTHER")})

        assert match == Match(
            issuer="DE",
            party="ACME",
            subscription="S1",
            days=JANUARY,
            theirs=Money(7000, "EUR"),
            ours=Money(7000, "EUR"),
            found="equal",
            charge_types=("cycleCharge", "renew"),
            keys=tuple(one.key for one in lines),
            charges=("S1 2026-01-01 0",),
            flags=("a", "k", "q", "z"),
        )

    @pytest.mark.parametrize(
        ("net", "found"),
        [("70.10", "rounding"), ("69.90", "rounding"), ("70.11", "small"), ("70.70", "small")],
    )
    def test_is_rounding_up_to_a_cent_for_each_unit_then_small_up_to_a_hundredth(
        self, net: str, found: str
    ) -> None:
        [match] = reconciled([line(net)], ours(), {})

        assert match.found == found
        assert not is_beyond(match)

    def test_is_beyond_a_hundredth_of_what_the_provider_took(self) -> None:
        [more] = reconciled([line("70.71")], ours(), {})
        [less] = reconciled([line("69.30")], ours(), {})

        assert (more.found, less.found) == ("over_billed", "under_billed")
        assert is_beyond(more)

    def test_allows_a_cent_of_rounding_where_there_is_less_than_a_unit(self) -> None:
        [match] = reconciled([line("70.01", quantity=Decimal("0.2"))], ours(), {})
        [apart] = reconciled([line("1.02", quantity=Decimal("0.2"))], ours(1, cost="1.00"), {})

        assert (match.found, apart.found) == ("rounding", "over_billed")

    def test_counts_the_units_of_credits_as_well(self) -> None:
        rest = days("2026-01-17", "2026-02-01")
        lines = [
            line("-33.87", rest, quantity=Decimal(-10)),
            line("40.85", rest, quantity=Decimal(12)),
        ]

        [change] = [one for one in reconciled(lines, ours(changed=12), {}) if one.theirs.minor]

        assert (str(change.difference), change.found) == ("0.21 EUR", "rounding")

    @pytest.mark.parametrize(
        ("currency", "allowed", "beyond"), [("KWD", "70.100", "70.101"), ("JPY", "710", "711")]
    )
    def test_calls_a_hundredth_or_the_smallest_coin_a_cent(
        self, currency: str, allowed: str, beyond: str
    ) -> None:
        cost = "70" if currency == "JPY" else "7"
        prices = price_list("LIST", per_seat("100", cost=dec(cost)), currency=currency)
        rate = FxRate(currency, "EUR", day("2026-01-01"), "1", "ECB")
        world = setup(price_lists=(prices,), fx_rates=(rate,))
        seller = Seller(world, (subscription(),), (held("2026-01-01", 10),))
        seller.run("2026-01-01")
        charges = [one.charge for one in seller.billed]

        found = [
            reconciled([line(net, currency=currency)], charges, {})[0].found for net in (allowed, beyond)
        ]

        assert found[0] == "rounding"
        assert found[1] != "rounding"

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

    def test_ends_where_the_next_days_begin(self) -> None:
        """Overlapping days chain: 1-9 meets 5-12, so 1-12 is compared as a whole; 12-20 only follows."""
        lines = [
            line("1.00", days("2025-03-01", "2025-03-09")),
            line("2.00", days("2025-03-05", "2025-03-12")),
            line("4.00", days("2025-03-06", "2025-03-07")),
            line("8.00", days("2025-03-12", "2025-03-20")),
        ]

        first, second = reconciled(lines, [], {})

        assert (first.days, str(first.theirs)) == (days("2025-03-01", "2025-03-12"), "7.00 EUR")
        assert (second.days, str(second.theirs)) == (days("2025-03-12", "2025-03-20"), "8.00 EUR")

    def test_stands_by_issuer_party_subscription_and_days(self) -> None:
        february = days("2026-02-01", "2026-03-01")
        lines = [
            line("1.00", february, subscription="S8"),
            line("1.00", subscription="S8"),
            line("1.00", subscription="S7"),
            line("1.00", subscription="S6"),
            line("1.00", subscription="S5"),
        ]
        holders = {"S8": ("DE", "ANT"), "S7": ("DE", "BEE"), "S6": ("AT", "CAT"), "S5": ("DE", "BEE")}

        found = reconciled(lines, [], holders)

        assert [one.subscription for one in found] == ["S6", "S8", "S8", "S5", "S7"]
        assert [one.days for one in found[1:3]] == [JANUARY, february]

    def test_is_alone_where_the_other_side_has_nothing(self) -> None:
        stranger = line("12.00", subscription="S9", flags=("'odd' is not a charge type we know",))

        lost, unbilled = reconciled([stranger], ours(), {"S9": ("", "ZETA")})

        assert {lost.found, unbilled.found} == {"only_provider", "only_ours"}
        assert {one.party for one in (lost, unbilled)} == {"ZETA", "ACME"}

    def test_does_not_compare_currencies(self) -> None:
        found = reconciled([line("70.00", currency="USD")], ours(), {})

        assert sorted(one.found for one in found) == ["only_ours", "only_provider"]

    def test_tells_what_the_providers_own_rule_makes_of_its_lines(self) -> None:
        """20.00 x 21/31 = 13.548... is cut to 13.54 a unit: -10 and 12 of them are 27.08."""
        each = Decimal("13.5483870968")
        change = [
            line("-135.40", quantity=Decimal(-10), effective_unit_price=each),
            line("162.48", quantity=Decimal(12), effective_unit_price=each),
        ]

        assert [one.by_rule for one in reconciled(change, [], {})] == [Money(2708, "EUR")]
        assert [one.by_rule for one in reconciled([*change, line("1.00")], [], {})] == [None]

    def test_of_an_unknown_charge_type_is_looked_at_even_when_equal(self) -> None:
        [match] = reconciled([line("70.00", flags=("unknown",))], ours(), {})

        assert match.found == "equal"
        assert is_beyond(match)

    def test_of_exactly_a_hundredth_is_small(self) -> None:
        found = [reconciled([line(net)], ours(cost="9.90"), {})[0].found for net in ("100.00", "100.01")]

        assert found == ["small", "over_billed"]

    def test_of_a_credit_is_small_by_its_size(self) -> None:
        [match] = reconciled([line("-69.50")], [replace(ours()[0], cost=Money(-7000, "EUR"))], {})

        assert (match.found, str(match.difference)) == ("small", "0.50 EUR")

    def test_compares_what_is_known_of_our_cost(self) -> None:
        known, unknown = ours()[0], ours(cost=None)[0]

        [match] = reconciled([line("70.00")], [known, unknown], {})

        assert match.found == "equal"

    def test_says_where_our_cost_is_not_known(self) -> None:
        [match] = reconciled([line("70.00")], ours(cost=None), {})

        assert match.found == "cost_unknown"


class TestAnEntity:
    def test_has_what_was_taken_too_much_apart_from_too_little(self) -> None:
        lines = [line("77.00"), line("5.00", subscription="S9")]

        first, second = by_entity(reconciled(lines, ours(), {"S9": ("DE", "ZETA")}))

        assert (str(first.over), str(first.under), first.beyond) == ("7.00 EUR", "0.00 EUR", 1)
        assert (second.party, str(second.over)) == ("ZETA", "5.00 EUR")

    def test_is_summed_up_in_one_line_for_a_currency(self) -> None:
        lines = [
            line("77.00"),
            line("60.00", days("2026-03-01", "2026-04-01")),
            line("5.00", currency="USD"),
        ]

        euros, dollars = by_entity(reconciled(lines, ours(), {"S1": ("DE", "ACME")}))

        assert euros == EntityTotal(
            issuer="DE",
            party="ACME",
            currency="EUR",
            theirs=Money(13700, "EUR"),
            ours=Money(7000, "EUR"),
            over=Money(6700, "EUR"),
            under=Money(0, "EUR"),
            matches=2,
            beyond=2,
        )
        assert (dollars.currency, dollars.matches, str(dollars.over)) == ("USD", 1, "5.00 USD")

    def test_stands_by_issuer_party_and_currency(self) -> None:
        lines = [line("1.00", subscription=name) for name in ("S8", "S7", "S6")]
        holders = {"S8": ("DE", "BEE"), "S7": ("DE", "ANT"), "S6": ("AT", "CAT")}

        found = by_entity(reversed(reconciled(lines, [], holders)))

        assert [one.party for one in found] == ["CAT", "ANT", "BEE"]

    def test_counts_what_the_provider_took_too_little(self) -> None:
        [entity] = by_entity(reconciled([], ours(), {}))

        assert (str(entity.under), str(entity.over), entity.beyond) == ("70.00 EUR", "0.00 EUR", 1)

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
