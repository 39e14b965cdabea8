from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.partner_center import Import, read_file

LINE: dict[str, object] = {
    "customerId": "c139c4bf-2e8b-4ab5-8bed-d9f50dcca7a2",
    "invoiceNumber": "G000773581",
    "orderId": "94e858b6d855",
    "orderDate": "2021-05-20T18:30:06.6045692Z",
    "productId": "CFQ7TTC0LH0R",
    "skuId": "0002",
    "chargeType": "addQuantity",
    "unitPrice": "16",
    "quantity": "50",
    "subtotal": "720",
    "taxTotal": "73",
    "totalForCustomer": "793",
    "currency": "USD",
    "subscriptionId": "86646af9-e80a-4aa0-da80-3fd2b792c2cc",
    "chargeStartDate": "2021-05-20T00:00:00Z",
    "chargeEndDate": "2021-06-19T00:00:00Z",
    "attributes": {"objectType": "OneTimeInvoiceLineItem"},
}

HEADER = (
    "InvoiceNumber,OrderId,OrderDate,ProductId,SkuId,ChargeType,Quantity,Subtotal,Currency,SubscriptionId,"
    "ChargeStartDate,ChargeEndDate"
)
ROW = (
    "G000773581,94e858b6d855,5/20/2021,CFQ7TTC0LH0R,0002,addQuantity,50,720.00,USD,"
    "86646af9-e80a-4aa0-da80-3fd2b792c2cc,5/20/2021,6/19/2021"
)


def read(*items: object) -> Import:
    return read_file(json.dumps({"items": list(items)}).encode(), name="lines.json")


def read_csv(*rows: str) -> Import:
    return read_file("\r\n".join(rows).encode("utf-8-sig"), name="lines.csv")


class TestLines:
    def test_that_are_identical_are_all_kept(self) -> None:
        lines = read(LINE, LINE, LINE).lines

        assert [line.ordinal for line in lines] == [0, 1, 2]
        assert len({line.key for line in lines}) == 3

    def test_have_the_same_key_as_text_and_as_number(self) -> None:
        texts, numbers = (
            read(LINE),
            read(LINE | {"quantity": 50, "subtotal": 720.0, "chargeType": "AddQuantity"}),
        )

        assert texts.lines[0].key == numbers.lines[0].key

    def test_have_the_same_key_from_csv(self) -> None:
        assert read_csv(HEADER, ROW).lines[0].key == read(LINE).lines[0].key

    @pytest.mark.parametrize("field", ["subtotal", "chargeType", "invoiceNumber", "skuId", "chargeEndDate"])
    def test_have_another_key_when_a_fact_differs(self, field: str) -> None:
        other = {"chargeType": "removeQuantity", "chargeEndDate": "2021-06-18T00:00:00Z"}.get(field, "7")

        assert read(LINE).lines[0].key != read(LINE | {field: other}).lines[0].key

    def test_of_an_unknown_charge_type_are_kept_and_flagged(self) -> None:
        imported = read(LINE | {"chargeType": "moonTax", "quota": {"of": [1.5]}})

        (line,) = imported.lines
        assert line.charge_type == "moonTax"
        assert line.extra == {"quota": {"of": [Decimal("1.5")]}}
        assert {flag.field for flag in imported.flags} == {"chargeType", "quota"}

    def test_that_are_thin_survive_and_say_what_they_lack(self) -> None:
        (line,) = read({"subscriptionId": "S", "chargeType": "new", "attributes": LINE["attributes"]}).lines

        assert (line.subtotal, line.charge_start, line.currency) == (None, None, "")
        assert {flag.field for flag in line.flags} == {"subtotal", "currency", "quantity"}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("subtotal", "1,234.56"),
            ("quantity", "many"),
            ("chargeStartDate", "2015-11-25T06: 41: 12Z"),
            ("chargeEndDate", "2021-05-01T00:00:00Z"),
            ("currency", "usd"),
            ("currency", "€"),
            ("pricingCurrency", "DEM"),
            ("orderId", {"nested": 1}),
        ],
    )
    def test_with_a_damaged_value_are_refused_by_row_and_field(self, field: str, value: object) -> None:
        imported = read(LINE, LINE | {field: value})

        assert len(imported.lines) == 1
        (refusal,) = imported.refusals
        assert (refusal.file, refusal.row, refusal.field) == ("lines.json", 2, field)

    def test_of_another_kind_are_refused_by_row(self) -> None:
        subscription = {"attributes": {"objectType": "Subscription"}}

        imported = read(LINE, subscription, 7, {})

        assert [refusal.row for refusal in imported.refusals] == [2, 3, 4]

    def test_that_repeat_a_flag_say_it_once(self) -> None:
        imported = read(*(LINE | {"quota": number} for number in range(5)))

        (flag,) = imported.flags
        assert (flag.row, flag.field) == (1, "quota")
        assert flag.sentence.endswith("The same in 4 more.")


