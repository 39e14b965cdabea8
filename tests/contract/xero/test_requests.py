"""The bodies we send are bodies of the official spec, to the member."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from connectors.ledgers.xero import open_book
from connectors.ledgers.xero.client import XeroClient
from connectors.ledgers.xero.followup_wire import aim_of
from connectors.ledgers.xero.wire import ENDPOINTS
from connectors.protocols import Token
from mappings.canonical.record import ApplicationRecord, Record
from tests.contract.xero.opened import PassingClock
from tests.contract.xero.samples import CREDIT, CREDIT_ID, IDS, INVOICE_ID, TARGET, documents
from tests.contract.xero.schema import misfits
from tests.unit.connectors.http.loopback import Loopback, MemoryTokens, answer, answering, serving
from tests.unit.connectors.ledgers.xero import records as make


@pytest.fixture(scope="module")
def spec(contracts: Path) -> dict[str, Any]:
    text = (contracts / "xero/xero_accounting.yaml").read_text()
    loaded: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return loaded


def body_of(server: Loopback) -> Any:
    """The JSON of the last request."""
    _, _, raw = server.requests[-1].partition(b"\r\n\r\n")
    return msgspec.json.Decoder(float_hook=Decimal).decode(raw)


class TestBodies:
    @pytest.mark.parametrize("index", range(5))
    def test_of_an_invoice_fit(self, spec: dict[str, Any], index: int) -> None:
        body = msgspec.json.Decoder(float_hook=Decimal).decode(documents("INV-1")[index].body)

        assert misfits(spec, "Invoice", body) == []

    @pytest.mark.parametrize(
        ("record", "schema"),
        [
            (make.document("CN-1", kind="credit_note"), "CreditNote"),
            (make.customer(), "Contact"),
            (make.item(), "Item"),
        ],
    )
    def test_of_other_records_fit(self, spec: dict[str, Any], record: Record, schema: str) -> None:
        body = msgspec.json.Decoder(float_hook=Decimal).decode(make.shipment(record, bound=IDS).body)

        assert misfits(spec, schema, body) == []

    def test_of_calls_fit_as_they_leave(self, spec: dict[str, Any]) -> None:
        record = ApplicationRecord(CREDIT, TARGET, TARGET.gross, "ACME/GBP", date(2026, 11, 2))
        aim = aim_of(make.shipment(record, bound=IDS).body)
        clock = PassingClock()
        ends = clock.now().replace(year=clock.now().year + 1)

        with serving(answering(answer("200 OK", b"{}"))) as server:
            tokens = MemoryTokens(Token("any", "any", ends, version=1))
            client: XeroClient = open_book(make.book(api_base=server.url), clock=clock, tokens=tokens)._client
            client.allocate(aim, key="k", not_after=None)
            allocation = body_of(server)
            client.void("Invoices", INVOICE_ID, key="k", not_after=None)
            void = body_of(server)
            client.void("CreditNotes", CREDIT_ID, key="k", not_after=None)
            void_credit = body_of(server)
            client.create("Items", [make.shipment(make.item()).body] * 2, key="k", not_after=None)
            items = body_of(server)

        assert misfits(spec, "Allocations", allocation) == []
        assert misfits(spec, "Invoices", void) == []
        assert misfits(spec, "CreditNotes", void_credit) == []
        assert misfits(spec, "Items", items) == []


class TestSchema:
    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"Status": "RELEASED"}, "not one of its values"),
            ({"InvoiceNumber": "N" * 256}, "longer than 255"),
            ({"Nonsense": 1}, "is unknown"),
            ({"Total": 1}, "only ever read"),
            ({"Url": 5}, "not string"),
            ({"Contact": {"ContactID": "x"}}, "no UUID"),
            ({"LineItems": [{"Quantity": "ten"}]}, "LineItems[0].Quantity"),
        ],
    )
    def test_notices_what_does_not_fit(self, spec: dict[str, Any], change: dict[str, Any], told: str) -> None:
        (wrong,) = misfits(spec, "Invoice", {"Type": "ACCREC", **change})

        assert told in wrong

    def test_knows_every_list_we_write(self, spec: dict[str, Any]) -> None:
        for endpoint in ENDPOINTS.values():
            assert endpoint.path in spec["components"]["schemas"][endpoint.path]["properties"]
