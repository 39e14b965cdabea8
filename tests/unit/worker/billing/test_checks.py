"""What holds a document, what a contract may switch, and what a run says of a contract that ended."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical.contract import CheckSwitch
from mappings.canonical.money import Money
from tests.unit.worker.billing.world import (
    Seller,
    contract,
    day,
    dec,
    held,
    party,
    per_seat,
    price_list,
    replace,
    setup,
    subscription,
    used,
)
from worker.billing.checks import checked
from worker.billing.values import Draft


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
            (CheckSwitch("variance"), ["variance"]),
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

    def test_is_not_said_of_a_credit_note(self) -> None:
        """Nothing was billed in January, so what December takes back is no multiple of anything."""
        seller = seller_with(CheckSwitch("variance", limit=dec(1)))
        seller.run("2026-01-01")
        seller.run("2026-02-01")
        seller.change(held("2026-02-16", 2))

        assert checks_of(seller, "2026-02-16") == []

    def test_takes_the_lowest_limit_of_the_contracts_on_a_document(self) -> None:
        strict = contract(code="STRICT", checks=(CheckSwitch("variance", limit=dec(50)),))
        easy = contract(checks=(CheckSwitch("variance", limit=dec(500)),))
        seller = Seller(
            setup(contracts=(easy, strict)),
            (subscription(contract="C-ACME"), subscription("S2", contract="STRICT")),
            (held("2026-01-01", 10), held("2026-01-01", 10, "S2")),
        )
        seller.run("2026-01-01")
        seller.change(held("2026-02-01", 20))

        assert checks_of(seller, "2026-02-01") == ["variance"]

    def test_leaves_out_what_is_new_and_what_is_switched_off(self) -> None:
        off = contract(code="OFF", checks=(CheckSwitch("variance", is_on=False),))
        seller = Seller(
            setup(contracts=(contract(checks=()), off)),
            (
                subscription("A", contract="OFF"),
                subscription("B", contract="C-ACME", anchor=day("2026-02-01")),
                subscription("C", contract="C-ACME"),
            ),
            (held("2026-01-01", 10, "A"), held("2026-02-01", 5000, "B"), held("2026-01-01", 10, "C")),
        )
        seller.run("2026-01-01")
        seller.change(held("2026-02-01", 5000, "A"))

        assert checks_of(seller, "2026-02-01") == []

    def test_compares_with_the_cycle_just_before(self) -> None:
        seller = seller_with()
        for on, quantity in (("2026-01-01", 10), ("2026-02-01", 50), ("2026-03-01", 200)):
            seller.change(held(on, quantity, observed=on))
            assert checks_of(seller, on) == []

    def test_has_nothing_to_compare_after_a_month_of_nothing(self) -> None:
        free = price_list("LIST", per_seat("0"))
        paid = price_list("LIST", per_seat("8.40"), from_=day("2026-02-01"))
        agreed = contract(checks=(), zero_documents="issue")
        seller = Seller(
            setup(price_lists=(free, paid), contracts=(agreed,)), (subscription(),), (held("2026-01-01", 10),)
        )
        seller.run("2026-01-01")

        assert checks_of(seller, "2026-02-01") == []

    def test_of_a_year_is_by_the_month(self) -> None:
        """960.00 for a year after 84.00 for a month: 80.00 a month."""
        prices = price_list("LIST", per_seat("8.40"), per_seat("96.00", plan="annual"))
        seller = Seller(
            setup(price_lists=(prices,), contracts=(contract(checks=()),)),
            (subscription(),),
            (held("2026-01-01", 10),),
        )
        seller.run("2026-01-01")
        seller.subscriptions = (subscription(plan="annual", term="P1Y", anchor=day("2026-02-01")),)

        assert checks_of(seller, "2026-02-01") == []


class TestADraftThatDoesNotAddUp:
    """What these checks guard against is a defect of ours, so the draft is spoilt by hand."""

    def _draft(self) -> Draft:
        seller = seller_with()
        seller.subscriptions = (subscription(), subscription("S2"))
        seller.versions = (held("2026-01-01", 10), held("2026-01-01", 1, "S2"))
        seller.run("2026-01-01")
        assert seller.last is not None
        return seller.last.drafts[0]

    def _codes(self, draft: Draft) -> list[str]:
        [done] = checked((draft,), {})
        return [check.code for check in done.checks]

    def test_has_the_same_charge_twice(self) -> None:
        draft = self._draft()
        twice = replace(draft, charges=(*draft.charges, draft.charges[0]))

        [done] = checked((twice,), {})

        [check] = [check for check in done.checks if check.code == "charged_twice"]
        assert check.subscription == draft.charges[0].ref.subscription
        assert "charge 0 of the cycle from 2026-01-01 2 times" in check.sentence

    def test_has_two_charges_of_one_cycle_and_that_is_fine(self) -> None:
        draft = self._draft()
        first = draft.charges[0]
        later = replace(first, ref=replace(first.ref, revision=1))

        assert self._codes(replace(draft, charges=(*draft.charges, later))) == []

    def test_is_held_whatever_does_not_add_up(self) -> None:
        draft = self._draft()
        document = draft.document
        section = document.sections[0]
        line, cent = section.lines[0], Money(1, "EUR")
        spoilt = [
            replace(document, net=document.net + cent, gross=document.gross + cent),
            replace(document, tax=document.tax + cent, gross=document.gross + cent),
            replace(document, gross=document.gross + cent),
            replace(document, sections=(replace(section, net=section.net + cent),)),
            replace(document, sections=(replace(section, tax=section.tax + cent),)),
            replace(document, taxes=(replace(document.taxes[0], tax=document.tax + cent),)),
            replace(document, sections=(replace(section, lines=section.lines[:1]),)),
            replace(
                document,
                sections=(
                    replace(
                        section,
                        lines=(replace(line, unit_price=line.unit_price + 1), *section.lines[1:]),
                    ),
                ),
            ),
        ]

        assert self._codes(draft) == []
        assert [self._codes(replace(draft, document=one)) for one in spoilt] == [["sum_mismatch"]] * len(
            spoilt
        )

    def test_would_bill_more_cycles_than_is_plausible(self) -> None:
        """Forty cycles pass; the forty-first is too many."""
        seller = seller_with()
        seller.subscriptions = (subscription(anchor=day("2022-09-01")),)
        seller.versions = (held("2022-09-01", 1),)
        enough, too_many = (checks_of(replace(seller), on) for on in ("2025-12-01", "2026-01-01"))

        assert (enough, too_many) == ([], ["runaway_count"])


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

    def test_is_that_of_the_contracts_version_of_the_day(self) -> None:
        """Switched off from February on; the versions may come in any order."""
        abroad = (party("ACME", country="AT"),)
        before = contract(checks=(CheckSwitch("missing_tax_id"),))
        after = contract(checks=(CheckSwitch("missing_tax_id", is_on=False),), from_=day("2026-02-01"))
        for contracts in ((before, after), (after, before)):
            seller = Seller(
                setup(parties=abroad, contracts=contracts), (subscription(),), (held("2026-01-01", 1),)
            )
            assert checks_of(seller, "2026-01-31") == ["missing_tax_id"]
            assert checks_of(seller, "2026-02-01") == []

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
