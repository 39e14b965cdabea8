from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connectors.ledgers.quickbooks.simulator.operations import delete, void
from tests.unit.connectors.ledgers.quickbooks.simulator.sending import NOW, Maker, invoice, line, put, refused


class TestInvoice:
    def test_totals_lines_and_tax(self, make: Maker) -> None:
        held = put(
            make(), "Invoice", invoice("N", line(Decimal("10.10")), line(Decimal("5"), tax_code="NON"))
        )

        assert held["TxnTaxDetail"]["TotalTax"] == Decimal("0.92")
        assert held["TotalAmt"] == held["Balance"] == Decimal("16.02")

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"CustomerRef": None}, "2020"),
            ({"CustomerRef": {"value": "999"}}, "2500"),
            ({"Line": []}, "2020"),
            ({"Line": [{"DetailType": "DescriptionOnly", "Description": "words"}]}, "2020"),
            ({"Line": [line(Decimal(22), Qty=2, UnitPrice=Decimal("11.01"))]}, "6070"),
            ({"Line": [line(Decimal(22), Qty=2, UnitPrice=0)]}, "6070"),
            ({"Line": [line(tax_code="2")]}, "6100"),
            ({"Line": [line(ItemRef={"value": "999"})]}, "2500"),
            ({"Line": [line(ClassRef={"value": "999"})]}, "2500"),
            ({"Line": [line(Decimal(-1))]}, "6000"),
            ({"Line": [line("22")]}, "2080"),
            ({"Line": [{"Amount": 22, "DetailType": "GroupLineDetail"}]}, "5030"),
            ({"CurrencyRef": {"value": "EUR"}}, "6000"),
            ({"DocNumber": "N" * 22}, "2050"),
            ({"DocNumber": 7}, "2010"),
            ({"EmailStatus": "NeedToSend"}, "2020"),
            ({"BillEmail": {"Address": "nobody"}}, "2210"),
            ({"SalesTermRef": {"value": "99"}}, "2500"),
            ({"CustomField": [{"DefinitionId": "9", "Type": "StringType", "StringValue": "x"}]}, "6000"),
            ({"TxnDate": "2026-02-30"}, "2010"),
            ({"Line": [line()] * 751}, "6000"),
            ({"GlobalInfo": {"x": 1}}, "5030"),
            ({"sku": "x"}, "2010"),
        ],
    )
    def test_is_refused_for(self, wrong: dict[str, object], code: str, make: Maker) -> None:
        company = make()

        assert refused(lambda: put(company, "Invoice", invoice() | wrong)) == [code]
        assert list(company.all("Invoice")) == []

    def test_tells_every_malformed_member_at_once(self, make: Maker) -> None:
        wrong = invoice("N" * 30, EmailStatus="never", Foo=1)

        assert sorted(refused(lambda: put(make(), "Invoice", wrong))) == ["2010", "2050", "2170"]

    def test_takes_amounts_without_quantity_as_they_are(self, make: Maker) -> None:
        """python-quickbooks sends Qty 0 and UnitPrice 0 with an Amount; QuickBooks takes it."""
        held = put(
            make(), "Invoice", invoice("N", line(Decimal("7.5"), Qty=0, UnitPrice=0, TaxInclusiveAmt=0))
        )

        assert "Qty" not in held["Line"][0]["SalesItemLineDetail"]

    def test_rounds_quantity_times_price_half_up(self, make: Maker) -> None:
        priced = line(Decimal("0.53"), Qty=1, UnitPrice=Decimal("0.525"))

        assert put(make(), "Invoice", invoice("N", priced))["Line"][0]["Amount"] == Decimal("0.53")

    def test_treats_a_line_without_item_as_text(self, make: Maker) -> None:
        text = {"Amount": 99, "DetailType": "SalesItemLineDetail", "Description": "just words"}

        held = put(make(), "Invoice", invoice("N", line(tax_code="NON"), text))

        assert held["Line"][1] == {
            "DetailType": "DescriptionOnly",
            "Description": "just words",
            "DescriptionLineDetail": {},
            "Id": "2",
        }
        assert held["TotalAmt"] == 22

    def test_computes_inline_subtotals(self, make: Maker) -> None:
        text = {"DetailType": "DescriptionOnly", "Description": "Subtotal:"}

        held = put(
            make(), "Invoice", invoice("N", line(Decimal(1)), line(Decimal(2)), text, line(Decimal(4)))
        )

        assert held["Line"][2]["Amount"] == 3

    def test_takes_a_discount_of_the_whole(self, make: Maker) -> None:
        discount = {
            "DetailType": "DiscountLineDetail",
            "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
        }
        company = make()

        held = put(company, "Invoice", invoice("N", line(Decimal(100), tax_code="NON"), discount))

        assert held["TotalAmt"] == 90
        assert refused(
            lambda: put(company, "Invoice", invoice("M", line(), {"DetailType": "DiscountLineDetail"}))
        ) == ["6090"]
        unallowed = make(allow_discount=False)
        assert refused(lambda: put(unallowed, "Invoice", invoice("N", line(), discount))) == ["6000"]

    def test_keeps_a_number_to_itself(self, make: Maker) -> None:
        company = make()
        put(company, "Invoice", invoice("N"))

        assert refused(lambda: put(company, "Invoice", invoice("N"))) == ["6140"]
        assert put(company, "Invoice", invoice("N"), allow_duplicate=True)["DocNumber"] == "N"
        assert put(company, "CreditMemo", invoice("N"))["DocNumber"] == "N"

    def test_shares_numbers_where_the_company_does_not_check(self, make: Maker) -> None:
        company = make(refuses_duplicate_numbers=False)
        put(company, "Invoice", invoice("N"))

        assert put(company, "Invoice", invoice("N"))["DocNumber"] == "N"

    def test_is_numbered_by_the_company_only_without_custom_numbers(self, make: Maker) -> None:
        numbering = make(custom_txn_numbers=False)
        unnumbered = {name: value for name, value in invoice().items() if name != "DocNumber"}

        assert put(numbering, "Invoice", unnumbered)["DocNumber"] == "1001"
        assert put(numbering, "Invoice", unnumbered)["DocNumber"] == "1002"
        assert "DocNumber" not in put(make(), "Invoice", unnumbered)

    def test_is_due_after_the_days_of_its_terms(self, make: Maker) -> None:
        company = make()

        assert put(company, "Invoice", invoice("A", SalesTermRef={"value": "3"}))["DueDate"] == "2026-12-01"
        assert put(company, "Invoice", invoice("B"))["DueDate"] == "2026-11-01"

    def test_stays_out_of_closed_periods(self, make: Maker) -> None:
        company = make(book_close_date=date(2026, 10, 31))
        held = put(company, "Invoice", invoice("N"))
        closed = make(book_close_date=date(2026, 11, 1))

        assert held["TxnDate"] == "2026-11-01"
        assert refused(lambda: put(closed, "Invoice", invoice("N"))) == ["6210"]
        at = {"Id": held["Id"], "SyncToken": "0"}
        moved = at | {"sparse": True, "TxnDate": "2026-10-31"}
        assert refused(lambda: put(company, "Invoice", moved)) == ["6210"]


