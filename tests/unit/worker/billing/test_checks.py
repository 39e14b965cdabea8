"""What holds a document, what a contract may switch, and what a run says of a contract that ended."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical.contract import CheckSwitch
from tests.unit.worker.billing.world import (
    Seller,
    contract,
    day,
    dec,
    held,
    party,
    per_seat,
    price_list,
    setup,
    subscription,
    used,
)


def checks_of(seller: Seller, on: str) -> list[str]:
    """The codes that hold the drafts of a run."""
    seller.run(on)
    assert seller.last is not None
    return [check.code for draft in seller.last.drafts for check in draft.checks]


def seller_with(*switches: CheckSwitch, **world: Any) -> Seller:
    return Seller(
        setup(contracts=(contract(checks=switches),), **world), (subscription(),), (held("2026-01-01", 10),)
    )


class TestVariance:
    def test_holds_a_digit_too_many(self) -> None:
        seller = seller_with()
        seller.run("2026-01-01")
        seller.change(held("2026-02-01", 100))

        assert checks_of(seller, "2026-02-01") == ["variance"]
        assert seller.last is not None
        [check] = seller.last.drafts[0].checks
        assert "840.00 EUR" in check.sentence
        assert "900 % more than 84.00 EUR" in check.sentence

    def test_lets_less_than_that_pass(self) -> None:
        seller = seller_with()
        seller.run("2026-01-01")
        seller.change(held("2026-02-01", 99))

        assert checks_of(seller, "2026-02-01") == []

    @pytest.mark.parametrize(
        ("switch", "expected"),
        [
            (CheckSwitch("variance", is_on=False), []),
            (CheckSwitch("variance", limit=dec(901)), []),
            (CheckSwitch("variance", limit=dec(50)), ["variance"]),
        ],
    )
    def test_is_the_contracts_own(self, switch: CheckSwitch, expected: list[str]) -> None:
        seller = seller_with(switch)
        seller.run("2026-01-01")
        seller.change(held("2026-02-01", 100))

        assert checks_of(seller, "2026-02-01") == expected

    def test_compares_whole_months(self) -> None:
        agreed = contract(checks=(), alignment="anchor:2026-01-01")
        seller = Seller(
            setup(contracts=(agreed,)), (subscription(anchor=day("2026-01-31")),), (held("2026-01-31", 10),)
        )
        seller.run("2026-01-31")

        assert checks_of(seller, "2026-02-01") == []

    def test_sees_what_is_added_inside_a_cycle(self) -> None:
        seller = seller_with()
        for month in ("2026-01-01", "2026-02-01"):
            seller.run(month)
        seller.change(held("2026-02-01", 200))

        assert checks_of(seller, "2026-02-15") == ["variance"]

    def test_of_usage_is_of_the_reading(self) -> None:
        prices = price_list("LIST", per_seat("1.00", plan="usage"))
        seller = Seller(
            setup(price_lists=(prices,), contracts=(contract(checks=()),)),
            (subscription(plan="usage"),),
            (),
            (used("2026-01-05", 10), used("2026-02-05", 100)),
        )
        seller.run("2026-02-01")

        assert checks_of(seller, "2026-03-01") == ["variance"]


class TestASwitch:
    def test_lets_a_buyer_without_a_tax_id_be_charged_our_tax(self) -> None:
        abroad = (party("ACME", country="AT"),)
        on, off = (
            seller_with(parties=abroad),
            seller_with(CheckSwitch("missing_tax_id", is_on=False), parties=abroad),
        )

        assert checks_of(on, "2026-01-01") == ["missing_tax_id"]
        assert checks_of(off, "2026-01-01") == []
        assert str(off.documents[0].tax) == "15.96 EUR"

    def test_does_not_reach_what_cannot_be_issued(self) -> None:
        seller = seller_with(CheckSwitch("runaway_count", is_on=False))
        nothing = Seller(
            setup(contracts=(contract(tax_code="NOPE"),)), (subscription(),), (held("2026-01-01", 1),)
        )

        assert checks_of(seller, "2029-12-31") == []
        assert checks_of(nothing, "2026-01-01") == ["tax_rate_missing"]

    def test_turns_a_price_of_nothing_into_a_hold(self) -> None:
        free = (price_list("LIST", per_seat("0")),)
        agreed = contract(zero_documents="issue", checks=(CheckSwitch("zero_price"),))
        seller = Seller(
            setup(price_lists=free, contracts=(agreed,)), (subscription(),), (held("2026-01-01", 1),)
        )

        assert checks_of(seller, "2026-01-01") == ["zero_price"]

    def test_of_one_contract_does_not_stop_another(self) -> None:
        parties = (party("ACME", country="AT"), party("BETA"))
        seller = Seller(
            setup(parties=parties, contracts=(contract(), contract("BETA"))),
            (subscription(), subscription("S2", party="BETA")),
            (held("2026-01-01", 1), held("2026-01-01", 1, "S2")),
        )

        assert checks_of(seller, "2026-01-01") == ["missing_tax_id"]
        assert [one.bill_to.code for one in seller.documents] == ["BETA"]


class TestAContractThatEnded:
    def _told(self, **subscribed: Any) -> str:
        prices = price_list("LIST", per_seat("8.40"), per_seat("96.00", plan="annual"))
        seller = Seller(
            setup(price_lists=(prices,), contracts=(contract(until=day("2026-02-01")),)),
            (subscription(**subscribed),),
            (held("2026-01-01", 10),),
        )
        seller.run("2026-01-01")
        seller.run("2027-03-01")
        assert seller.last is not None
        assert seller.last.account.unassigned == 1
        [check] = seller.last.checks
        assert check.code == "expired_contract"
        return check.sentence

    def test_is_told_with_the_amount_a_month_at_stake(self) -> None:
        assert "84.00 EUR a month are at stake" in self._told()
        assert "80.00 EUR a month are at stake" in self._told(plan="annual", term="P1Y")

    def test_is_something_else_than_none_at_all(self) -> None:
        seller = Seller(setup(contracts=()), (subscription(),), (held("2026-01-01", 10),))
        seller.run("2026-01-01")

        assert seller.last is not None
        assert [check.code for check in seller.last.checks] == ["unassigned_subscription"]

    def test_is_told_also_where_nothing_was_billed_under_it(self) -> None:
        seller = Seller(
            setup(contracts=(contract(until=day("2025-06-01")),)), (subscription(),), (held("2026-01-01", 3),)
        )
        seller.run("2026-01-01")

        assert seller.last is not None
        assert "25.20 EUR a month" in seller.last.checks[0].sentence
