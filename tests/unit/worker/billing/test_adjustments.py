"""Adjustments are owed once, whatever happens to them later."""

from __future__ import annotations

from typing import Any

from mappings.canonical.contract import Adjustment
from mappings.canonical.party import Registration
from tests.unit.worker.billing.world import (
    Seller,
    contract,
    day,
    held,
    only,
    party,
    replace,
    setup,
    subscription,
)
from worker.billing import ground_of
from worker.billing.adjustments import adjusted


def adjustment(net: str = "50.00", **more: Any) -> Adjustment:
    facts: dict[str, Any] = {"code": "A-1", "party": "ACME", "product": "E3", "on": day("2026-01-10")}
    return Adjustment(net=net, currency="EUR", reason="training", approved_by="JD", **{**facts, **more})


def seller(*adjustments: Adjustment, **world: Any) -> Seller:
    return Seller(setup(adjustments=adjustments, **world), ())


class TestAnAdjustment:
    def test_is_billed_on_its_day_and_once(self) -> None:
        one = seller(adjustment())

        assert one.run("2026-01-09") == ()
        invoice = only(one.run("2026-01-10"))
        assert (str(invoice.net), str(invoice.tax)) == ("50.00 EUR", "9.50 EUR")
        assert invoice.lines[0].basis == ("adjustment A-1: training, approved by JD",)
        assert one.run("2026-02-10") == ()

    def test_that_gives_back_is_a_credit_note_even_where_nothing_is_refunded(self) -> None:
        one = seller(adjustment("-50.00"), contracts=(contract(refund_method="none"),))

        assert only(one.run("2026-01-10")).kind == "credit_note"

    def test_goes_on_the_next_invoice_where_the_contract_nets(self) -> None:
        one = Seller(
            setup(adjustments=(adjustment("-50.00"),), contracts=(contract(refund_method="net_next"),)),
            (subscription(anchor=day("2026-01-10")),),
            (held("2026-01-10", 10),),
        )

        assert str(only(one.run("2026-01-10")).net) == "34.00 EUR"

    def test_of_another_amount_later_gives_the_difference(self) -> None:
        one = seller(adjustment())
        one.run("2026-01-10")
        one.setup = replace(one.setup, adjustments=(adjustment("70.00"),))

        assert str(only(one.run("2026-01-11")).net) == "20.00 EUR"
        assert one.run("2026-01-12") == ()

    def test_is_paid_by_whom_the_contract_says(self) -> None:
        parties = (party("GROUP"), party("ACME", parent="GROUP"))
        one = seller(adjustment(), parties=parties, contracts=(contract("GROUP", bill_to="consolidated"),))

        invoice = only(one.run("2026-01-10"))

        assert (invoice.bill_to.code, invoice.sections[0].party) == ("GROUP", "ACME")

    def test_without_a_contract_waits_and_says_so(self) -> None:
        one = seller(adjustment(), contracts=())

        assert one.run("2026-01-10") == ()
        assert one.last is not None
        assert [notice.code for notice in one.last.notices] == ["adjustment_waits"]

    def test_is_held_by_the_checks_of_its_payer(self) -> None:
        one = seller(adjustment(), parties=(party("ACME", country="AT"),))

        assert one.run("2026-01-10") == ()
        assert one.last is not None
        assert [check.code for check in one.last.drafts[0].checks] == ["missing_tax_id"]

    def test_is_a_charge_of_its_day_with_everything_a_line_needs(self) -> None:
        one = seller(adjustment())
        one.run("2026-01-12")

        charge = one.billed[0].charge
        assert (charge.kind, charge.issuer, charge.contract) == ("one_time", "DE", "C-ACME")
        assert (charge.party, charge.bill_to, charge.product) == ("ACME", "ACME", "E3")
        assert str(charge.service) == "2026-01-10..2026-01-10"
        assert charge.cycle == charge.service
        assert (charge.quantity, charge.unit_price) == (1, 50)
        assert (charge.ref.cycle_start, charge.ref.revision) == (day("2026-01-10"), 0)
        assert (charge.tax_code, charge.tax_treatment) == ("DE19", "domestic")
        assert (charge.facts.price.source, charge.facts.price.unit) == ("adjustment A-1", "seat")
        assert charge.facts.known_until == day("2026-01-12")

    def test_counts_every_difference_that_was_billed(self) -> None:
        one = seller(adjustment())
        for net, on in (("50.00", "2026-01-10"), ("70.00", "2026-01-11"), ("40.00", "2026-01-12")):
            one.setup = replace(one.setup, adjustments=(adjustment(net),))
            one.run(on)

        assert [str(billed.charge.net) for billed in one.billed] == ["50.00 EUR", "20.00 EUR", "-30.00 EUR"]
        assert [billed.charge.ref.revision for billed in one.billed] == [0, 1, 2]

    def test_stands_by_day_then_code(self) -> None:
        due = (
            adjustment("3.00", code="B", on=day("2026-01-02")),
            adjustment("2.00", code="C", on=day("2026-01-01")),
            adjustment("1.00", code="A", on=day("2026-01-02")),
        )

        found = adjusted(due, (), ground=ground_of(setup()), as_of=day("2026-01-10"))

        assert [charge.net.minor for charge in found.charges] == [200, 100, 300]

    def test_billed_already_does_not_stop_the_others(self) -> None:
        one = seller(adjustment())
        one.run("2026-01-10")
        one.setup = replace(one.setup, adjustments=(adjustment(), adjustment("1.00", code="Z")))

        assert str(only(one.run("2026-01-11")).net) == "1.00 EUR"

    def test_that_waits_does_not_stop_the_others(self) -> None:
        """A-0 names a contract, so it would find one, but nobody is known by its party."""
        one = seller(adjustment(code="A-0", party="NOBODY", contract="C-ACME"), adjustment())

        assert str(only(one.run("2026-01-10")).net) == "50.00 EUR"
        assert one.last is not None
        [notice] = one.last.notices
        assert "Adjustment A-0 of 50.00 EUR for NOBODY is not billed: its party" in notice.sentence

    def test_says_what_is_unknown(self) -> None:
        payer = contract(bill_to="party:NOBODY")
        stories = (
            seller(adjustment(product="GONE")),
            seller(adjustment(), contracts=(payer,)),
            seller(adjustment(), contracts=(contract(issuer="XX"),)),
        )

        sentences = []
        for one in stories:
            assert one.run("2026-01-10") == ()
            assert one.last is not None
            sentences += [notice.sentence for notice in one.last.notices]

        assert "its party or product is unknown" in sentences[0]
        assert "bills to NOBODY, which is unknown" in sentences[1]
        assert "no contract with a known issuer" in sentences[2]

    def test_is_billed_under_the_contract_it_names(self) -> None:
        two = (contract(code="Z"), contract(code="PROJECT", purchase_order="PO-9"))
        one = seller(adjustment(contract="PROJECT"), contracts=two)

        assert only(one.run("2026-01-10")).purchase_order == "PO-9"

    def test_is_taxed_like_any_sale_with_its_reason(self) -> None:
        abroad = party("ACME", country="FR", tax_ids=(Registration("FR", "FR40303265045"),))
        one = seller(adjustment(), parties=(abroad,))
        one.run("2026-01-10")

        charge = one.billed[0].charge
        assert (charge.tax_treatment, charge.tax_reason) == ("reverse_charge", "Reverse charge")
        assert charge.facts.months == 0
