"""What a book holds, counted from the book itself: a duplicate must never be overlooked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mappings.canonical.money import Money
from worker.demo.books import HeldBook, quickbooks_book

FIRST, OTHER = "A" * 20, "B" * 20


def invoice(marker: str, *, number: str = "US-1", total: str = "108.25", **more: object) -> dict[str, Any]:
    return {
        "DocNumber": number,
        "CurrencyRef": {"value": "USD"},
        "TotalAmt": Decimal(total),
        "TxnTaxDetail": {"TotalTax": Decimal("8.25")},
        "PrivateNote": f"subledger:{marker} some-ref",
        **more,
    }


def held(**records: list[dict[str, Any]]) -> HeldBook:
    return quickbooks_book("US-BOOK", records)


class TestQuickBooksBook:
    def test_holds_net_and_gross_of_each_document(self) -> None:
        (document,) = held(Invoice=[invoice(FIRST)]).documents

        assert (document.net, document.gross) == (Money(10_000, "USD"), Money(10_825, "USD"))

    def test_leaves_out_what_is_not_ours_or_deleted(self) -> None:
        strange = {**invoice(FIRST), "PrivateNote": "by hand"}

        book = held(Invoice=[strange, invoice(OTHER, status="Deleted")])

        assert book.documents == ()

    def test_subtracts_credit_notes(self) -> None:
        book = held(Invoice=[invoice(FIRST)], CreditMemo=[invoice(OTHER, total="58.25")])

        (total,) = book.totals()

        assert (total.invoices, total.credit_notes, total.gross) == (1, 1, Money(5_000, "USD"))

    def test_has_no_duplicates_when_every_record_is_there_once(self) -> None:
        customer = {"Notes": f"subledger:{OTHER} NORTH/USD"}

        assert held(Invoice=[invoice(FIRST)], Customer=[customer]).duplicates == 0

    def test_counts_the_same_document_twice(self) -> None:
        again = invoice(FIRST, number="US-2")

        assert held(Invoice=[invoice(FIRST), again]).duplicates == 1

    def test_counts_another_document_under_a_used_number(self) -> None:
        assert held(Invoice=[invoice(FIRST), invoice(OTHER)]).duplicates == 1

    def test_counts_the_same_customer_twice(self) -> None:
        customer = {"Notes": f"subledger:{OTHER} NORTH/USD"}

        assert held(Customer=[customer, customer]).duplicates == 1
