"""What Xero answers and lists, as our values."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from connectors.ledgers.xero import echo
from connectors.ledgers.xero.changes import changes_of
from connectors.ledgers.xero.names import held_name
from mappings.canonical.money import Money
from tests.unit.connectors.ledgers.xero import records as make

OURS = make.shipment(make.document())


def entity(**changes: Any) -> dict[str, Any]:
    return {
        "Type": "ACCREC",
        "InvoiceID": "inv-1",
        "InvoiceNumber": "INV-2026-00001",
        "Reference": f"PO subledger:{OURS.marker}",
        "Contact": {"ContactID": make.ACME},
        "Status": "AUTHORISED",
        "CurrencyCode": "GBP",
        "LineItems": [{"Description": "header"}, {"AccountCode": "200"}],
        "TotalTax": Decimal("24.00"),
        "Total": Decimal("144.00"),
        "AmountDue": Decimal("44.00"),
        "UpdatedDateUTC": "/Date(1552327126117+0000)/",
        **changes,
    }


class TestPosted:
    def test_tells_id_version_and_totals(self) -> None:
        done = echo.posted(OURS, entity(), trace_id="t")

        assert (done.ledger_id, done.version, done.lookup) == ("inv-1", "1552327126117", "INV-2026-00001")
        assert (done.net, done.gross) == (Money(12000, "GBP"), Money(14400, "GBP"))

    @pytest.mark.parametrize(
        "changes",
        [
            {"InvoiceID": ""},
            {"Contact": {"ContactID": "somebody else"}},
            {"Total": "much"},
            {"Total": Decimal("1.005")},
        ],
    )
    def test_is_not_believed_when_it_contradicts_itself(self, changes: dict[str, Any]) -> None:
        with pytest.raises(echo.EchoUnreadable):
            echo.posted(OURS, entity(**changes), trace_id="")

    def test_is_read_from_the_official_example(self, contracts: Path) -> None:
        spec = yaml.load((contracts / "xero/xero_accounting.yaml").read_text(), Loader=yaml.CSafeLoader)
        content = spec["paths"]["/Invoices"]["put"]["responses"]["200"]["content"]["application/json"]
        example = content["example"]
        answer = msgspec.json.Decoder(float_hook=Decimal).decode(
            example if isinstance(example, str) else json.dumps(example, default=str)
        )
        told = answer["Invoices"][0]
        sent = replace(OURS, expect=replace(OURS.expect, customer_id=told["Contact"]["ContactID"]))

        done = echo.posted(sent, told, trace_id="")

        assert (done.lookup, done.gross) == ("INV-0007", Money(4000, "NZD"))


class TestHeld:
    def test_knows_ours_by_the_marker_and_counts_lines_with_amounts(self) -> None:
        held = echo.held(OURS, [entity()])

        assert held is not None
        assert (held.marker, held.lines, held.live, held.currency) == (OURS.marker, 1, True, "GBP")

    def test_finds_the_marker_in_a_link_too(self) -> None:
        held = echo.held(OURS, [entity(Reference="", Url=f"https://b.example/#subledger:{OURS.marker}")])

        assert held is not None
        assert held.marker == OURS.marker

    def test_prefers_ours_to_a_stranger_and_live_to_voided(self) -> None:
        stranger = entity(InvoiceID="inv-2", Reference="typed by hand")
        voided = entity(InvoiceID="inv-3", Status="VOIDED")

        held = echo.held(OURS, [stranger, voided, entity()])

        assert held is not None
        assert held.ledger_id == "inv-1"

    def test_never_takes_a_suppliers_bill_with_our_number_for_anything(self) -> None:
        assert echo.held(OURS, [entity(Type="ACCPAY")]) is None

    def test_finds_a_contact_that_was_renamed_by_our_key(self) -> None:
        ours = make.shipment(make.customer())
        renamed = {"ContactID": "c-1", "Name": "Acme plc", "ContactNumber": f"subledger:{ours.marker}"}
        archived = {"ContactID": "c-2", "Name": "ACME GROUP", "ContactStatus": "ARCHIVED"}

        held, stranger = echo.held(ours, [renamed, archived]), echo.held(ours, [archived])

        assert held is not None
        assert stranger is not None
        assert (held.ledger_id, held.marker) == ("c-1", ours.marker)
        assert (stranger.marker, stranger.live) == ("", False)


class TestChanges:
    def test_tell_what_is_open_and_leave_out_bills(self) -> None:
        (change,) = changes_of("invoice", [entity(), entity(Type="ACCPAY")])

        assert change.balance == Money(4400, "GBP")
        assert (change.marker, change.is_live, change.is_there) == (OURS.marker, True, True)

    @pytest.mark.parametrize(
        ("status", "is_live", "is_there"), [("VOIDED", False, True), ("DELETED", False, False)]
    )
    def test_tell_what_no_longer_counts(self, status: str, is_live: bool, is_there: bool) -> None:
        (change,) = changes_of("invoice", [entity(Status=status)])

        assert (change.is_live, change.is_there) == (is_live, is_there)

    def test_tell_of_a_merged_contact_that_it_is_gone(self) -> None:
        merged = {"ContactID": "c-1", "ContactStatus": "ARCHIVED", "MergedToContactID": "c-2"}

        (change,) = changes_of("customer", [merged])

        assert (change.is_there, change.is_active) == (False, False)


class TestNames:
    def test_of_contacts_and_items(self) -> None:
        contact = {"ContactID": "c", "Name": "Acme", "EmailAddress": "a@b.example", "ContactStatus": "ACTIVE"}

        held = held_name("customer", contact, home_currency="GBP")
        item = held_name("item", {"ItemID": "i", "Code": "M365", "Name": "Seats"}, home_currency="GBP")

        assert (held.currency, held.emails, held.is_active) == ("GBP", ("a@b.example",), True)
        assert (item.ledger_id, item.name, item.sku) == ("M365", "Seats", "M365")


class TestDay:
    def test_is_read_in_both_forms(self) -> None:
        assert echo.day_of("/Date(1546214400000+0000)/") == date(2018, 12, 31)
        assert echo.day_of("2018-12-31T00:00:00") == date(2018, 12, 31)
        assert echo.day_of(None) is None
