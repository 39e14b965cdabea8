"""What we tell QuickBooks: the decisions of the wire, one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from connectors.ledgers.quickbooks.wire import Unbound, needed, number, rendered
from connectors.protocols import Expectation
from mappings.canonical.money import Money
from mappings.canonical.record import Record, Reference
from tests.unit.connectors.ledgers.quickbooks import records as make

MARKER = "ABCDEFGHIJKLMNOPQR23"


def body(record: Record, country: str = "US") -> dict[str, Any]:
    made = rendered(record, marker=MARKER, bound=make.BOUND, company=make.company(country))
    decoded: dict[str, Any] = json.loads(made.body, parse_float=Decimal)
    return decoded


def sales_lines(decoded: Mapping[str, Any]) -> list[Any]:
    return [one for one in decoded["Line"] if one["DetailType"] == "SalesItemLineDetail"]


class TestDocument:
    def test_carries_number_dates_and_marker(self) -> None:
        sent = body(make.document())

        assert (sent["DocNumber"], sent["TxnDate"], sent["DueDate"]) == (
            "INV-2026-00001",
            "2026-11-02",
            "2026-12-02",
        )
        assert sent["PrivateNote"] == f"subledger:{MARKER} REFINV-2026-00001"
        assert sent["EmailStatus"] == "NotSet"

    def test_expects_what_it_sends(self) -> None:
        made = rendered(make.document(), marker=MARKER, bound=make.BOUND, company=make.company())

        assert made.lookup == "INV-2026-00001"
        assert made.expect == Expectation(Money(12000, "USD"), Money(13200, "USD"), "101", 1)

    def test_allows_a_cent_a_line_where_the_ledger_sets_the_tax(self) -> None:
        record = make.document(tax_mode="ledger")
        made = rendered(record, marker=MARKER, bound=make.BOUND, company=make.company())

        assert made.expect.gross_within == len(record.document.lines)

    def test_always_sends_the_rate_of_a_foreign_currency(self) -> None:
        sent = body(make.document(currency="EUR", rate="1.0834"))

        assert (sent["CurrencyRef"], sent["ExchangeRate"]) == ({"value": "EUR"}, Decimal("1.0834"))

    def test_sends_no_rate_in_the_home_currency(self) -> None:
        assert "ExchangeRate" not in body(make.document())

    def test_of_a_credit_note_has_no_due_date(self) -> None:
        assert "DueDate" not in body(make.document(kind="credit_note"))

    def test_shows_the_purchase_order_as_memo(self) -> None:
        sent = body(make.document(purchase_order="PO-77"))

        assert sent["CustomerMemo"] == {"value": "Purchase order: PO-77"}

    def test_is_refused_before_it_is_released(self) -> None:
        with pytest.raises(ValueError, match="not released"):
            body(make.document(number=""))

    def test_is_refused_while_something_has_no_id(self) -> None:
        with pytest.raises(Unbound, match="class APAC has no id"):
            body(make.document(class_="APAC"))


class TestLines:
    def test_name_item_class_and_service_date(self) -> None:
        (line,) = sales_lines(body(make.document(class_="EMEA")))

        assert line["SalesItemLineDetail"] == {
            "ItemRef": {"value": "41"},
            "Qty": 10,
            "UnitPrice": 12,
            "ServiceDate": "2026-10-01",
            "TaxCodeRef": {"value": "TAX"},
            "ClassRef": {"value": "5000000000000007280"},
        }

    def test_explain_themselves(self) -> None:
        record = make.document(kind="credit_note", lines=[[make.line(original="INV-7")]])
        (line,) = sales_lines(body(record))

        assert line["Description"].splitlines() == [
            "Microsoft 365 E3",
            "2026-10-01..2026-10-31",
            "10 seats x 12.00 USD",
            "tier 1",
            "Corrects INV-7 of 2026-10-01 (2026-10-01..2026-10-31)",
        ]

    def test_are_grouped_under_headers_when_a_document_is_consolidated(self) -> None:
        sent = body(make.document(lines=[[make.line()], [make.line(), make.line()]]))

        assert [(one["LineNum"], one["DetailType"], one["Description"][:20]) for one in sent["Line"]] == [
            (1, "DescriptionOnly", "Acme 1: net 120.00 U"),
            (2, "SalesItemLineDetail", "Microsoft 365 E3\n202"),
            (3, "DescriptionOnly", "Acme 2: net 240.00 U"),
            (4, "SalesItemLineDetail", "Microsoft 365 E3\n202"),
            (5, "SalesItemLineDetail", "Microsoft 365 E3\n202"),
        ]

    @pytest.mark.parametrize(
        ("quantity", "price", "net", "sent"),
        [
            ("3", "0.333333", 100, ("1", "1.00")),
            ("10", "0.00000001", 0, ("1", "0.00")),
            ("2.5", "8.4", 2100, ("2.5", "8.4")),
            ("1E+1", "12.000000000000", 12000, ("10", "12.000000000000")),
        ],
    )
    def test_multiply_exactly_or_stand_at_one(
        self, quantity: str, price: str, net: int, sent: tuple[str, str]
    ) -> None:
        record = make.document(lines=[[make.line(net, quantity=quantity, unit_price=price)]])
        detail = sales_lines(body(record))[0]["SalesItemLineDetail"]

        assert (Decimal(detail["Qty"]), Decimal(detail["UnitPrice"])) == tuple(map(Decimal, sent))

    def test_keep_the_digits_of_their_currency(self) -> None:
        made = rendered(
            make.document(
                currency="JPY",
                lines=[[make.line(1200, currency="JPY", quantity="1", unit_price="1200")]],
                customer_code="ACME/USD",
                rate="0.0064",
            ),
            marker=MARKER,
            bound=make.BOUND,
            company=make.company(),
        )

        assert b'"Amount":1200,' in made.body


class TestTax:
    def test_in_the_us_is_our_total_over_tax_and_non(self) -> None:
        record = make.document(lines=[[make.line(), make.line(percent="0")]])
        sent = body(record)

        assert sent["TxnTaxDetail"] == {"TotalTax": Decimal("12.00")}
        assert [one["SalesItemLineDetail"]["TaxCodeRef"]["value"] for one in sales_lines(sent)] == [
            "TAX",
            "NON",
        ]
        assert "GlobalTaxCalculation" not in sent

    def test_in_the_us_follows_the_word_of_the_chart(self) -> None:
        """Where the ledger sets the tax our rate may be 0 although the line is taxable."""
        record = make.document(lines=[[make.line(percent="0")]], names={"S": "TAX"}, tax_mode="ledger")
        (line,) = sales_lines(body(record))

        assert line["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "TAX"}

    def test_set_by_the_us_ledger_needs_both_addresses(self) -> None:
        sent = body(make.document(tax_mode="ledger"))

        assert "TxnTaxDetail" not in sent
        assert sent["ShipAddr"] == sent["ShipFromAddr"] == sent["BillAddr"]

    def test_elsewhere_names_the_company_s_own_code(self) -> None:
        record = make.document(currency="GBP", home_currency="GBP", lines=[[make.line(currency="GBP")]])
        sent = body(record, "GB")

        assert sent["GlobalTaxCalculation"] == "TaxExcluded"
        assert sales_lines(sent)[0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "2"}
        assert "TxnTaxDetail" not in sent

    def test_elsewhere_does_not_apply_without_codes(self) -> None:
        sent = body(make.document(currency="GBP", home_currency="GBP", tax_code=""), "GB")

        assert sent["GlobalTaxCalculation"] == "NotApplicable"
        assert "TaxCodeRef" not in sales_lines(sent)[0]["SalesItemLineDetail"]


class TestCustomer:
    def test_carries_names_currency_and_marker(self) -> None:
        sent = body(make.customer())

        assert (sent["DisplayName"], sent["CompanyName"]) == ("Acme Group", "Acme Holding Inc.")
        assert sent["CurrencyRef"] == {"value": "USD"}
        assert sent["Notes"] == f"subledger:{MARKER} ACME/USD"
        assert sent["PrimaryEmailAddr"] == {"Address": "ap@acme.example"}
        assert sent["PrimaryTaxIdentifier"] == "91-1144442"

    def test_stands_below_its_parent(self) -> None:
        sent = body(make.customer("ACME-W/USD", parent="ACME/USD"))

        assert (sent["Job"], sent["ParentRef"]) == (True, {"value": "101"})

    def test_has_a_name_that_quickbooks_takes(self) -> None:
        assert body(make.customer(name=" Acme:\tWest \n"))["DisplayName"] == "Acme - West"

    def test_keeps_two_long_names_apart(self) -> None:
        name = body(make.customer(name="x" * 501))["DisplayName"]

        assert (len(name), name[-7:]) == (500, " ABCDEF")

    def test_with_a_resale_certificate_is_exempt_in_the_us(self) -> None:
        sent = body(make.customer(resale_certificate="RS-000123"))

        assert (sent["Taxable"], sent["TaxExemptionReasonId"], sent["ResaleNum"]) == (False, "9", "RS-000123")

    def test_never_has_half_a_certificate_number(self) -> None:
        assert "ResaleNum" not in body(make.customer(resale_certificate="17 characters long"))


class TestItem:
    def test_carries_the_marker_in_its_description(self) -> None:
        sent = body(make.item())

        assert sent["Description"] == f"Seats of Microsoft 365 E3\nsubledger:{MARKER}"
        assert (sent["Type"], sent["Sku"], sent["IncomeAccountRef"]) == (
            "Service",
            "CFQ7TTC0LCHC",
            {"value": "79"},
        )


class TestNeeds:
    def test_of_a_document_are_customer_items_codes_and_classes(self) -> None:
        record = make.document(currency="GBP", home_currency="GBP", class_="EMEA")

        assert needed(record, make.company("GB")) == (
            Reference("class", "EMEA"),
            Reference("customer", "ACME/GBP"),
            Reference("item", "M365"),
            Reference("tax_code", "S"),
        )

    def test_of_a_document_in_the_us_have_no_tax_code(self) -> None:
        assert {one.kind for one in needed(make.document(), make.company())} == {"customer", "item"}

    def test_of_an_item_is_its_account(self) -> None:
        assert needed(make.item(), make.company()) == (Reference("account", "4000"),)

    def test_of_a_customer_is_the_one_above(self) -> None:
        assert needed(make.customer(), make.company()) == ()
        assert needed(make.customer(parent="ACME/USD"), make.company()) == (
            Reference("customer", "ACME/USD"),
        )


class TestNumber:
    @pytest.mark.parametrize(
        ("value", "text"), [("1E-7", b"0.0000001"), ("1E+3", b"1000"), ("0.00", b"0.00"), ("-5.10", b"-5.10")]
    )
    def test_has_no_exponent(self, value: str, text: bytes) -> None:
        assert bytes(number(Decimal(value))) == text
