"""What a QuickBooks book can do beyond posting: its lists, changes, voids, files, mails and links."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from connectors.conformance.tokens import MemoryTokens
from connectors.ledgers.quickbooks import limits, open_book
from connectors.protocols import Shipment, Token
from mappings.canonical.record import ApplicationRecord, Reference, Target
from tests.contract.quickbooks.opened import US, Opened, PassingClock, one, opened, posted
from tests.unit.connectors.ledgers.quickbooks import records as make


@pytest.fixture
def us() -> Iterator[Opened]:
    with opened(US) as company:
        yield company


class TestReferenceData:
    def test_has_inactive_records_and_our_marker(self, us: Opened) -> None:
        shipment = us.shipment(make.customer())
        (made,) = posted(us.ledger.push([shipment]))
        us.human().deactivate("Customer", "102")

        found = {one.ledger_id: one for page in us.ledger.reference_data("customer") for one in page}

        assert found[made.ledger_id].marker == shipment.marker
        assert found[made.ledger_id].emails == ("ap@acme.example",)
        assert (found["102"].is_active, found["102"].name) == (False, "Acme Europe")
        assert (found["102"].currency, found["101"].currency) == ("EUR", "USD")

    def test_tells_no_masked_tax_id(self, us: Opened) -> None:
        (made,) = posted(us.ledger.push([us.shipment(make.customer())]))

        found = {one.ledger_id: one for page in us.ledger.reference_data("customer") for one in page}

        assert found[made.ledger_id].tax_id == ""

    def test_of_items_has_names(self, us: Opened) -> None:
        found = [one for page in us.ledger.reference_data("item") for one in page]

        assert [(one.ledger_id, one.name) for one in found] == [("41", "Seats")]

    def test_comes_in_pages_each_one_read(self, us: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "QUERY_ROWS_MAX", 2)
        monkeypatch.setattr("connectors.ledgers.quickbooks.queries.QUERY_ROWS_MAX", 2)
        for name in ("One", "Two", "Three"):
            posted(us.ledger.push([us.shipment(make.customer(f"{name}/USD", name=name))]))
        before = us.calls("reads")

        pages = [len(page) for page in us.ledger.reference_data("customer")]

        assert (pages, us.calls("reads") - before) == ([2, 2, 1], 3)


class TestSettling:
    def test_applies_a_credit_note_to_an_invoice_once(self, us: Opened) -> None:
        """Row 61: the credit note path."""
        (invoice,) = posted(us.ledger.push([us.shipment(make.document())]))
        credit_record = make.document("CN-1", kind="credit_note")
        (credit,) = posted(us.ledger.push([us.shipment(credit_record)]))
        gross = credit_record.document.gross
        record = ApplicationRecord(
            Target("credit_note", "CREDIT", "CN-1", gross),
            Target("invoice", "INVOICE", "INV-2026-00001", gross),
            gross,
            "ACME/USD",
            date(2026, 11, 2),
        )
        bound = {
            Reference("invoice", "INVOICE"): invoice.ledger_id,
            Reference("credit_note", "CREDIT"): credit.ledger_id,
            Reference("customer", "ACME/USD"): "101",
        }
        rendered = us.ledger.render(record, marker="M" * 20, bound=bound)
        identity = ("k" * 32, "M" * 20)
        shipment = Shipment("application", *identity, rendered.lookup, rendered.body, rendered.expect)

        first, again = posted(us.ledger.push([shipment])), posted(us.ledger.push([shipment]))

        assert us.ledger.needs(record) == tuple(bound)[1::-1] + tuple(bound)[2:]
        assert first[0].ledger_id == again[0].ledger_id
        assert one(us.ledger.find([shipment])).ledger_id == first[0].ledger_id
        held = us.ledger._client.query("select * from Invoice").payload["QueryResponse"]["Invoice"]
        assert held[0]["Balance"] == 0


class TestLinks:
    @pytest.mark.parametrize(
        ("environment", "address"),
        [
            ("production", "https://qbo.intuit.com/app/invoice?txnId=7"),
            ("sandbox", "https://sandbox.qbo.intuit.com/app/invoice?txnId=7"),
        ],
    )
    def test_lead_to_the_document_there(self, environment: str, address: str) -> None:
        book = make.book(environment=environment, api_base="", token_endpoint="")
        session = open_book(
            book, clock=PassingClock(), tokens=MemoryTokens(Token("a", "r", datetime.now(UTC)))
        )

        assert session.link("invoice", "7") == address
