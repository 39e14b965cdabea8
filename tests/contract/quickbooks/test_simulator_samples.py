"""What Intuit's documents show as requests is taken, and answered in the shapes they show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.ledgers.quickbooks.simulator import (
    CompanyConfig,
    CustomerSeed,
    ItemSeed,
    NameSeed,
    Running,
    TaxCodeSeed,
    TaxRateSeed,
)
from tests.contract.quickbooks.simulator_calls import (
    UK,
    US,
    Caller,
    codes,
    decimal_json,
    sales_line,
    simulator,
    us_invoice,
)

CLASS = NameSeed("5000000000000007280", "Cloud Subscriptions")
ITEMS = (ItemSeed("41", "Seat"), ItemSeed("42", "Support"))
COMPANIES = (
    CompanyConfig(
        realm_id=US,
        name="US Corp",
        multicurrency=False,
        items=ITEMS,
        classes=(CLASS,),
        customers=(CustomerSeed("101", "Contoso"), CustomerSeed("102", "Contoso West Coast")),
    ),
    CompanyConfig(
        realm_id=UK,
        name="UK Ltd",
        country="GB",
        home_currency="GBP",
        items=ITEMS,
        customers=(CustomerSeed("210", "Fabrikam", "EUR"), CustomerSeed("211", "Litware", "USD")),
        tax_codes=(TaxCodeSeed("2", "20.0% S", "Standard", (TaxRateSeed("4", "20.0% S", Decimal(20)),)),),
    ),
)


@pytest.fixture
def running() -> Iterator[Running]:
    with simulator(*COMPANIES) as running:
        yield running


@pytest.fixture
def us(running: Running) -> Caller:
    return Caller(running, US)


@pytest.fixture
def uk(running: Running) -> Caller:
    return Caller(running, UK)


@pytest.fixture
def samples(contracts: Path) -> Path:
    return contracts / "qbo/samples"


def read(samples: Path, name: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads((samples / f"{name}.json").read_text(), parse_float=Decimal)
    return decoded


class TestInvoice:
    def test_of_a_us_company_reads_back_as_shown(self, us: Caller, samples: Path) -> None:
        wanted = read(samples, "invoice_create_us_ast_response")["Invoice"]

        held = us.created("Invoice", read(samples, "invoice_create_us_ast_request"))

        for member in ("TotalAmt", "Balance", "DueDate", "DocNumber", "TxnTaxDetail", "CustomField"):
            assert held[member] == wanted[member], member
        assert [line["DetailType"] for line in held["Line"]] == [
            line["DetailType"] for line in wanted["Line"]
        ]
        assert set(wanted) - set(held) == set()

    def test_outside_the_us_gets_its_tax_per_rate(self, uk: Caller, samples: Path) -> None:
        wanted = read(samples, "invoice_create_global_taxexcluded_response")["Invoice"]

        held = uk.created("Invoice", read(samples, "invoice_create_global_taxexcluded_request"))

        for member in ("TotalAmt", "HomeTotalAmt", "Balance", "TxnTaxDetail", "ExchangeRate"):
            assert held[member] == wanted[member], member

    def test_with_explicit_tax_keeps_that_tax(self, us: Caller, samples: Path) -> None:
        held = us.created("Invoice", read(samples, "invoice_create_us_explicit_tax_request"))

        assert held["TotalAmt"] == Decimal("240.08")

    def test_without_tax_totals_its_lines(self, uk: Caller, samples: Path) -> None:
        held = uk.created("Invoice", read(samples, "invoice_create_global_notapplicable_request"))

        assert held["TotalAmt"] == Decimal("50.00")

    def test_with_inclusive_amounts_totals_those(self, uk: Caller, samples: Path) -> None:
        body = read(samples, "invoice_create_global_taxinclusive_request")
        uk.created("Customer", {"DisplayName": "In pounds", "CurrencyRef": {"value": "GBP"}})
        pounds = uk.query("select * from Customer where DisplayName = 'In pounds'")["Customer"][0]

        held = uk.created("Invoice", body | {"CustomerRef": {"value": pounds["Id"]}})

        assert (held["TotalAmt"], held["TxnTaxDetail"]["TotalTax"]) == (120, 20)

    def test_lives_through_update_void_and_delete_as_shown(self, us: Caller, samples: Path) -> None:
        held = us.created("Invoice", read(samples, "invoice_create_us_ast_request"))
        at = {"Id": held["Id"]}

        edited = us.created("Invoice", read(samples, "invoice_sparse_update_request") | at)
        grown = us.created("Invoice", read(samples, "invoice_sparse_update_lines_request") | at)
        voided = us.created("Invoice", read(samples, "invoice_void_request") | at, operation="void")
        deleted = us.created("Invoice", read(samples, "invoice_delete_request") | at, operation="delete")

        assert edited["TotalAmt"] == Decimal("240.08")
        assert grown["TotalAmt"] == Decimal("264.08")
        wanted = read(samples, "invoice_void_response")["Invoice"]
        assert voided["PrivateNote"].startswith("Voided - ")
        assert voided["TxnTaxDetail"] == wanted["TxnTaxDetail"]
        assert (voided["TotalAmt"], voided["Balance"], voided["SyncToken"]) == (0, 0, "3")
        assert voided["Line"][0]["SalesItemLineDetail"]["Qty"] == 0
        assert deleted == {"Id": held["Id"], "status": "Deleted", "domain": "QBO"}

    def test_that_is_sent_says_so(self, us: Caller, samples: Path) -> None:
        held = us.created("Invoice", read(samples, "invoice_create_us_ast_request"))

        sent = decimal_json(us.post(f"invoice/{held['Id']}/send", b""))["Invoice"]

        assert sent["EmailStatus"] == read(samples, "invoice_send_response")["Invoice"]["EmailStatus"]
        assert sent["DeliveryInfo"]["DeliveryType"] == "Email"


class TestOtherRecords:
    def test_are_taken_as_the_documents_show_them(self, us: Caller, samples: Path) -> None:
        for entity, name in (
            ("Class", "class_create_request"),
            ("Item", "item_service_create_request"),
            ("Customer", "customer_create_parent_request"),
        ):
            sent = read(samples, name) | ({"Name": "Another class"} if entity == "Class" else {})
            held = us.created(entity, sent)
            wanted = read(samples, name.replace("_request", "_response"))[entity]
            assert set(wanted) - set(held) == set(), entity

    def test_a_sub_customer_hangs_below_its_parent(self, us: Caller, samples: Path) -> None:
        held = us.created("Customer", read(samples, "customer_create_subcustomer_request"))

        wanted = read(samples, "customer_create_subcustomer_response")["Customer"]
        assert held["FullyQualifiedName"] == "Contoso:Contoso West"
        assert held["PrimaryTaxIdentifier"] == wanted["PrimaryTaxIdentifier"]
        assert set(wanted) - set(held) == set()

    def test_a_deactivated_customer_reads_as_deleted(self, us: Caller, samples: Path) -> None:
        us.created("Customer", read(samples, "customer_sparse_update_request"))

        held = us.created("Customer", read(samples, "customer_deactivate_request"))

        assert (held["DisplayName"], held["Active"]) == ("Contoso West Coast (deleted)", False)

    def test_a_credit_memo_has_credit_left(self, us: Caller, samples: Path) -> None:
        held = us.created("CreditMemo", read(samples, "creditmemo_create_request"))

        wanted = read(samples, "creditmemo_create_response")["CreditMemo"]
        assert (held["TotalAmt"], held["RemainingCredit"]) == (wanted["TotalAmt"], wanted["RemainingCredit"])

    def test_a_payment_settles_invoice_and_credit_memo(self, us: Caller, samples: Path) -> None:
        invoice = us.created("Invoice", read(samples, "invoice_create_us_explicit_tax_request"))
        credit = us.created("CreditMemo", read(samples, "creditmemo_create_request"))
        body = read(samples, "payment_create_apply_invoice_and_creditmemo_request")
        body["Line"][0]["LinkedTxn"][0]["TxnId"] = invoice["Id"]
        body["Line"][1]["LinkedTxn"][0]["TxnId"] = credit["Id"]

        payment = us.created("Payment", body)

        assert payment["UnappliedAmt"] == 0
        assert decimal_json(us.get(f"invoice/{invoice['Id']}"))["Invoice"]["Balance"] == 0
        assert decimal_json(us.get(f"creditmemo/{credit['Id']}"))["CreditMemo"]["RemainingCredit"] == 0

    def test_a_tax_code_is_made_by_the_tax_service(self, uk: Caller, samples: Path) -> None:
        made = decimal_json(uk.post("taxservice/taxcode", read(samples, "taxservice_create_request")))

        assert set(made) - {"time"} == set(read(samples, "taxservice_create_response"))
        assert uk.query(f"select * from TaxCode where Id = '{made['TaxCodeId']}'")["TaxCode"][0]["Active"]

    def test_an_exchange_rate_is_kept_by_day(self, uk: Caller, samples: Path) -> None:
        uk.created("ExchangeRate", read(samples, "exchangerate_update_request"))

        held = decimal_json(uk.get("exchangerate", sourcecurrencycode="EUR", asofdate="2026-11-02"))

        assert held["ExchangeRate"]["Rate"] == Decimal("1.0845")

    def test_preferences_have_the_members_shown(self, us: Caller, samples: Path) -> None:
        wanted = read(samples, "preferences_response")["Preferences"]

        held = decimal_json(us.get("preferences"))["Preferences"]

        for group in ("SalesFormsPrefs", "CurrencyPrefs", "TaxPrefs"):
            assert set(held[group]) <= set(wanted[group]), group


class TestFault:
    def test_has_the_shape_and_words_shown(self, us: Caller, samples: Path) -> None:
        us.post("invoice", us_invoice("TAKEN"))
        wrong = us_invoice("N-1")
        line = sales_line("22.00", Qty=2, UnitPrice=10)
        seen = {
            "2010_unsupported_property": us.post("invoice", wrong | {"Foo": 1}),
            "2020_required_param": us.post("invoice", {"CustomerRef": {"value": "102"}}),
            "2040_illegal_chars": us.post("customer", {"DisplayName": "Contoso:West"}),
            "2050_length": us.post("invoice", us_invoice("N" * 24)),
            "2170_enumeration": us.post("invoice", wrong | {"EmailStatus": "HAS_BEEN_BILLED"}),
            "2500_invalid_reference": us.post("invoice", wrong | {"CustomerRef": {"value": "99"}}),
            "4000_query_parser": us.get("query", query="select * from Invoice where Id = '1' OR Id = '2'"),
            "4001_query_validation": us.get("query", query="select * from Invoice startposition 0"),
            "6070_amount": us.post("invoice", wrong | {"Line": [line]}),
            "6140_duplicate_docnumber": us.post("invoice", us_invoice("TAKEN")),
            "6240_duplicate_name": us.post("customer", {"DisplayName": "Contoso"}),
        }
        for name, answer in seen.items():
            wanted = read(samples, f"fault_400_{name}")
            assert answer.status_code == 400, name
            assert codes(answer) == [wanted["Fault"]["Error"][0]["code"]], name
            held = answer.json()
            assert set(held) == set(wanted)
            assert set(held["Fault"]) == set(wanted["Fault"])
            assert held["Fault"]["Error"][0]["Message"] == wanted["Fault"]["Error"][0]["Message"]
            assert set(held["Fault"]["Error"][0]) == {"Message", "Detail", "code", "element"}

    def test_of_the_gateway_has_lower_case_keys(self, us: Caller, uk: Caller, samples: Path) -> None:
        us.session.headers["Authorization"] = "Bearer gone"
        unauthorised = us.get("companyinfo/1")
        other_realm = uk.session.get(f"{us.base}/companyinfo/1", timeout=10)

        assert unauthorised.status_code == 401
        assert set(unauthorised.json()) == set(read(samples, "fault_401_3200_token_expired_gateway"))
        assert unauthorised.json()["fault"]["error"][0]["code"] == "3200"
        assert other_realm.status_code == 403
        assert other_realm.json()["fault"]["error"][0]["code"] == "3100"


class TestBatch:
    def test_answers_each_item_under_its_own_id(self, us: Caller, samples: Path) -> None:
        body = read(samples, "batch_request")
        us.created("Customer", {"DisplayName": "103"})
        body["BatchItemRequest"][1]["Invoice"]["CustomerRef"] = {"value": "102"}

        items = us.post("batch", body).json()["BatchItemResponse"]

        by_id = {item["bId"]: item for item in items}
        assert by_id["i1"]["Invoice"]["DocNumber"] == "CSP-2026-000301"
        assert by_id["i2"]["Invoice"]["DocNumber"] == "CSP-2026-000301"  # allowduplicatedocnum
        assert by_id["i3"]["Customer"]["Notes"] == "n"
        assert by_id["i4"]["Fault"]["Error"][0]["code"] == "610"
        assert by_id["q5"]["QueryResponse"] == {}
