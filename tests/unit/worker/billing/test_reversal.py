"""A document taken back as if it had never been: line by line, to the last minor unit."""

from __future__ import annotations

from typing import Any

from mappings.canonical.document import Document, Original
from mappings.canonical.money import Money
from tests.unit.worker.billing.world import (
    Seller,
    contract,
    day,
    dec,
    held,
    only,
    per_seat,
    price_list,
    setup,
    subscription,
)
from worker.billing.reversal import is_untouched, reversal
from worker.billing.values import BilledCharge, Draft

KEY = ("DE", "ACME", "EUR", "", "30", "", "ACME", "credit_note")


def seller() -> Seller:
    """Ten seats and one more subscription of two, both of January, with a cost."""
    prices = price_list("LIST", per_seat("8.40", cost=dec("8.00")))
    retail = price_list("RETAIL", per_seat("12.00"))
    return Seller(
        setup(
            price_lists=(prices, retail),
            contracts=(contract(retail_price_list="RETAIL", change_form="spans"),),
        ),
        (subscription(), subscription("S2")),
        (held("2026-01-01", 10), held("2026-01-01", 2, "S2")),
    )


def by_cycle(story: Seller) -> dict[Any, tuple[BilledCharge, ...]]:
    found: dict[Any, list[BilledCharge]] = {}
    for one in story.billed:
        found.setdefault((one.charge.ref.subscription, one.charge.ref.cycle_start), []).append(one)
    return {cycle: tuple(charges) for cycle, charges in found.items()}


def own_of(story: Seller, document: Document) -> tuple[BilledCharge, ...]:
    return tuple(one for one in story.billed if one.document_ref == document.ref)


def reversed_(story: Seller, document: Document) -> Draft:
    return reversal(document, own_of(story, document), by_cycle(story), key=KEY, reason="wrong price list")


class TestAReversal:
    def test_credits_the_same_amounts_under_a_name_of_its_own(self) -> None:
        story = seller()
        invoice = only(story.run("2026-01-01"))

        done = reversed_(story, invoice)
        credit = done.document

        assert (credit.kind, credit.net, credit.tax, credit.gross) == (
            "credit_note",
            invoice.net,
            invoice.tax,
            invoice.gross,
        )
        assert credit.ref != invoice.ref
        assert (credit.number, credit.series) == ("", "")
        assert (credit.document_date, credit.due_date, credit.tax_point) == (None, None, None)
        assert (done.key, done.checks) == (KEY, ())
        words = f"reverses {invoice.number} of 2026-01-01: wrong price list"
        for line, was in zip(credit.lines, invoice.lines, strict=True):
            assert (line.net, line.quantity, line.unit_price) == (was.net, was.quantity, was.unit_price)
            assert line.original == Original(invoice.number, day("2026-01-01"), was.service)
            assert line.basis == (*was.basis, words)
            assert line.charge.revision == 1
        assert [line.charge for line in credit.lines] == [charge.ref for charge in done.charges]

    def test_makes_its_charges_count_for_nothing(self) -> None:
        story = seller()
        invoice = only(story.run("2026-01-01"))

        first, _ = reversed_(story, invoice).charges

        assert (first.net, first.unit_price) == (Money(-8400, "EUR"), dec("-8.40"))
        assert (first.cost, first.retail) == (Money(-8000, "EUR"), Money(-12000, "EUR"))
        assert (first.reverses, first.ref.revision) == (0, 1)
        assert (first.facts.exact, first.facts.spans) == ("0", ())
        assert first.basis[-1].endswith("wrong price list")
        assert first.original is not None
        assert first.original.number == invoice.number

    def test_of_a_change_printed_in_lines_is_one_charge(self) -> None:
        story = seller()
        story.run("2026-01-01")
        story.change(held("2026-01-16", 12))
        change = only(story.run("2026-01-16"))
        assert len(story.billed[-1].charge.printed) == 3

        done = reversed_(story, change)

        assert [charge.printed for charge in done.charges] == [()]
        assert len(done.document.lines) == 3

    def test_is_named_after_every_charge_of_its_cycle(self) -> None:
        """The change of the 16th is taken back; the cycle has revisions 0 and 1, so this is 2."""
        story = seller()
        story.run("2026-01-01")
        story.change(held("2026-01-16", 12))
        change = only(story.run("2026-01-16"))

        [charge] = reversed_(story, change).charges

        assert (charge.ref.revision, charge.reverses) == (2, 1)

    def test_lets_the_next_bill_start_anew(self) -> None:
        story = seller()
        invoice = only(story.run("2026-01-01"))
        done = reversed_(story, invoice)
        story.billed += tuple(
            BilledCharge(charge, done.document.ref, "CRN-1", day("2026-01-02")) for charge in done.charges
        )

        assert str(only(story.run("2026-01-03")).net) == "100.80 EUR"


class TestADocument:
    def test_is_untouched_until_something_of_it_was_taken_back(self) -> None:
        story = seller()
        invoice = only(story.run("2026-01-01"))
        assert is_untouched(own_of(story, invoice), by_cycle(story))

        story.change(held("2026-01-16", 9))
        note = only(story.run("2026-01-16"))

        assert not is_untouched(own_of(story, invoice), by_cycle(story))
        assert not is_untouched(own_of(story, note), by_cycle(story))

    def test_of_additions_is_untouched_while_they_stand(self) -> None:
        story = seller()
        invoice = only(story.run("2026-01-01"))
        story.change(held("2026-01-16", 12))
        added = only(story.run("2026-01-16"))
        story.change(held("2026-01-20", 11))
        story.run("2026-01-20")

        assert is_untouched(own_of(story, invoice), by_cycle(story)), "the newest gave way first"
        assert not is_untouched(own_of(story, added), by_cycle(story))

    def test_of_zero_is_untouched(self) -> None:
        story = seller()
        free = price_list("LIST", per_seat("0"))
        story.setup = setup(price_lists=(free,), contracts=(contract(zero_documents="issue"),))
        document = only(story.run("2026-01-01"))

        assert is_untouched(own_of(story, document), by_cycle(story))
