"""What people do inside the books behind our back: edit, void, archive, merge, pay, type in by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from connectors.ledgers.xero.simulator import documents, lists
from connectors.ledgers.xero.simulator.organisation import Body, Organisation, Row
from connectors.ledgers.xero.simulator.voice import Refusal, bad_request
from connectors.simulation.clock import SimulatorClock


class Human:
    """Acts on one organisation, past limits and tokens; is refused like any caller."""

    def __init__(self, organisation: Organisation, clock: SimulatorClock) -> None:
        self._organisation = organisation
        self._clock = clock

    def edit(self, kind: str, identifier: str, changes: Mapping[str, object]) -> Row:
        """Other values of some members; `Total` too, as an edited line would give."""
        with self._acting() as now:
            row = self._row(kind, identifier)
            return self._organisation.put(kind, {**row.body, **changes}, now=now)

    def void(self, kind: str, identifier: str) -> Row:
        with self._acting() as now:
            errors = documents.void(self._organisation, kind, self._row(kind, identifier), now=now)
            _refuse(errors)
            return self._row(kind, identifier)

    def archive(self, contact: str, *, is_active: bool = False) -> Row:
        """Take a contact out of use, or back."""
        with self._acting() as now:
            row = self._row("Contacts", contact)
            return lists.archive(self._organisation, row, is_active=is_active, now=now)

    def merge(self, loser: str, survivor: str) -> Row:
        """Two contacts become one: the loser is archived and says where it went."""
        with self._acting() as now:
            kept, lost = self._row("Contacts", survivor), self._row("Contacts", loser)
            for kind in documents.TYPES:
                for row in list(self._organisation.all(kind)):
                    contact = row.body["Contact"]
                    if isinstance(contact, dict) and contact["ContactID"] == loser:
                        told: Body = {"ContactID": kept.id, "Name": kept.body["Name"]}
                        self._organisation.put(kind, {**row.body, "Contact": told}, now=now)
            gone: Body = {**lost.body, "ContactStatus": "ARCHIVED", "MergedToContactID": kept.id}
            self._organisation.put("Contacts", gone, now=now)
            return kept

    def create_invoice(self, *, number: str, type_: str = "ACCREC", amount: Decimal = Decimal(100)) -> Row:
        """A stranger's invoice with a given number, or a supplier's bill with it."""
        with self._acting() as now:
            account = next(one.code for one in self._organisation.config.accounts if one.type != "BANK")
            sent: Body = {
                "Type": type_,
                "InvoiceNumber": number,
                "Contact": {"ContactID": self._any_contact(now).id},
                "DueDate": now.date().isoformat(),
                "Status": "AUTHORISED",
                "LineAmountTypes": "NoTax",
                "LineItems": [
                    {
                        "Description": "typed by hand",
                        "Quantity": 1,
                        "UnitAmount": amount,
                        "AccountCode": account,
                    }
                ],
            }
            row, errors = documents.create(self._organisation, "Invoices", sent, now=now, unit_decimals=2)
            _refuse(errors)
            assert row is not None
            return row

    def pay(self, invoice: str) -> Row:
        """Somebody records the full payment of an invoice."""
        with self._acting() as now:
            return documents.pay(self._organisation, self._row("Invoices", invoice), now=now)

    @contextmanager
    def _acting(self) -> Iterator[datetime]:
        with self._organisation.lock:
            yield self._clock.now()
            self._organisation.flush()

    def _row(self, kind: str, identifier: str) -> Row:
        row = self._organisation.get(kind, identifier)
        _refuse([] if row else [f"there is no {kind} {identifier}"])
        assert row is not None
        return row

    def _any_contact(self, now: datetime) -> Row:
        for row in self._organisation.all("Contacts"):
            if row.body["ContactStatus"] == "ACTIVE":
                return row
        made, errors = lists.create_contact(self._organisation, {"Name": "Walk-in customer"}, now=now)
        _refuse(errors)
        assert made is not None
        return made


def _refuse(errors: list[str]) -> None:
    if errors:
        raise Refusal(bad_request("; ".join(errors)))
