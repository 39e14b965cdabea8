"""What people do inside the books behind our back: edit, void, delete, deactivate, merge, rename."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from connectors.ledgers.quickbooks.simulator.company import Change, Company, reference_id
from connectors.ledgers.quickbooks.simulator.operations import Options, delete, save, void
from connectors.ledgers.quickbooks.simulator.problems import refuse
from connectors.ledgers.quickbooks.simulator.references import reference_to
from connectors.ledgers.quickbooks.simulator.store import Row
from connectors.ledgers.quickbooks.simulator.validation import Body
from connectors.simulation.clock import SimulatorClock


class Human:
    """Acts on one company with the newest SyncToken, past limits and tokens; is refused like any caller."""

    def __init__(self, company: Company, clock: SimulatorClock) -> None:
        self._company = company
        self._clock = clock

    def edit(self, entity: str, identifier: str, changes: Mapping[str, object]) -> Row:
        """Sparse change of some members."""
        with self._acting() as now:
            sent: Body = self._version(entity, identifier) | {"sparse": True} | dict(changes)
            return save(self._company, entity, sent, now=now, options=Options(allow_duplicate_number=True))

    def void(self, entity: str, identifier: str) -> Row:
        with self._acting() as now:
            return void(self._company, entity, self._version(entity, identifier), now=now)

    def delete(self, entity: str, identifier: str) -> Row:
        with self._acting() as now:
            return delete(self._company, entity, self._version(entity, identifier), now=now)

    def deactivate(self, entity: str, identifier: str) -> Row:
        return self.edit(entity, identifier, {"Active": False})

    def rename(self, identifier: str, name: str) -> Row:
        """Another display name for a customer."""
        return self.edit("Customer", identifier, {"DisplayName": name})

    def merge(self, loser: str, survivor: str) -> Row:
        """Two customers become one: the loser's documents move, the loser is gone (610 from then on)."""
        company = self._company
        with self._acting() as now:
            kept, lost = self._row("Customer", survivor), self._row("Customer", loser)
            for entity in ("Invoice", "CreditMemo", "Payment"):
                for row in company.all(entity):
                    if reference_id(row.body, "CustomerRef") == loser:
                        company.put(entity, row.body | {"CustomerRef": reference_to(kept)}, now=now)
            company.remove(lost, now=now, verb="")
            company.note(Change(company.realm, "Customer", survivor, "merged", now, deleted_id=loser))
            return kept

    def create_invoice(self, *, number: str, customer: str = "", amount: Decimal = Decimal(100)) -> Row:
        """A stranger's invoice with a given number, for any customer of the books."""
        company = self._company
        with self._acting() as now:
            party = self._row("Customer", customer) if customer else self._any("Customer", now)
            item = self._any("Item", now)
            detail: Body = {"ItemRef": {"value": item.id}}
            if not company.config.is_us and company.config.uses_sales_tax:
                detail["TaxCodeRef"] = {"value": self._any("TaxCode", now).id}
            line: Body = {
                "Amount": amount,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": detail,
            }
            sent: Body = {
                "CustomerRef": {"value": party.id},
                "CurrencyRef": {"value": reference_id(party.body, "CurrencyRef")},
                "DocNumber": number,
                "PrivateNote": "typed by hand",
                "Line": [line],
            }
            if not company.config.is_us:
                sent["GlobalTaxCalculation"] = "TaxExcluded"
            return save(company, "Invoice", sent, now=now, options=Options(allow_duplicate_number=True))

    def pay(self, invoice: str) -> Row:
        """Somebody records the full payment of an invoice."""
        with self._acting() as now:
            row = self._row("Invoice", invoice)
            link: Body = {"TxnId": row.id, "TxnType": "Invoice"}
            amount = row.body["Balance"]
            sent: Body = {
                "CustomerRef": {"value": reference_id(row.body, "CustomerRef")},
                "CurrencyRef": {"value": reference_id(row.body, "CurrencyRef")},
                "TotalAmt": amount,
                "Line": [{"Amount": amount, "LinkedTxn": [link]}],
            }
            return save(self._company, "Payment", sent, now=now, options=Options())

    @contextmanager
    def _acting(self) -> Iterator[datetime]:
        with self._company.lock:
            yield self._clock.now()
            self._company.flush()

    def _row(self, entity: str, identifier: str) -> Row:
        row = self._company.get(entity, identifier)
        if row is None:
            raise refuse("610", f"Object Not Found : {entity} {identifier} does not exist")
        return row

    def _version(self, entity: str, identifier: str) -> Body:
        return {"Id": identifier, "SyncToken": self._row(entity, identifier).body["SyncToken"]}

    def _any(self, entity: str, now: datetime) -> Row:
        for row in self._company.all(entity):
            if row.body.get("Active", True):
                return row
        made: dict[str, Body] = {
            "Customer": {"DisplayName": "Walk-in customer"},
            "Item": {"Name": "Hours", "IncomeAccountRef": {"value": next(self._incomes())}},
        }
        return save(self._company, entity, made[entity], now=now, options=Options())

    def _incomes(self) -> Iterator[str]:
        return (row.id for row in self._company.all("Account") if row.body["AccountType"] == "Income")