class TestUpdate:
    def test_needs_the_newest_version(self, make: Maker) -> None:
        company = make()
        held = put(company, "Invoice", invoice("N"))
        at = {"Id": held["Id"], "sparse": True, "PrivateNote": "x"}

        assert refused(lambda: put(company, "Invoice", at)) == ["2020"]
        assert refused(lambda: put(company, "Invoice", at | {"SyncToken": "7"})) == ["5010"]
        assert refused(lambda: put(company, "Invoice", at | {"Id": "999", "SyncToken": "0"})) == ["610"]
        assert put(company, "Invoice", at | {"SyncToken": "0"})["SyncToken"] == "1"

    def test_that_is_sparse_changes_what_it_names(self, make: Maker) -> None:
        company = make()
        held = put(
            company, "Invoice", invoice("N", PrivateNote="old", TxnTaxDetail={"TotalTax": Decimal("1.23")})
        )

        at = {"Id": held["Id"], "SyncToken": "0", "sparse": True}
        edited = put(company, "Invoice", at | {"CustomerMemo": {"value": "thanks"}})

        assert (edited["PrivateNote"], edited["CustomerMemo"]) == ("old", {"value": "thanks"})
        assert edited["TotalAmt"] == Decimal("23.23")

    def test_that_is_full_clears_what_it_leaves_out(self, make: Maker) -> None:
        company = make()
        held = put(company, "Invoice", invoice("N", PrivateNote="old"))

        edited = put(company, "Invoice", invoice("N") | {"Id": held["Id"], "SyncToken": "0"})

        assert "PrivateNote" not in edited

    def test_replaces_the_whole_set_of_lines(self, make: Maker) -> None:
        company = make()
        held = put(company, "Invoice", invoice("N", line(Decimal(1)), line(Decimal(2))))
        kept = held["Line"][1]

        at = {"Id": held["Id"], "SyncToken": "0", "sparse": True}
        edited = put(company, "Invoice", at | {"Line": [kept, line(Decimal(4))]})

        assert [(row.get("Id"), row["Amount"]) for row in edited["Line"]] == [("2", 2), ("3", 4), (None, 6)]


