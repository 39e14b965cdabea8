"""What a QuickBooks book can do beyond posting: its lists, changes, voids, files, mails and links."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.ledgers.quickbooks import limits
from tests.contract.quickbooks.opened import US, Opened, opened, posted
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
