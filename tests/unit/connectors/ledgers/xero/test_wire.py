"""Our records as Xero's JSON: exact, complete, and nothing that we did not decide."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from connectors.errors import Refused
from connectors.ledgers.xero import limits
from connectors.ledgers.xero.wire import Unbound, needed, rate_there, rendered, tracking
from mappings.canonical.record import EmailRecord, Record, Reference, Target
from tests.unit.connectors.ledgers.xero import records as make

MARKER = "A" * 20


def body(record: Record, **settings: str) -> dict[str, Any]:
    made = rendered(record, marker=MARKER, bound=make.BOUND, organisation=make.organisation(**settings))
    told: dict[str, Any] = msgspec.json.Decoder(float_hook=Decimal).decode(made.body)
    return told


class TestInvoice:
    def test_says_everything_itself(self) -> None:
        told = body(make.document(purchase_order="PO-7", class_="EMEA"))

        assert told == {
            "Type": "ACCREC",
            "InvoiceNumber": "INV-2026-00001",
            "Contact": {"ContactID": make.ACME},
            "Date": "2026-11-02",
            "DueDate": "2026-12-02",
            "Status": "AUTHORISED",
            "CurrencyCode": "GBP",
            "LineAmountTypes": "Exclusive",
            "Reference": f"PO-7 subledger:{MARKER}",
            "LineItems": [
                {
                    "Description": told["LineItems"][0]["Description"],
                    "Quantity": 10,
                    "UnitAmount": 12,
                    "ItemCode": "M365",
                    "AccountCode": "200",
                    "TaxType": "OUTPUT2",
                    "TaxAmount": Decimal("24.00"),
                    "Tracking": [{"Name": "Region", "Option": "North"}],
                }
            ],
        }

    def test_in_another_currency_carries_our_rate_the_other_way_round(self) -> None:
        told = body(make.document(currency="EUR", rate="0.8712"))

        assert (told["CurrencyCode"], told["CurrencyRate"]) == ("EUR", Decimal("1.147842"))
        assert "CurrencyRate" not in body(make.document())

    def test_carries_the_marker_in_its_link_where_we_have_pages(self) -> None:
        told = body(make.document(purchase_order="PO-7"), source_url="https://billing.example")

        assert told["Url"] == f"https://billing.example/#subledger:{MARKER}"
        assert told["Reference"] == "PO-7"

    def test_without_any_tax_code_is_one_without_tax(self) -> None:
        told = body(make.document(lines=[[make.line(percent="0")]], tax_code=""))

        assert told["LineAmountTypes"] == "NoTax"
        assert not {"TaxType", "TaxAmount"} & told["LineItems"][0].keys()

    def test_leaves_the_tax_to_a_book_that_sets_it(self) -> None:
        told = body(make.document(tax_mode="ledger"))

        assert told["LineItems"][0]["TaxType"] == "OUTPUT2"
        assert "TaxAmount" not in told["LineItems"][0]

    def test_of_many_entities_has_a_text_line_before_each(self) -> None:
        told = body(make.document(lines=[[make.line()], [make.line(500, quantity="1", unit_price="5.00")]]))

        assert [one["Description"].split(":")[0] for one in told["LineItems"][::2]] == ["Acme 1", "Acme 2"]
        assert [len(one) for one in told["LineItems"]] == [1, 7, 1, 7]

    def test_prints_one_at_the_amount_where_four_decimals_do_not_do(self) -> None:
        told = body(make.document(lines=[[make.line(1, quantity="0.00001", unit_price="1000")]]))

        assert (told["LineItems"][0]["Quantity"], told["LineItems"][0]["UnitAmount"]) == (1, Decimal("0.01"))

    def test_of_whole_yen_has_no_decimals(self) -> None:
        lines = [[make.line(1200, currency="JPY", percent="10", quantity="10", unit_price="120")]]

        told = body(make.document(currency="JPY", rate="0.0053", lines=lines))

        assert told["LineItems"][0]["TaxAmount"] == 120

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            ({"currency": "KWD", "rate": "2.5", "customer_code": "ACME/GBP"}, "currency_decimals"),
            ({"number": "INV,1"}, "number_signs"),
            ({"number": "N" * 256}, "number_too_long"),
        ],
    )
    def test_that_xero_cannot_hold_is_refused_in_words(self, facts: dict[str, Any], code: str) -> None:
        with pytest.raises(Refused) as refused:
            body(make.document(**facts))

        assert refused.value.code == code
        assert refused.value.hint

    def test_cuts_what_is_too_long_but_never_the_marker(self) -> None:
        told = body(make.document(purchase_order="P" * 400))

        assert len(told["Reference"]) == limits.REFERENCE_MAX
        assert told["Reference"].endswith(f" subledger:{MARKER}")


class TestCreditNote:
    def test_has_its_own_number_and_no_due_date(self) -> None:
        told = body(make.document("CN-1", kind="credit_note"), source_url="https://billing.example")

        assert (told["Type"], told["CreditNoteNumber"]) == ("ACCRECCREDIT", "CN-1")
        assert not {"InvoiceNumber", "DueDate", "Url"} & told.keys()
        assert told["Reference"] == f"subledger:{MARKER}"


class TestContact:
    def test_is_known_by_our_number(self) -> None:
        told = body(make.customer(name="  Acme <Group>\n"))

        assert (told["Name"], told["ContactNumber"]) == ("Acme (Group)", f"subledger:{MARKER}")
        assert told["DefaultCurrency"] == "GBP"
        assert told["EmailAddress"] == "ap@acme.example"
        assert [one["AddressType"] for one in told["Addresses"]] == ["POBOX", "STREET"]

    def test_leaves_out_an_address_that_xero_refuses(self) -> None:
        assert "EmailAddress" not in body(make.customer(emails=("rechnung@müller.example",)))

    def test_stays_unlike_another_long_name(self) -> None:
        told = body(make.customer(name="A" * 400))

        assert len(told["Name"]) == limits.CONTACT_NAME_MAX
        assert told["Name"].endswith(MARKER[:6])

    def test_needs_no_parent(self) -> None:
        assert needed(make.customer(parent="GROUP/GBP")) == ()


class TestItem:
    def test_is_known_by_its_code_and_keeps_its_sales_text_clean(self) -> None:
        told = body(make.item('M"365'))

        assert told["Code"] == "M'365"
        assert told["PurchaseDescription"] == f"subledger:{MARKER}"
        assert "subledger" not in told["Description"]
        assert told["SalesDetails"] == {"AccountCode": "200"}


class TestNeeds:
    def test_names_each_once_and_the_accounts_of_lines(self) -> None:
        record = make.document(lines=[[make.line(), make.line()]], class_="EMEA")

        assert needed(record) == (
            Reference("account", "4000"),
            Reference("class", "EMEA"),
            Reference("customer", "ACME/GBP"),
            Reference("item", "M365"),
            Reference("tax_code", "S"),
        )

    def test_without_an_id_stops_the_rendering(self) -> None:
        with pytest.raises(Unbound):
            rendered(make.document(), marker=MARKER, bound={}, organisation=make.organisation())


class TestTracking:
    def test_takes_names_ids_and_two_categories(self) -> None:
        ids = "297c2dc5-cc47-4afd-8ec8-74990b8761e9=dc54c220-0140-495a-b925-3246adc0075f"

        assert tracking("Region=North; Department=R & D") == [
            {"Name": "Region", "Option": "North"},
            {"Name": "Department", "Option": "R & D"},
        ]
        assert set(tracking(ids)[0]) == {"TrackingCategoryID", "TrackingOptionID"}

    @pytest.mark.parametrize("told", ["North", "Region=", "A=1;B=2;C=3"])
    def test_refuses_what_is_none(self, told: str) -> None:
        with pytest.raises(Refused, match="Category=Option"):
            tracking(told)


class TestRate:
    def test_is_units_of_the_document_for_one_of_the_base(self) -> None:
        assert rate_there(Decimal("0.5")) == Decimal(2)
        assert rate_there(Decimal("0.00641")) == Decimal("156.006240")


class TestEmail:
    def test_is_not_offered(self) -> None:
        target = Target("invoice", "REF", "INV-1", make.document().document.gross)
        bound = {Reference("invoice", "REF"): "id"}

        with pytest.raises(Refused, match="addresses of its contact"):
            rendered(
                EmailRecord(target, ("a@b.example",)),
                marker=MARKER,
                bound=bound,
                organisation=make.organisation(),
            )
