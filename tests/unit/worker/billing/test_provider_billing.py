"""Contracts that repeat the provider's lines: each line once, pairs together, credits by their original."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mappings.canonical.money import Money, Rounding
from mappings.canonical.period import Period
from mappings.canonical.provider import ProviderCharge
from tests.unit.worker.billing.world import (
    Seller,
    contract,
    day,
    dec,
    held,
    only,
    party,
    setup,
    subscription,
)
from worker.billing.provider_billing import line_price

MONTH = Period(day("2026-01-15"), day("2026-02-15"))
REST = Period(day("2026-01-25"), day("2026-02-15"))


def line(key: str, net: str, *, kind: str = "new", on: str = "2026-01-15", **facts: Any) -> ProviderCharge:
    given: dict[str, Any] = {"quantity": dec(10), "service": MONTH, "currency": "EUR", "invoice": "G1"}
    return ProviderCharge(
        key=key, subscription="S1", charge_type=kind, on=day(on), net=dec(net), **{**given, **facts}
    )


def seller(*lines: ProviderCharge, **terms: Any) -> Seller:
    agreed = contract(**{"bill_by": "provider_lines", "markup_percent": dec(10), **terms})
    world = setup(contracts=(agreed,))
    story = Seller(world, (subscription(anchor=day("2026-01-15")),), (held("2026-01-15", 10),))
    story.provider_charges = lines
    return story


def codes(story: Seller) -> list[str]:
    assert story.last is not None
    return [check.code for draft in story.last.drafts for check in draft.checks]


class TestAProviderLine:
    def test_is_repeated_with_markup_and_its_cost_is_kept(self) -> None:
        story = seller(line("a", "200.00"))

        document = only(story.run("2026-01-15"))

        assert [(one.description, str(one.service), str(one.net)) for one in document.lines] == [
            ("Office E3, new", "2026-01-15..2026-02-14", "220.00 EUR")
        ]
        assert story.billed[0].charge.cost == Money(20000, "EUR")
        assert "cost" not in " ".join(document.lines[0].basis)

    def test_is_billed_once(self) -> None:
        story = seller(line("a", "200.00"))
        story.run("2026-01-15")

        assert story.run("2026-01-15") == ()
        assert story.run("2026-03-01") == ()

    def test_is_not_counted_again_by_our_own_calendar(self) -> None:
        assert seller().run("2026-03-01") == ()

    def test_waits_for_its_day(self) -> None:
        story = seller(line("a", "200.00"))

        assert story.run("2026-01-14") == ()

    def test_of_zero_stays_where_others_are_billed(self) -> None:
        story = seller(line("a", "200.00"), line("b", "0", kind="convert"))

        assert [str(one.net) for one in only(story.run("2026-01-15")).lines] == ["0.00 EUR", "220.00 EUR"]

    def test_comes_in_any_order_to_the_same_documents(self) -> None:
        lines = (
            line("a", "200.00"),
            line("b", "-135.40", kind="addQuantity", on="2026-01-25", service=REST),
            line("c", "162.48", kind="addQuantity", on="2026-01-25", service=REST),
        )

        assert seller(*lines).run("2026-01-31") == seller(*reversed(lines)).run("2026-01-31")


class TestALineThatGivesBack:
    def test_names_the_invoice_it_corrects(self) -> None:
        story = seller(line("a", "200.00"))
        invoice = only(story.run("2026-01-15"))
        story.provider_charges += (
            line("b", "-135.40", kind="cancelImmediate", on="2026-01-25", service=REST),
        )

        credit = only(story.run("2026-01-25"))

        assert (credit.kind, str(credit.net)) == ("credit_note", "148.94 EUR")
        original = credit.lines[0].original
        assert original is not None
        assert (original.number, original.period) == (invoice.number, MONTH)

    def test_takes_from_the_newest_invoice_first_and_never_more_than_it_was(self) -> None:
        """Invoices of 220.00 and 22.00; 100.00 x 1.10 come back: 22.00 of the second, 88.00 of the first."""
        story = seller(line("a", "200.00"))
        first = only(story.run("2026-01-15"))
        story.provider_charges += (line("b", "20.00", kind="addQuantity", on="2026-01-25", service=REST),)
        second = only(story.run("2026-01-25"))
        story.provider_charges += (line("c", "-100.00", kind="cancel", on="2026-01-26", service=REST),)

        lines = only(story.run("2026-01-26")).lines

        taken = {one.original.number: str(one.net) for one in lines if one.original}
        assert taken == {second.number: "22.00 EUR", first.number: "88.00 EUR"}
        assert story.run("2026-01-26") == ()

    def test_is_held_where_no_invoice_of_ours_is_known(self) -> None:
        story = seller(line("a", "-20.00", kind="customerCredit"))

        assert story.run("2026-01-15") == ()
        assert codes(story) == ["opening_missing"]


class TestALineToLookAt:
    def test_is_held_where_its_type_is_unknown(self) -> None:
        story = seller(line("a", "200.00", kind="surprise", flags=("'surprise' is no charge type we know.",)))

        assert story.run("2026-01-15") == ()
        assert codes(story) == ["unknown_charge_type"]

    def test_is_not_billed_in_another_currency(self) -> None:
        story = seller(line("a", "200.00", currency="USD"))

        assert story.run("2026-01-15") == ()
        assert story.last is not None
        assert [check.code for check in story.last.checks] == ["currency_mismatch"]

    def test_is_held_below_cost_or_below_the_floor(self) -> None:
        for terms, code in (
            ({"markup_percent": dec(-5)}, "margin_negative"),
            ({"margin_floor_percent": dec(10)}, "margin_below_floor"),
        ):
            story = seller(line("a", "200.00"), **terms)

            assert story.run("2026-01-15") == ()
            assert codes(story) == [code]


class TestAContractThatTurnsToTheProvidersLines:
    def test_bills_cycles_before_and_lines_after(self) -> None:
        own = contract(until=day("2026-02-15"))
        then = replace(contract(from_=day("2026-02-15"), bill_by="provider_lines"), code=own.code)
        story = seller(
            line("a", "99.00", on="2026-02-15", service=Period(day("2026-02-15"), day("2026-03-15")))
        )
        story.setup = replace(story.setup, contracts=(own, then))

        assert str(only(story.run("2026-01-15")).net) == "84.00 EUR"
        assert str(only(story.run("2026-02-15")).net) == "99.00 EUR"
        assert story.run("2026-04-01") == ()


class TestAPriceOfALine:
    @pytest.mark.parametrize(
        ("terms", "price"),
        [
            ({}, "200.00 EUR"),
            ({"markup_percent": dec(10)}, "220.00 EUR"),
            ({"margin_percent": dec(20)}, "250.00 EUR"),
            ({"markup_percent": dec(10), "margin_percent": dec(20)}, "220.00 EUR"),
            ({"markup_percent": dec("0.0025")}, "200.01 EUR"),
            ({"markup_percent": dec("0.0025"), "rounding": Rounding("per_line", "down")}, "200.00 EUR"),
        ],
    )
    def test_is_a_markup_of_its_cost_or_leaves_a_margin(self, terms: dict[str, Any], price: str) -> None:
        assert str(line_price(Money(20000, "EUR"), contract(**terms))) == price


class TestAnEventOfNothing:
    def test_is_a_charge_of_nothing(self) -> None:
        story = seller(line("a", "100.00"))
        story.run("2026-01-15")
        story.provider_charges += (
            line("b", "0", kind="convert", on="2026-01-20"),
            line("c", "1.00", on="2026-01-20"),
        )
        story.run("2026-01-20")

        nothing = next(one.charge for one in story.billed if not one.charge.net)
        assert nothing.original is None
        assert nothing.provider_keys == ("b",)


class TestEvents:
    def test_stand_in_the_order_of_service_and_day(self) -> None:
        later = Period(day("2026-02-15"), day("2026-03-15"))
        story = seller(
            line("c", "3.00", on="2026-01-16", kind="addQuantity"),
            line("d", "4.00", on="2026-02-15", service=later),
            line("a", "1.00"),
            line("b", "2.00", kind="extra"),
        )
        story.run("2026-02-20")

        told = sorted(
            (str(one.charge.cost), str(one.charge.ref.cycle_start), one.charge.ref.revision)
            for one in story.billed
        )
        assert told == [
            ("1.00 EUR", "2026-01-15", 1),
            ("2.00 EUR", "2026-01-15", 0),
            ("3.00 EUR", "2026-01-15", 2),
            ("4.00 EUR", "2026-02-15", 0),
        ]

    def test_go_on_from_the_revisions_that_stand(self) -> None:
        story = seller(line("a", "1.00"))
        story.run("2026-01-15")
        for at, key in enumerate("bcd"):
            story.provider_charges += (line(key, "1.00", on=f"2026-01-2{at}"),)
            story.run(f"2026-01-2{at}")

        assert [one.charge.ref.revision for one in story.billed] == [0, 1, 2, 3]

    def test_of_a_reversal_and_its_recharge_print_the_reversal_first(self) -> None:
        story = seller(line("z", "-100.00", kind="addQuantity"), line("a", "150.00", kind="addQuantity"))

        assert [str(one.net) for one in only(story.run("2026-01-15")).lines] == ["-110.00 EUR", "165.00 EUR"]
        assert story.billed[0].charge.net == Money(5500, "EUR")
        assert story.billed[0].charge.provider_keys == ("z", "a")

    def test_of_subscriptions_we_do_not_have_are_left(self) -> None:
        story = seller(line("a", "1.00"), replace(line("b", "2.00"), subscription="S9"))

        assert str(only(story.run("2026-01-15")).net) == "1.10 EUR"

    @pytest.mark.parametrize(
        ("kind", "as_"), [("seats", "recurring"), ("usage", "usage"), ("one_time", "one_time")]
    )
    def test_keep_their_kind(self, kind: Any, as_: str) -> None:
        given = replace(line("a", "1.00"), kind=kind, invoice="")
        story = seller(given)
        story.run("2026-01-15")

        charge = story.billed[0].charge
        assert (charge.kind, charge.facts.price.source) == (as_, "the provider's lines")


class TestWhatCannotBeRepeated:
    @pytest.mark.parametrize(
        ("terms", "code", "why"),
        [
            ({"bill_to": "party:NOBODY"}, "unassigned_subscription", "NOBODY is no party of ours"),
            ({"issuer": "XX"}, "unassigned_subscription", "names an issuer that is unknown"),
            ({"price_list": "GONE"}, "currency_mismatch", "bills in no known currency"),
        ],
    )
    def test_is_named_and_stops_nothing_else(self, terms: dict[str, Any], code: str, why: str) -> None:
        story = seller(line("a", "1.00"), **terms)
        story.run("2026-01-15")

        assert story.last is not None
        [check] = [one for one in story.last.checks if why in one.sentence]
        assert (check.code, check.subscription) == (code, "S1")

    def test_names_the_providers_currencies(self) -> None:
        story = seller(line("a", "1.00", currency="USD"), line("b", "1.00", currency="GBP"))
        story.run("2026-01-15")

        assert story.last is not None
        assert "charges it in GBP and USD" in story.last.checks[0].sentence


class TestAPartlyCoveredCredit:
    def test_keeps_payer_and_tax_of_each_original_and_holds_the_rest(self) -> None:
        """110.00 was billed to OLD at 7 %; 165.00 come back: 55.00 of them nobody was billed for."""
        parties = (party("ACME"), party("OLD"))
        story = seller(line("a", "100.00"), bill_to="party:OLD", tax_code="DE7")
        story.setup = replace(story.setup, parties=parties)
        first = only(story.run("2026-01-15"))
        now = contract(bill_by="provider_lines", markup_percent=dec(10))
        story.setup = replace(story.setup, contracts=(now,))
        story.provider_charges += (line("b", "-150.00", kind="cancel", on="2026-01-25", service=REST),)
        story.run("2026-01-25")

        assert story.last is not None
        charges = [charge for draft in story.last.drafts for charge in draft.charges]
        part, rest = sorted(charges, key=lambda charge: charge.original is None)
        assert (str(part.net), part.bill_to, part.tax_code, part.tax_percent) == (
            "-110.00 EUR", "OLD", "DE7", 7,
        )  # fmt: skip
        assert part.original is not None
        assert part.original.number == first.number
        assert (str(part.cost), part.unit_price, part.printed) == ("-100.00 EUR", -110, ())
        assert part.basis[-1] == "165.00 EUR in all, here 110.00 EUR"
        assert (str(rest.net), rest.bill_to, rest.original) == ("-55.00 EUR", "ACME", None)
        assert set(codes(story)) == {"opening_missing"}

    def test_is_not_of_an_invoice_for_other_days(self) -> None:
        story = seller(line("a", "100.00"))
        story.run("2026-01-15")
        later = Period(day("2026-02-15"), day("2026-03-15"))
        story.provider_charges += (line("b", "-50.00", kind="cancel", on="2026-02-15", service=later),)
        story.run("2026-02-15")

        assert codes(story) == ["opening_missing"]

    def test_leaves_alone_what_was_given_back_whole(self) -> None:
        story = seller(line("a", "100.00"))
        story.run("2026-01-15")
        for key, on in (("b", "2026-01-25"), ("c", "2026-01-26")):
            story.provider_charges += (line(key, "-100.00", kind="cancel", on=on, service=REST),)
            story.run(on)

        assert story.last is not None
        [charge] = [charge for draft in story.last.drafts for charge in draft.charges]
        assert (str(charge.net), charge.original) == ("-110.00 EUR", None)

    def test_of_a_cent_that_is_left_takes_it(self) -> None:
        story = seller(line("a", "100.00"), markup_percent=dec(0))
        story.run("2026-01-15")
        for key, net, on in (("b", "-99.99", "2026-01-25"), ("c", "-0.01", "2026-01-26")):
            story.provider_charges += (line(key, net, kind="cancel", on=on, service=REST),)
            story.run(on)

        assert [str(one.charge.net) for one in story.billed] == ["100.00 EUR", "-99.99 EUR", "-0.01 EUR"]

    def test_takes_back_from_an_invoice_of_one_cent(self) -> None:
        story = seller(line("a", "0.01"), markup_percent=dec(0))
        story.run("2026-01-15")
        story.provider_charges += (line("b", "-0.01", kind="cancel", on="2026-01-25", service=REST),)
        story.run("2026-01-25")

        assert [str(one.charge.net) for one in story.billed] == ["0.01 EUR", "-0.01 EUR"]

    def test_leaves_what_was_given_back_before(self) -> None:
        story = seller(line("a", "100.00"))
        story.run("2026-01-15")
        for key, on in (("b", "2026-01-25"), ("c", "2026-01-26")):
            story.provider_charges += (line(key, "-60.00", kind="cancel", on=on, service=REST),)
            story.run(on)

        assert [str(one.charge.net) for one in story.billed] == ["110.00 EUR", "-66.00 EUR"]
        assert story.last is not None
        waiting = [charge for draft in story.last.drafts for charge in draft.charges]
        assert sorted(str(charge.net) for charge in waiting) == ["-22.00 EUR", "-44.00 EUR"]
        assert set(codes(story)) == {"opening_missing"}


class TestAMarginOfALine:
    @pytest.mark.parametrize(("floor", "held_by"), [("9.09", []), ("9.10", ["margin_below_floor"])])
    def test_at_its_floor_passes(self, floor: str, held_by: list[str]) -> None:
        """220.00 for a cost of 200.00 leaves 9.0909... %."""
        story = seller(line("a", "200.00"), margin_floor_percent=dec(floor))
        story.run("2026-01-15")

        assert codes(story) == held_by

    def test_of_nothing_passes(self) -> None:
        story = seller(line("a", "200.00"), markup_percent=dec(0))

        assert len(story.run("2026-01-15")) == 1
