"""python-quickbooks as an ordinary client: its own object classes and defaults, nothing of ours.

The library sends much that nobody decided (empty texts, ExchangeRate 1, TaxExcluded, Qty 0); QuickBooks
takes it, so the simulator must, without taking members that do not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import QuickbooksException, ValidationException
from quickbooks.objects.account import Account
from quickbooks.objects.attachable import Attachable
from quickbooks.objects.base import AttachableRef, CustomerMemo, EmailAddress, Ref
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.creditmemo import CreditMemo
from quickbooks.objects.customer import Customer
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from quickbooks.objects.exchangerate import ExchangeRate
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.payment import Payment, PaymentLine
from quickbooks.objects.preferences import Preferences
from quickbooks.objects.taxcode import TaxCode
from quickbooks.objects.taxservice import TaxRateDetails, TaxService
from quickbooks.objects.term import Term

from connectors.ledgers.quickbooks.simulator import Running
from tests.contract.quickbooks.simulator_calls import UK, US, simulator


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with simulator() as running:
        yield running


def client(running: Running, realm: str) -> Any:
    """The library's client with a bare requests session in place of its OAuth session."""

    class AtTheSimulator(QuickBooks):  # type: ignore[misc]  # the library has no types
        api_url_v3 = f"{running.url}/v3"

    session = requests.Session()
    quickbooks = AtTheSimulator(company_id=realm, minorversion=75)
    quickbooks.session = SimpleNamespace(access_token=running.access_token(realm), request=session.request)
    return quickbooks


@pytest.fixture
def qb(running: Running) -> Any:
    return client(running, US)


def customer(name: str, qb: Any) -> Any:
    made = Customer()
    made.DisplayName = name
    return made.save(qb=qb)


def invoice(number: str, buyer: Any, qb: Any, *, amount: float = 100.5) -> Any:
    line = SalesItemLine()
    line.Amount = amount
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = Item.all(max_results=1, qb=qb)[0].to_ref()
    made = Invoice()
    made.DocNumber = number
    made.CustomerRef = buyer.to_ref()
    made.CustomerMemo = CustomerMemo()
    made.CustomerMemo.value = "Thank you"
    made.Line.append(line)
    return made


class TestCreate:
    def test_makes_customer_item_and_invoice(self, qb: Any) -> None:
        item = Item()
        item.Name, item.Type = "Hours", "Service"
        item.IncomeAccountRef = Account.where("AccountType = 'Income'", qb=qb)[0].to_ref()
        item.save(qb=qb)
        buyer = customer("Library buyer", qb)

        held = invoice("LIB-1", buyer, qb).save(qb=qb)

        assert int(held.Id) > 0
        assert (held.TotalAmt, held.Balance, held.DocNumber) == (100.5, 100.5, "LIB-1")
        assert held.Line[0].Amount == 100.5
        assert held.CustomerRef.name == "Library buyer"

    def test_replays_the_first_answer_under_a_used_request_id(self, qb: Any) -> None:
        buyer = customer("Buyer of one thing", qb)
        first = invoice("LIB-2", buyer, qb).save(qb=qb, request_id="0123456789abcdef0123456789abcdef")

        again = invoice("LIB-2", buyer, qb).save(qb=qb, request_id="0123456789abcdef0123456789abcdef")

        assert again.Id == first.Id
        assert Invoice.count("DocNumber = 'LIB-2'", qb=qb) == 1

    def test_refuses_a_taken_number_with_the_code_of_quickbooks(self, qb: Any) -> None:
        buyer = customer("Buyer of a taken number", qb)
        invoice("LIB-3", buyer, qb).save(qb=qb)

        with pytest.raises(QuickbooksException) as raised:
            invoice("LIB-3", buyer, qb).save(qb=qb)

        assert raised.value.error_code == 6140

    def test_refuses_a_member_that_does_not_exist(self, qb: Any) -> None:
        made = Customer()
        made.DisplayName = "Has a nickname"
        made.Nickname = "Nick"

        with pytest.raises(ValidationException) as raised:
            made.save(qb=qb)

        assert raised.value.error_code == 2010

    def test_makes_a_credit_memo_and_a_payment_that_uses_it(self, qb: Any) -> None:
        buyer = customer("Buyer with credit", qb)
        owed = invoice("LIB-4", buyer, qb).save(qb=qb)
        credit = CreditMemo()
        credit.CustomerRef = buyer.to_ref()
        credit.DocNumber = "LIB-CR-4"
        credit.Line = invoice("unused", buyer, qb, amount=20).Line
        credit = credit.save(qb=qb)

        payment = Payment()
        payment.CustomerRef = buyer.to_ref()
        payment.TotalAmt = 80.5
        for document, amount in ((owed, 100.5), (credit, 20)):
            line = PaymentLine()
            line.Amount = amount
            link = owed.to_linked_txn()
            link.TxnId, link.TxnType = document.Id, document.qbo_object_name
            line.LinkedTxn.append(link)
            payment.Line.append(line)
        payment.save(qb=qb)

        assert Invoice.get(owed.Id, qb=qb).Balance == 0
        assert CreditMemo.get(credit.Id, qb=qb).RemainingCredit == 0
        assert Customer.get(buyer.Id, qb=qb).Balance == 0

    def test_makes_terms_and_notes(self, qb: Any) -> None:
        term = Term()
        term.Name, term.DueDays = "Net 45", 45
        note = Attachable()
        note.Note = "Remember"
        reference = AttachableRef()
        reference.EntityRef = customer("Noted", qb).to_ref()
        note.AttachableRef.append(reference)

        assert int(term.save(qb=qb).Id) > 0
        assert int(note.save(qb=qb).Id) > 0

    def test_uploads_a_file(self, qb: Any) -> None:
        file = Attachable()
        file.FileName, file.ContentType = "annex.txt", "text/plain"
        file._FileBytes = b"usage of October"

        held = file.save(qb=qb)

        assert held.Size == len(b"usage of October")