class TestCsv:
    def test_is_read_by_its_header_whatever_the_order(self) -> None:
        columns, cells = HEADER.split(","), ROW.split(",")

        turned = read_csv(",".join(reversed(columns)), ",".join(reversed(cells)))

        (line,) = turned.lines
        assert (line.row, line.subtotal, line.charge_until) == (2, Decimal("720.00"), date(2021, 6, 20))
        assert line.key == read_csv(HEADER, ROW).lines[0].key
        assert "month/day/year" in turned.flags[0].sentence

    def test_may_state_another_order_of_dates(self) -> None:
        raw = (
            f"{HEADER}\n{ROW.replace('5/20/2021', '20/5/2021').replace('6/19/2021', '19/6/2021')}\n".encode()
        )

        assert read_file(raw, name="x", date_order="dmy").lines[0].charge_until == date(2021, 6, 20)
        assert {refusal.field for refusal in read_file(raw, name="x").refusals} == {
            "OrderDate",
            "ChargeStartDate",
            "ChargeEndDate",
        }

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (b"", "is empty"),
            (b"\xef\xbb\xbf  \r\n", "is empty"),
            (f"{HEADER};{ROW}".replace(",", ";").encode(), "not parted by commas"),
            (HEADER.replace(",", "\t").encode(), "not parted by commas"),
            (HEADER.encode("utf-16"), "UTF-16"),
            (f"{HEADER}\n{ROW}".encode().replace(b"addQ", b"\xfc"), "not UTF-8"),
            (f"{HEADER}\n{ROW}".encode().replace(b"addQ", b"\x00"), "NUL"),
            (f'{HEADER}\n"{ROW}'.encode(), "damaged after row 1"),
            (f"{HEADER}\n{'x' * 200_000}".encode(), "damaged after row 1"),
            (",".join(f"c{number}" for number in range(10_000)).encode(), "10000 columns"),
            (f"{HEADER},skuid\n".encode(), "this column twice"),
            (f"{HEADER},\n".encode(), "has no name"),
            (HEADER.replace("Subtotal,", "").encode(), "lacks the columns subtotal"),
            (b"PK\x03\x04rest of a workbook", "a packed file"),
            (b"\x1f\x8b\x08rest", "a packed file"),
            (b"some,other,table\n1,2,3\n", "no file of Partner Center"),
        ],
    )
    def test_that_cannot_be_read_is_refused_whole(self, raw: bytes, reason: str) -> None:
        imported = read_file(raw, name="bad.csv")

        assert imported.lines == ()
        (refusal,) = imported.refusals
        assert reason in refusal.sentence

    def test_rows_of_another_width_are_refused_one_by_one(self) -> None:
        imported = read_csv(HEADER, ROW, f"{ROW},extra", "", ROW)

        assert [line.row for line in imported.lines] == [2, 5]
        assert [refusal.row for refusal in imported.refusals] == [3]
        assert imported.rows == 3

    def test_with_a_header_alone_says_so(self) -> None:
        imported = read_csv(HEADER)

        assert (imported.lines, imported.refusals) == ((), ())
        assert "no rows" in imported.flags[0].sentence

    def test_without_invoice_numbers_is_not_invoiced_yet(self) -> None:
        assert read_csv(HEADER, ROW.replace("G000773581", "")).kind == "nce_unbilled_lines"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


class TestAnything:
    @given(st.dictionaries(st.sampled_from(sorted(LINE)), json_values, max_size=6))
    def test_in_a_row_is_read_or_refused(self, changes: dict[str, object]) -> None:
        imported = read(LINE | changes)

        assert imported.lines or imported.refusals

    @given(
        st.lists(
            st.sampled_from(["", "x", "-1", "1/1/0001", "9999-12-31", '"', "é", "=1+1", ROW]), max_size=14
        )
    )
    def test_in_a_csv_row_is_read_or_refused(self, cells: list[str]) -> None:
        imported = read_csv(HEADER, ",".join(cells))

        assert imported.kind

    @given(st.binary(max_size=80))
    def test_in_a_file_is_read_or_refused(self, raw: bytes) -> None:
        assert read_file(raw, name="any").kind

    @given(json_values)
    def test_in_a_json_file_is_read_or_refused(self, document: object) -> None:
        imported = read_file(json.dumps(document).encode(), name="any.json")

        assert imported.refusals or imported.flags
