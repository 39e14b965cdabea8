"""Every body we send, against Intuit's own field data; and nothing in it that we did not decide."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ledgers.quickbooks.wire import ENTITY, needed, rendered
from mappings.canonical.party import Address
from mappings.canonical.record import CustomerRecord, Record
from tests.contract.quickbooks.schema import Schema
from tests.unit.connectors.ledgers.quickbooks import records as make

MARKER = "ABCDEFGHIJKLMNOPQR23"

ADDRESS = {"Line1", "Line2", "City", "CountrySubDivisionCode", "PostalCode", "Country"}
REF = {"value"}
LINE_DETAIL = {
    "ItemRef": REF,
    "Qty": None,
    "UnitPrice": None,
    "ServiceDate": None,
    "TaxCodeRef": REF,
    "ClassRef": REF,
}
LINE = {
    "LineNum": None,
    "Description": None,
    "Amount": None,
    "DetailType": None,
    "SalesItemLineDetail": LINE_DETAIL,
    "DescriptionLineDetail": {},
}
DOCUMENT = {
    "DocNumber": None,
    "TxnDate": None,
    "CustomerRef": REF,
    "CurrencyRef": REF,
    "ExchangeRate": None,
    "GlobalTaxCalculation": None,
    "PrivateNote": None,
    "CustomerMemo": {"value"},
    "EmailStatus": None,
    "BillEmail": {"Address"},
    "BillAddr": ADDRESS,
    "ShipAddr": ADDRESS,
    "ShipFromAddr": ADDRESS,
    "TxnTaxDetail": {"TotalTax"},
    "Line": LINE,
}
DECIDED: Mapping[str, Any] = {
    "Customer": {
        "DisplayName": None,
        "CompanyName": None,
        "CurrencyRef": REF,
        "Notes": None,
        "BillAddr": ADDRESS,
        "ShipAddr": ADDRESS,
        "PrimaryEmailAddr": {"Address"},
        "Job": None,
        "ParentRef": REF,
        "PrimaryTaxIdentifier": None,
        "Taxable": None,
        "TaxExemptionReasonId": None,
        "ResaleNum": None,
    },
    "Item": {"Name": None, "Type": None, "Description": None, "IncomeAccountRef": REF, "Sku": None},
    "Invoice": {**DOCUMENT, "DueDate": None},
    "CreditMemo": DOCUMENT,
}
"""Every member we decided to send. Anything else in a body is a defect, however valid it may be."""

US_RECORDS: tuple[Record, ...] = (
    make.customer(),
    make.customer(parent="ACME/USD", name="Acme: West\tCoast", resale_certificate="RS-1"),
    make.customer(name="x" * 600, resale_certificate="longer-than-sixteen-characters"),
    make.customer(emails=("a" * 120 + "@acme.example",), billing_address=Address()),
    make.item(),
    make.item(name="Microsoft: " + "x" * 200, sku="s" * 101),
    make.document(),
    make.document(kind="credit_note", lines=[[make.line(original="INV-2026-00001")]]),
    make.document(lines=[[make.line()], [make.line(-500, quantity="1", unit_price="-5.00")]]),
    make.document(lines=[[make.line(33, quantity="3", unit_price="0.111111111111")]], class_="EMEA"),
    make.document(lines=[[make.line(description="d" * 5000)]], purchase_order="PO " + "7" * 1200),
    make.document(tax_mode="ledger"),
    make.document(currency="EUR", rate="1.0834"),
)
UK_RECORDS: tuple[Record, ...] = (
    make.customer("ACME/GBP"),
    make.document(currency="GBP", home_currency="GBP", lines=[[make.line(currency="GBP")]]),
    make.document(
        currency="EUR", home_currency="GBP", rate="0.000000123", lines=[[make.line(currency="EUR")]]
    ),
    make.document(currency="GBP", home_currency="GBP", tax_code="", kind="credit_note"),
)
CASES = [("US", record) for record in US_RECORDS] + [("GB", record) for record in UK_RECORDS]


@pytest.fixture(scope="session")
def schema(contracts: Path) -> Schema:
    return Schema.read(contracts)


def body(record: Record, country: str) -> tuple[str, bytes]:
    made = rendered(record, marker=MARKER, bound=make.BOUND, company=make.company(country))
    return ENTITY[make.kind_and_ref(record)[0]], made.body


class TestBodies:
    @pytest.mark.parametrize(("country", "record"), CASES)
    def test_agree_with_the_official_fields(self, schema: Schema, country: str, record: Record) -> None:
        entity, sent = body(record, country)

        assert schema.problems(entity, sent) == []

    @pytest.mark.parametrize(("country", "record"), CASES)
    def test_have_no_member_that_we_did_not_decide(self, country: str, record: Record) -> None:
        entity, sent = body(record, country)

        assert list(_undecided(json.loads(sent), DECIDED[entity], entity)) == []

    @pytest.mark.parametrize(("country", "record"), CASES)
    def test_carry_plain_numbers(self, country: str, record: Record) -> None:
        """No number is a text, and none has an exponent, which some readers take for a float."""
        _, sent = body(record, country)

        assert not re.search(rb":-?\d+(\.\d+)?[eE]", sent)
        assert not re.search(rb'"(Amount|Qty|UnitPrice|TotalTax|ExchangeRate)":"', sent)

    @pytest.mark.parametrize(("country", "record"), CASES)
    def test_are_the_same_bytes_every_time(self, country: str, record: Record) -> None:
        assert body(record, country) == body(record, country)

    def test_need_no_more_than_is_announced(self) -> None:
        """Rendering looks up exactly the references that `needs` names."""
        for country, record in CASES:
            company = make.company(country)
            bound = {one: make.BOUND[one] for one in needed(record, company)}
            assert rendered(record, marker=MARKER, bound=bound, company=company).body

    def test_cover_both_sides_of_each_list(self) -> None:
        """A member of the list that no case sends would be a decision without a test."""
        seen: dict[str, set[str]] = {}
        for country, record in CASES:
            entity, sent = body(record, country)
            seen.setdefault(entity, set()).update(json.loads(sent))

        assert {entity: set(DECIDED[entity]) - members for entity, members in seen.items()} == {
            "Customer": set(),
            "Item": set(),
            "Invoice": set(),
            "CreditMemo": {"ShipAddr", "ShipFromAddr", "CustomerMemo", "ExchangeRate"},
        }


class TestAnyRecord:
    @given(
        name=st.text(min_size=1, max_size=700).filter(str.strip),
        legal=st.text(max_size=300),
        street=st.text(max_size=700),
    )
    def test_of_a_customer_fits(self, schema: Schema, name: str, legal: str, street: str) -> None:
        record = CustomerRecord("A/USD", "USD", name, legal, Address(street, street), Address())

        assert schema.problems("Customer", body(record, "US")[1]) == []

    @given(
        quantity=st.decimals(0, 10**6, places=6),
        price=st.decimals(0, 10**5, places=12),
        net=st.integers(0, 10**12),
    )
    def test_of_a_line_multiplies(self, schema: Schema, quantity: Decimal, price: Decimal, net: int) -> None:
        exact = quantity * price
        one = make.line(net, quantity=format(quantity, "f"), unit_price=format(price, "f"))
        fitting = make.line(
            int(exact.scaleb(2)), quantity=format(quantity, "f"), unit_price=format(price, "f")
        )

        for document in (make.document(lines=[[one]]), make.document(lines=[[fitting]])):
            assert schema.problems("Invoice", body(document, "US")[1]) == []


def _undecided(value: Any, decided: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _undecided(one, decided, path)
    elif isinstance(value, dict):
        for name, held in value.items():
            if name not in (decided or ()):
                yield f"{path}.{name}"
            elif isinstance(decided, Mapping):
                yield from _undecided(held, decided[name], f"{path}.{name}")


class TestTheChecks:
    """What a check never finds, it does not check."""

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"Foo": 1}, "Foo: unknown field"),
            ({"ExchangeRate": "1.1"}, "not a JSON number"),
            ({"DocNumber": "n" * 22}, "22 characters, 21 are allowed"),
            ({"CustomerMemo": {"value": "m" * 1001}}, "1001 characters, 1000 are allowed"),
            ({"BillAddr": {"PostalCode": "1" * 31}}, "31 characters, 30 are allowed"),
            ({"EmailStatus": "Sent"}, "'Sent' is not of EmailStatusEnum"),
            ({"TotalAmt": 1}, "TotalAmt: read only"),
            ({"TxnDate": "2026-1-1"}, "is not a date"),
            ({"CustomerRef": "101"}, "is not an object of ReferenceType"),
            ({"Line": []}, "no sales line"),
            ({"PrivateNote": ""}, "is not a text"),
        ],
    )
    def test_find_what_is_wrong(self, schema: Schema, change: dict[str, Any], told: str) -> None:
        changed = {**json.loads(body(make.document(), "US")[1]), **change}

        assert told in " | ".join(schema.problems("Invoice", json.dumps(changed).encode()))

    def test_find_a_wrong_product(self, schema: Schema) -> None:
        wrong = body(make.document(), "US")[1].replace(b'"Amount":120.00', b'"Amount":120.01')

        assert schema.problems("Invoice", wrong) == ["Invoice: 120.01 is not 10 x 12"]

    def test_find_a_member_nobody_decided(self) -> None:
        decided = {"Line": {"Amount": None}}

        assert list(_undecided({"Line": [{"Amount": 1, "Tax": 1}]}, decided, "I")) == ["I.Line.Tax"]
