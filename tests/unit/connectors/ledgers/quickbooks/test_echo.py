"""What QuickBooks tells us: echoes of creates, and records found under a number or name."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from connectors.ledgers.quickbooks import echo
from connectors.protocols import Held, Shipment
from mappings.canonical.money import Money
from tests.unit.connectors.ledgers.quickbooks import records as make

INVOICE: Shipment = make.shipment(make.document())


def invoice(**changes: Any) -> dict[str, Any]:
    return {
        "Id": "1501",
        "SyncToken": "0",
        "DocNumber": "INV-2026-00001",
        "CustomerRef": {"value": "101", "name": "Acme"},
        "CurrencyRef": {"value": "USD"},
        "PrivateNote": f"subledger:{INVOICE.marker} REF",
        "TotalAmt": Decimal("132.0"),
        "TxnTaxDetail": {"TotalTax": 12},
        "Line": [
            {"DetailType": "SalesItemLineDetail"},
            {"DetailType": "DescriptionOnly"},
            {"DetailType": "SubTotalLineDetail"},
        ],
        **changes,
    }


def held(*entities: Mapping[str, Any], shipment: Shipment = INVOICE) -> Held | None:
    return echo.held(shipment, entities, home_currency="USD")


class TestPosted:
    def posted(self, entity: Mapping[str, Any]) -> Any:
        return echo.posted(INVOICE, entity, home_currency="USD", trace_id="t-1")

    def test_has_id_version_number_and_totals(self) -> None:
        done = self.posted(invoice())

        assert (done.ledger_id, done.version, done.lookup, done.trace_id) == (
            "1501",
            "0",
            "INV-2026-00001",
            "t-1",
        )
        assert (done.net, done.gross) == (Money(12000, "USD"), Money(13200, "USD"))

    def test_reads_a_currency_that_is_not_told_as_the_home_currency(self) -> None:
        entity = invoice()
        del entity["CurrencyRef"]

        assert self.posted(entity).gross == Money(13200, "USD")

    @pytest.mark.parametrize("given", ["Infinity", Decimal("1.234"), "x", {}])
    def test_is_not_built_from_an_amount_that_is_none(self, given: object) -> None:
        with pytest.raises(echo.EchoUnreadable):
            self.posted(invoice(TotalAmt=given))

    @pytest.mark.parametrize("given", [{"Id": ""}, {"Id": None}, {"CustomerRef": {"value": "999"}}])
    def test_is_not_built_from_a_wrong_echo(self, given: dict[str, Any]) -> None:
        with pytest.raises(echo.EchoUnreadable):
            self.posted(invoice(**given))


class TestHeld:
    def test_is_ours_by_the_marker(self) -> None:
        assert held(invoice()) == Held(
            ledger_id="1501",
            version="0",
            lookup="INV-2026-00001",
            marker=INVOICE.marker,
            currency="USD",
            customer_id="101",
            net=Money(12000, "USD"),
            gross=Money(13200, "USD"),
            lines=1,
            live=True,
        )

    def test_finds_the_marker_anywhere_in_the_note(self) -> None:
        """A void pushes the note to the right, and people write into it."""
        found = held(
            invoice(
                PrivateNote=f"Voided - call Ann! subledger:{INVOICE.marker} x", TotalAmt=0, TxnTaxDetail={}
            )
        )

        assert found is not None
        assert (found.marker, found.live) == (INVOICE.marker, False)

    @pytest.mark.parametrize("note", ["", "subledger:ABCDEFGHIJKLMNOPQR23", INVOICE.marker, None])
    def test_of_a_stranger_has_no_marker(self, note: str | None) -> None:
        found = held(invoice(PrivateNote=note))

        assert found is not None
        assert found.marker == ""

    def test_with_an_amount_is_live_whatever_its_note_says(self) -> None:
        found = held(invoice(PrivateNote="Voided cheque came back"))

        assert found is not None
        assert found.live

    def test_prefers_ours_among_several_under_one_number(self) -> None:
        found = held(invoice(Id="1", PrivateNote="theirs"), invoice(Id="2"), invoice(Id="3", PrivateNote=""))

        assert found is not None
        assert found.ledger_id == "2"

    def test_prefers_the_live_one_of_ours(self) -> None:
        voided = invoice(
            Id="1", PrivateNote=f"Voided subledger:{INVOICE.marker}", TotalAmt=0, TxnTaxDetail=None
        )

        found = held(voided, invoice(Id="2"))

        assert found is not None
        assert found.ledger_id == "2"

    def test_is_nothing_under_another_number(self) -> None:
        assert held(invoice(DocNumber="INV-2026-000011")) is None

    def test_of_an_inactive_customer_is_not_live(self) -> None:
        shipment = make.shipment(make.customer())
        gone = {
            "Id": "7",
            "DisplayName": "Acme Group (deleted)",
            "Active": False,
            "Notes": f"subledger:{shipment.marker} ACME/USD",
        }

        found = held(gone, shipment=shipment)

        assert found is not None
        assert (found.marker, found.live, found.net) == (shipment.marker, False, None)

    def test_of_a_name_does_not_depend_on_case(self) -> None:
        found = held({"Id": "7", "DisplayName": "ACME group"}, shipment=make.shipment(make.customer()))

        assert found is not None
        assert found.marker == ""

    def test_of_an_item_is_ours_by_its_description(self) -> None:
        shipment = make.shipment(make.item())
        found = held(
            {"Id": "41", "Name": "Microsoft 365 E3", "Description": f"Seats\nsubledger:{shipment.marker}"},
            shipment=shipment,
        )

        assert found is not None
        assert found.marker == shipment.marker


class TestHighest:
    def test_counts_digits_instead_of_comparing_texts(self) -> None:
        assert echo.highest("INV-", ["INV-9", "INV-10", "INV-x", "OTHER-99", "INV-2b"]) == "INV-10"

    def test_is_empty_when_nothing_fits(self) -> None:
        assert echo.highest("INV-", []) == ""