class TestOutsideTheUS:
    def test_works_with_tax_codes_and_currencies(self, running: Running) -> None:
        qb = client(running, UK)
        code = TaxCode.all(qb=qb)[0]
        made = invoice("LIB-UK", Customer.get("210", qb=qb), qb, amount=100)
        made.Line[0].SalesItemLineDetail.TaxCodeRef = Ref()
        made.Line[0].SalesItemLineDetail.TaxCodeRef.value = code.Id
        made.CurrencyRef = Ref()
        made.CurrencyRef.value = "EUR"
        made.ExchangeRate = 0.85

        held = made.save(qb=qb)

        assert (held.TotalAmt, held.HomeTotalAmt) == (120, 102)

    def test_makes_tax_codes_and_exchange_rates(self, running: Running) -> None:
        qb = client(running, UK)
        service = TaxService()
        service.TaxCode = "LIB-7"
        detail = TaxRateDetails()
        detail.TaxRateName, detail.RateValue, detail.TaxAgencyId = "LIB 7 rate", 7, 1
        service.TaxRateDetails.append(detail)
        rate = ExchangeRate()
        rate.SourceCurrencyCode, rate.AsOfDate, rate.Rate = "USD", "2026-11-02", 0.79
        rate.TargetCurrencyCode = "GBP"

        service.save(qb=qb)
        held = rate.save(qb=qb)

        assert TaxCode.filter(Name="LIB-7", qb=qb)[0].Name == "LIB-7"
        assert held.Rate == 0.79


class TestQuery:
    def test_filters_orders_and_pages(self, qb: Any) -> None:
        for letter in "CAB":
            customer(f"Query {letter}", qb)

        rows = Customer.where(
            "DisplayName LIKE 'Query %'", order_by="DisplayName DESC", start_position=2, max_results=1, qb=qb
        )

        assert [row.DisplayName for row in rows] == ["Query B"]

    def test_escapes_quotes(self, qb: Any) -> None:
        customer("O'Neill", qb)

        assert [row.DisplayName for row in Customer.filter(DisplayName="O'Neill", qb=qb)] == ["O'Neill"]

    def test_chooses_from_a_list(self, qb: Any) -> None:
        buyer = customer("Buyer of several", qb)
        for number in ("CH-1", "CH-2", "CH-3"):
            invoice(number, buyer, qb).save(qb=qb)

        found = Invoice.choose(["CH-1", "CH-3", "CH-9"], field="DocNumber", qb=qb)

        assert [row.DocNumber for row in found] == ["CH-1", "CH-3"]

    def test_hides_inactive_customers_unless_asked(self, qb: Any) -> None:
        gone = customer("Gone", qb)
        gone.Active = False
        gone.save(qb=qb)

        assert Customer.filter(DisplayName="Gone (deleted)", qb=qb) == []
        assert len(Customer.filter(DisplayName="Gone (deleted)", Active=False, qb=qb)) == 1

    def test_refuses_order_by_in_two_words(self, qb: Any) -> None:
        with pytest.raises(ValidationException) as raised:
            Customer.all(order_by="DisplayName", qb=qb)

        assert raised.value.error_code == 4000


