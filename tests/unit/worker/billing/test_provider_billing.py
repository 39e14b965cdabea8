"""Contracts that repeat the provider's lines: each line once, pairs together, credits by their original."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mappings.canonical.money import Money
from mappings.canonical.period import Period
from mappings.canonical.provider import ProviderCharge
from tests.unit.worker.billing.world import (
    Seller,
    contract,
    day,
    dec,
    held,
    only,
    setup,
    subscription,
)

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
