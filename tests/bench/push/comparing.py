"""python-quickbooks by itself, as its manual shows it: `batch_create` and `save()` of the same invoices.

No write-ahead, no request id, no verdict per record, no database: what the library alone costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import requests
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.objects.base import Address, EmailAddress, Ref
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from quickbooks.objects.invoice import Invoice

from mappings.canonical.document import Line
from tests.bench.push.books import customer_id, invoice, item_id, realm_of
from tests.e2e.harness import Simulator

BOOK = "B-000"


@dataclass(frozen=True, slots=True)
class Compared:
    """CPU of this process, in milliseconds an invoice."""

    batch_create_cpu_ms: float
    save_cpu_ms: float


def compare(simulator: Simulator, *, batches: int) -> Compared:
    """Send invoices both ways to a company without limits: so many batches of 30, five singles for each."""
    client = _client(simulator)
    numbers = iter(range(9_000_000, 9_100_000))

    def in_batches() -> None:
        made = [_invoice(next(numbers)) for _ in range(30)]
        answer = batch_create(made, qb=client)
        assert len(answer.successes) == 30, answer.faults

    def one_by_one() -> None:
        assert _invoice(next(numbers)).save(qb=client).Id

    in_batches()  # warm: the connection, the library's own imports
    return Compared(_cpu_ms(in_batches, batches) / 30, _cpu_ms(one_by_one, batches * 5))


def _cpu_ms(work: Callable[[], None], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) * 1000 / times


def _client(simulator: Simulator) -> Any:
    """The library's client with a bare requests session in place of its OAuth session."""

    class AtTheSimulator(QuickBooks):  # type: ignore[misc]  # the library has no types
        api_url_v3 = f"{simulator.url}/v3"

    session = requests.Session()
    form = {"grant_type": "refresh_token", "refresh_token": simulator.refresh_token(realm_of(BOOK))}
    told = simulator.get("ready")
    answer = session.post(
        f"{simulator.url}/oauth2/v1/tokens/bearer",
        data=form,
        auth=(told["client_id"], told["client_secret"]),
        timeout=10,
    )
    access_token = answer.json()["access_token"]
    client = AtTheSimulator(company_id=realm_of(BOOK), minorversion=75)
    client.session = SimpleNamespace(access_token=access_token, request=session.request)
    return client


def _invoice(number: int) -> Any:
    """The bench's own invoice in the library's classes."""
    ours = invoice(BOOK, number).document
    made = Invoice()
    made.DocNumber = ours.number
    made.TxnDate = str(ours.document_date)
    made.DueDate = str(ours.due_date)
    made.CustomerRef = _ref(customer_id(number))
    made.CurrencyRef = _ref("EUR")
    made.PrivateNote = ours.ref
    made.GlobalTaxCalculation = "TaxExcluded"
    made.BillAddr = Address()
    made.BillAddr.Line1, made.BillAddr.City = ours.bill_to.address.line1, ours.bill_to.address.city
    made.BillAddr.PostalCode, made.BillAddr.Country = ours.bill_to.address.postal_code, "DE"
    made.BillEmail = EmailAddress()
    made.BillEmail.Address = ours.bill_to.emails[0]
    made.Line = [_line(line, position) for position, line in enumerate(ours.lines)]
    return made


def _line(ours: Line, position: int) -> Any:
    line = SalesItemLine()
    line.LineNum = position + 1
    line.Description = "\n".join((ours.description, str(ours.service), *ours.basis))
    line.Amount = float(ours.net.decimal)
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = _ref(item_id(position))
    line.SalesItemLineDetail.Qty = float(ours.quantity)
    line.SalesItemLineDetail.UnitPrice = float(ours.unit_price)
    line.SalesItemLineDetail.ServiceDate = str(ours.service.start)
    line.SalesItemLineDetail.TaxCodeRef = _ref("2")
    return line


def _ref(identifier: str) -> Any:
    ref = Ref()
    ref.value = identifier
    return ref
