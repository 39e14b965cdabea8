from __future__ import annotations

import pytest

from connectors.ledgers.quickbooks.simulator.company import Change
from tests.unit.connectors.ledgers.quickbooks.simulator.sending import Maker, invoice, put, refused


def job(name: str, parent: str) -> dict[str, object]:
    return {"DisplayName": name, "Job": True, "ParentRef": {"value": parent}}


class TestCustomer:
    @pytest.mark.parametrize(
        ("sent", "code"),
        [
            ({}, "6080"),
            ({"DisplayName": " contoso "}, "6240"),
            ({"DisplayName": "Paper Supplies"}, "6240"),
            ({"DisplayName": "a:b"}, "2040"),
            ({"DisplayName": "x" * 501}, "2050"),
            ({"DisplayName": "A", "PrimaryPhone": {"FreeFormNumber": "1" * 31}}, "2050"),
            ({"DisplayName": "A", "Job": True}, "2020"),
            ({"DisplayName": "A", "ParentRef": {"value": "102"}}, "2020"),
            ({"DisplayName": "A", "CurrencyRef": {"value": "EUR"}}, "6000"),
            ({"DisplayName": "A", "BillAddr": {f"Line{n}": "x" * 450 for n in range(1, 6)}}, "2050"),
            ({"DisplayName": "A", "PrimaryEmailAddr": {"Address": "a b@c.de"}}, "2210"),
            ({"DisplayName": "A", "Taxable": "yes"}, "2010"),
            ({"DisplayName": "A", "BillAddr": {"Line9": "x"}}, "2010"),
            ({"DisplayName": "A", "JobInfo": {"Status": "None"}}, "5030"),
        ],
    )
    def test_is_refused_for(self, sent: dict[str, object], code: str, make: Maker) -> None:
        assert refused(lambda: put(make(), "Customer", sent)) == [code]

    def test_is_named_after_its_parts(self, make: Maker) -> None:
        assert put(make(), "Customer", {"GivenName": "Ada", "FamilyName": "L"})["DisplayName"] == "Ada L"

    def test_takes_empty_texts_for_nothing(self, make: Maker) -> None:
        held = put(make(), "Customer", {"DisplayName": "A", "Notes": "", "Level": 0, "OpenBalanceDate": ""})

        assert "Notes" not in held

    def test_keeps_its_currency_for_ever(self, make: Maker) -> None:
        company = make(multicurrency=True)
        held = put(company, "Customer", {"DisplayName": "E", "CurrencyRef": {"value": "EUR"}})
        at = {"Id": held["Id"], "SyncToken": "0", "sparse": True}

        assert refused(lambda: put(company, "Customer", at | {"CurrencyRef": {"value": "USD"}})) == ["6000"]
        assert [row.body["Code"] for row in company.all("CompanyCurrency")] == ["EUR"]
        unknown = {"DisplayName": "X", "CurrencyRef": {"value": "XXX"}}
        assert refused(lambda: put(company, "Customer", unknown)) == ["2500"]

    def test_nests_four_levels_below_the_top_in_one_currency(self, make: Maker) -> None:
        company = make(multicurrency=True)
        parent = "102"
        for level in range(1, 5):
            held = put(company, "Customer", job(f"L{level}", parent))
            parent = held["Id"]

        assert held["FullyQualifiedName"] == "Contoso:L1:L2:L3:L4"
        assert refused(lambda: put(company, "Customer", job("L5", parent))) == ["6000"]
        foreign = job("E", "102") | {"CurrencyRef": {"value": "EUR"}}
        assert refused(lambda: put(company, "Customer", foreign)) == ["6000"]

    def test_frees_its_name_when_inactive(self, make: Maker) -> None:
        company = make()
        at = {"Id": "102", "SyncToken": "0", "sparse": True}

        gone = put(company, "Customer", at | {"Active": False})
        put(company, "Customer", {"DisplayName": "Contoso"})
        back = at | {"SyncToken": "1", "Active": True}

        assert gone["DisplayName"] == "Contoso (deleted)"
        assert refused(lambda: put(company, "Customer", back)) == ["6240"]
        assert put(company, "Customer", back | {"DisplayName": "Contoso 2"})["DisplayName"] == "Contoso 2"

    def test_sums_what_its_jobs_owe(self, make: Maker) -> None:
        company = make()
        below = put(company, "Customer", job("Branch", "102"))["Id"]
        put(company, "Invoice", invoice("A", CustomerRef={"value": below}, TxnTaxDetail={"TotalTax": 0}))

        shown = {row.id: company.rendered(row) for row in company.all("Customer")}

        assert (shown["102"]["Balance"], shown["102"]["BalanceWithJobs"]) == (0, 22)
        assert shown[below]["Balance"] == 22

    def test_is_announced(self, make: Maker) -> None:
        notices: list[Change] = []
        company = make(notices=notices)
        put(company, "Customer", {"DisplayName": "New"})
        company.flush()

        assert [(change.entity, change.verb) for change in notices] == [("Customer", "created")]


class TestLists:
    @pytest.mark.parametrize(
        ("entity", "sent", "code"),
        [
            ("Item", {"Type": "Service"}, "2020"),
            ("Item", {"Name": "A"}, "2020"),
            ("Item", {"Name": "A", "IncomeAccountRef": {"value": "35"}}, "6000"),
            ("Item", {"Name": "Seat", "IncomeAccountRef": {"value": "79"}}, "6240"),
            ("Item", {"Name": "A", "Type": "Inventory", "IncomeAccountRef": {"value": "79"}}, "5030"),
            ("Item", {"Name": "A:B", "IncomeAccountRef": {"value": "79"}}, "2040"),
            ("Account", {"Name": "A"}, "6010"),
            ("Account", {"Name": 'A"', "AccountType": "Income"}, "2040"),
            ("Account", {"Name": "A", "AccountType": "Treasure"}, "2170"),
            ("Term", {"Name": "A"}, "2020"),
            ("Term", {"Name": "x" * 32, "DueDays": 1}, "2050"),
            ("Class", {"Name": "A", "ParentRef": {"value": "9"}}, "2500"),
            ("CompanyCurrency", {"Code": "EUR"}, "6000"),
            ("TaxCode", {"Name": "A"}, "500"),
            (
                "Attachable",
                {"Note": "n", "AttachableRef": [{"EntityRef": {"type": "Moon", "value": "1"}}]},
                "6050",
            ),
        ],
    )
    def test_refuse(self, entity: str, sent: dict[str, object], code: str, make: Maker) -> None:
        assert refused(lambda: put(make(), entity, sent)) == [code]

    def test_show_classes_under_their_parents(self, make: Maker) -> None:
        company = make()
        top = put(company, "Class", {"Name": "Cloud"})["Id"]

        held = put(company, "Class", {"Name": "Azure", "ParentRef": {"value": top}})

        assert (held["FullyQualifiedName"], held["SubClass"]) == ("Cloud:Azure", True)