class TestBatch:
    def test_creates_updates_and_deletes(self, qb: Any) -> None:
        buyer = customer("Buyer in batches", qb)

        made = batch_create([invoice(f"BA-{number}", buyer, qb) for number in range(35)], qb=qb)
        edited = made.successes[:2]
        for held in edited:
            held.PrivateNote = "edited"
        changed = batch_update(edited, qb=qb)
        deleted = batch_delete(made.successes[2:4], qb=qb)

        assert (len(made.successes), made.faults) == (35, [])
        assert [held.PrivateNote for held in changed.successes] == ["edited", "edited"]
        assert len(deleted.successes) == 2
        assert Invoice.count("DocNumber LIKE 'BA-%'", qb=qb) == 33

    def test_gives_each_item_its_own_fault(self, qb: Any) -> None:
        buyer = customer("Buyer of doubles", qb)

        made = batch_create([invoice("DB-1", buyer, qb), invoice("DB-1", buyer, qb)], qb=qb)

        assert len(made.successes) == 1
        assert made.faults[0].Error[0].code == "6140"


class TestVoidAndSend:
    def test_void_leaves_the_invoice_at_zero(self, qb: Any) -> None:
        held = invoice("VO-1", customer("Buyer of nothing", qb), qb).save(qb=qb)

        held.void(qb=qb)

        voided = Invoice.get(held.Id, qb=qb)
        assert (voided.TotalAmt, voided.PrivateNote) == (0, "Voided")

    def test_voids_a_payment(self, qb: Any) -> None:
        buyer = customer("Buyer who pays twice", qb)
        payment = Payment()
        payment.CustomerRef, payment.TotalAmt = buyer.to_ref(), 10
        payment = payment.save(qb=qb)

        payment.void(qb=qb)

        assert Payment.get(payment.Id, qb=qb).TotalAmt == 0

    def test_sends_by_mail(self, qb: Any) -> None:
        made = invoice("SE-1", customer("Buyer with mail", qb), qb)
        made.BillEmail = EmailAddress()
        made.BillEmail.Address = "ap@example.com"
        held = made.save(qb=qb)

        held.send(qb=qb)

        assert Invoice.get(held.Id, qb=qb).EmailStatus == "EmailSent"
        assert held.download_pdf(qb=qb).startswith(b"%PDF")


class TestChanges:
    def test_are_told_since_an_instant(self, qb: Any) -> None:
        held = invoice("CD-1", customer("Buyer of changes", qb), qb).save(qb=qb)
        dropped = invoice("CD-2", customer("Buyer of a mistake", qb), qb).save(qb=qb)
        dropped.delete(qb=qb)
        # The library drops the zone: the simulator reads such a time in the company's own.
        since = datetime.now() - timedelta(hours=20)  # noqa: DTZ005 -- what the library takes

        changes = change_data_capture([Invoice, Customer], since, qb=qb)

        seen = {row.Id: getattr(row, "status", "") for row in changes.Invoice}
        assert seen[held.Id] == ""
        assert seen[dropped.Id] == "Deleted"
        assert len(changes.Customer) > 0


class TestSettings:
    def test_of_the_company_are_read(self, qb: Any) -> None:
        assert CompanyInfo.get(US, qb=qb).CompanyName == "US Corp"
        assert Preferences.get(qb=qb).SalesFormsPrefs.CustomTxnNumbers is True
