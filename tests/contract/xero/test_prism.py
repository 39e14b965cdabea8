"""Every request is one of the official spec, by path, headers and parameters: Prism serves that file."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import requests

from connectors.ledgers.xero import open_book
from connectors.ledgers.xero.client import XeroClient
from connectors.ledgers.xero.followup_wire import aim_of, file_of
from connectors.ledgers.xero.wire import ENDPOINTS
from connectors.protocols import Token
from mappings.canonical.record import ApplicationRecord, AttachmentRecord
from tests.contract.xero.opened import PassingClock
from tests.contract.xero.samples import CREDIT, CREDIT_ID, IDS, INVOICE_ID, TARGET, documents
from tests.servers import prism
from tests.unit.connectors.http.loopback import MemoryTokens
from tests.unit.connectors.ledgers.xero import records as make

PROJECT = Path(__file__).parents[3]
REFUSED = (400, 422)
"""422 by itself; 400 where the spec describes one for the operation."""


@pytest.fixture(scope="module")
def served(contracts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The official spec, served by Prism; with CI=true it is installed first."""
    if os.environ.get("CI") == "true":
        subprocess.run(["sh", ".ci/prism"], cwd=PROJECT, check=False, timeout=600)
    if why := prism.missing():
        pytest.skip(why)
    contract = contracts / "xero" / "xero_accounting.yaml"
    with prism.running_prism(contract, tmp_path_factory.mktemp("prism")) as url:
        yield url


@pytest.fixture(scope="module")
def client(served: str) -> XeroClient:
    """Our client on Prism, whose paths carry no version."""
    clock = PassingClock()
    tokens = MemoryTokens(Token("any", "any", clock.now() + timedelta(hours=1), version=1))
    return open_book(make.book(api_base=served), clock=clock, tokens=tokens)._client


class TestCreate:
    def test_of_invoices_is_accepted_one_and_many(self, client: XeroClient) -> None:
        bodies = [one.body for one in documents("INV-1")]

        for sent in ([bodies[0]], bodies):
            assert client.create("Invoices", sent, key="k" * 32, not_after=None).records("Invoices")

    def test_of_credit_notes_contacts_and_items_is_accepted(self, client: XeroClient) -> None:
        credit = make.shipment(make.document("CN-1", kind="credit_note"), bound=IDS)
        for shipment in (credit, make.shipment(make.customer()), make.shipment(make.item())):
            path = ENDPOINTS[shipment.kind].path

            assert client.create(path, [shipment.body], key=shipment.key, not_after=None).records(path)


class TestFollowUp:
    def test_void_is_accepted_for_both_kinds(self, client: XeroClient) -> None:
        for path, ledger_id in (("Invoices", INVOICE_ID), ("CreditNotes", CREDIT_ID)):
            assert client.void(path, ledger_id, key="k", not_after=None).records(path)

    def test_allocation_is_accepted(self, client: XeroClient) -> None:
        record = ApplicationRecord(CREDIT, TARGET, TARGET.gross, "ACME/GBP", date(2026, 11, 2))

        aim = aim_of(make.shipment(record, bound=IDS).body)

        assert client.allocate(aim, key="k", not_after=None).records("Allocations")

    def test_file_is_accepted(self, client: XeroClient) -> None:
        """The spec says `format: byte`, base64, where Xero's documentation says raw bytes: these are both."""
        record = AttachmentRecord(TARGET, "INV-1 é.pdf", "application/octet-stream", b"JVBERi0xLjQ=")
        body = make.shipment(record, bound=IDS).body

        reply = client.attach(aim_of(body), file_of(body), key="k", not_after=None)

        assert reply.records("Attachments")


class TestRead:
    def test_of_every_list_and_record_is_accepted(self, client: XeroClient) -> None:
        since = datetime(2026, 1, 1, tzinfo=UTC)
        where = {"where": 'CreditNoteNumber=="CN-1" OR CreditNoteNumber=="CN-2"'}

        assert client.page("Invoices", {"InvoiceNumbers": "INV-1,INV-2"}).payload
        assert client.page("Invoices", {}, since=since).payload
        assert client.page("CreditNotes", where | {"order": "CreditNoteNumber DESC"}).payload
        assert client.page("Contacts", {"searchTerm": "x", "includeArchived": "true"}, since=since).payload
        assert client.page("Items", {"where": 'Code=="M365"'}, since=since).payload
        assert client.document("Invoices", INVOICE_ID).records("Invoices")
        assert client.document("CreditNotes", CREDIT_ID).records("CreditNotes")
        assert client.attachments("Invoices", INVOICE_ID).payload
        assert client.organisation().records("Organisations")
        assert client.currencies().payload


class TestPrism:
    def test_does_refuse_what_the_spec_does_not_allow(self, served: str) -> None:
        """Else the tests above would prove nothing. It does not look into bodies: test_requests.py does."""
        headers = {"Authorization": "Bearer any", "xero-tenant-id": make.TENANT}

        def status(path: str, given: dict[str, str]) -> int:
            return requests.get(f"{served}/{path}", headers=given, timeout=120).status_code

        assert status("Invoices/no-uuid", headers) in REFUSED
        assert status("Contacts?summaryOnly=maybe", headers) in REFUSED
        assert status("Organisation", {"Authorization": "Bearer any"}) in REFUSED
        assert status("Organisation", {}) == 401
        assert status("Nonsense", headers) == 404
