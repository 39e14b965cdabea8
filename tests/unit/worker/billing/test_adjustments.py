"""Adjustments are owed once, whatever happens to them later."""

from __future__ import annotations

from typing import Any

from mappings.canonical.contract import Adjustment
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