class TestVoid:
    def test_leaves_the_document_at_zero_with_its_number(self, make: Maker) -> None:
        company = make()
        held = put(company, "Invoice", invoice("N", PrivateNote="key"))

        row = void(company, "Invoice", {"Id": held["Id"], "SyncToken": "0"}, now=NOW)

        assert (row.body["TotalAmt"], row.body["PrivateNote"]) == (0, "Voided - key")
        assert refused(lambda: put(company, "Invoice", invoice("N"))) == ["6140"]

    def test_is_not_for_credit_memos(self, make: Maker) -> None:
        company = make()
        held = put(company, "CreditMemo", invoice("C"))

        assert refused(lambda: void(company, "CreditMemo", held, now=NOW)) == ["500"]


class TestDelete:
    def test_frees_the_number(self, make: Maker) -> None:
        company = make()
        held = put(company, "Invoice", invoice("N"))
        at = {"Id": held["Id"], "SyncToken": "0"}

        delete(company, "Invoice", at, now=NOW)

        assert put(company, "Invoice", invoice("N"))["Id"] != held["Id"]
        assert refused(lambda: put(company, "Invoice", at | {"sparse": True})) == ["610"]


class TestOutsideTheUS:
    def test_needs_calculation_code_and_currency(self, make: Maker) -> None:
        company = make(country="DE", home_currency="EUR", multicurrency=True)
        good = invoice(
            "N", line(tax_code="2"), CurrencyRef={"value": "EUR"}, GlobalTaxCalculation="TaxExcluded"
        )
        uncoded = [line() | {"SalesItemLineDetail": {"ItemRef": {"value": "41"}}}]

        assert refused(lambda: put(company, "Invoice", good | {"GlobalTaxCalculation": None})) == ["2020"]
        assert refused(lambda: put(company, "Invoice", good | {"CurrencyRef": None})) == ["2020"]
        assert refused(lambda: put(company, "Invoice", good | {"Line": uncoded})) == ["6000"]
        assert refused(lambda: put(company, "Invoice", good | {"Line": [line(tax_code="99")]})) == ["2500"]
        assert put(company, "Invoice", good)["TotalAmt"] == Decimal("26.18")

    def test_shows_home_amounts_at_the_sent_rate(self, make: Maker) -> None:
        company = make(country="GB", home_currency="GBP", multicurrency=True)
        buyer = put(company, "Customer", {"DisplayName": "Yen", "CurrencyRef": {"value": "JPY"}})["Id"]
        sent = invoice("N", line(Decimal(1005), tax_code="2"), CustomerRef={"value": buyer})
        sent |= {"CurrencyRef": {"value": "JPY"}, "GlobalTaxCalculation": "TaxExcluded"}

        held = put(company, "Invoice", sent | {"ExchangeRate": Decimal("0.0052")})
        unrated = put(company, "Invoice", sent | {"DocNumber": "M"})

        assert (held["TotalAmt"], held["HomeTotalAmt"]) == (1206, Decimal("6.27"))
        assert (unrated["ExchangeRate"], unrated["HomeTotalAmt"]) == (1, 1206)


class TestPayment:
    def test_applies_undoes_and_is_bounded(self, make: Maker) -> None:
        company = make()
        owed = put(company, "Invoice", invoice("N", line(tax_code="NON")))["Id"]
        link = {"Amount": 22, "LinkedTxn": [{"TxnId": owed, "TxnType": "Invoice"}]}
        sent = {"CustomerRef": {"value": "102"}, "TotalAmt": 22, "Line": [link]}
        stranger = link | {"LinkedTxn": [{"TxnId": "999", "TxnType": "Invoice"}]}

        assert refused(lambda: put(company, "Payment", sent | {"Line": [stranger]})) == ["620"]
        assert refused(lambda: put(company, "Payment", sent | {"TotalAmt": 21})) == ["6000"]
        paid = put(company, "Payment", sent)
        assert company.owed_by("102") == 0
        assert refused(lambda: put(company, "Payment", sent)) == ["6000"]
        delete(company, "Payment", {"Id": paid["Id"], "SyncToken": "0"}, now=NOW)
        assert company.owed_by("102") == 22

    def test_is_released_when_its_invoice_is_voided(self, make: Maker) -> None:
        company = make()
        owed = put(company, "Invoice", invoice("N", line(tax_code="NON")))["Id"]
        link = {"Amount": 22, "LinkedTxn": [{"TxnId": owed, "TxnType": "Invoice"}]}
        paid = put(company, "Payment", {"CustomerRef": {"value": "102"}, "TotalAmt": 22, "Line": [link]})

        void(company, "Invoice", {"Id": owed, "SyncToken": "1"}, now=NOW)

        row = company.get("Payment", paid["Id"])
        assert row is not None
        assert row.body["UnappliedAmt"] == 22
