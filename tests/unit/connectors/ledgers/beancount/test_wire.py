"""A document as one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.errors import Refused
from connectors.ledgers.beancount.reading import Transaction, entries
from connectors.ledgers.beancount.wire import render
from connectors.protocols import Expectation
from mappings.canonical.money import Money
from mappings.canonical.record import DocumentRecord
from tests.unit.connectors.ledgers.beancount.documents import NAMES, record, with_document

MARKER = "ABCDEFGHIJKLMNOPQRST"

INVOICE = b"""
2026-02-01 * "Contoso Nordics AS" "Invoice INV-1" ^INV-1
  seal: "2Q2NWMFTOA7N7KKGQ4BY"
  marker: "ABCDEFGHIJKLMNOPQRST"
  number: "INV-1"
  kind: "invoice"
  ref: "REFINV-1"
  customer: "NORDICS/EUR"
  net: 100.80 EUR
  tax: 19.15 EUR
  gross: 119.95 EUR
  due: 2026-03-03
  service-from: 2026-01-01
  service-until: 2026-02-01
  Assets:Receivable:Trade                   119.95 EUR
  Income:Licences                          -100.80 EUR
    line: "Microsoft 365 E3"
    product: "M365-E3"
    item: "M365-E3"
    quantity: 1
    unit-price: 100.80
    sold-to: "NORDICS"
    subscription: "SUB-1"
    service-from: 2026-01-01
    service-until: 2026-02-01
    basis: "12 seats x 8.40 EUR; tier 2 of pool ACME-M365"
  Liabilities:VAT                           -19.15 EUR
    tax-code: "standard"
    percent: 19
    base: 100.80 EUR
"""

YEN_CREDIT_NOTE = """
2026-02-01 * "Contoso Nordics AS" "Credit note CN-1 for INV-1" ^CN-1 ^INV-1
...
  rate: 0.0061
  rate-on: 2026-01-31
  rate-source: "ECB"
  Assets:Receivable:Trade                    -1468 JPY @ 0.0061 EUR
  Income:Licences                             1234 JPY @ 0.0061 EUR
...
    original: "INV-1"
...
  Liabilities:VAT                              234 JPY @ 0.0061 EUR
"""


def rendered(of: DocumentRecord, home_currency: str = "EUR") -> str:
    return render(of, marker=MARKER, home_currency=home_currency).body.decode()


def read_back(of: DocumentRecord) -> Transaction:
    (entry,) = entries(rendered(of).encode().splitlines(keepends=True))
    assert isinstance(entry, Transaction)
    return entry


class TestInvoice:
    def test_is_this_text(self) -> None:
        assert rendered(record(nets=(10080,))).encode() == INVOICE

    def test_tells_what_the_book_must_hold(self) -> None:
        invoice = render(record(), marker=MARKER, home_currency="EUR")

        assert invoice.lookup == "INV-1"
        assert invoice.expect == Expectation(Money(10580, "EUR"), Money(12590, "EUR"), "NORDICS/EUR", lines=2)

    def test_reads_back(self) -> None:
        entry = read_back(record(nets=(10080, -500)))

        assert entry.is_intact
        assert (entry.marker, entry.number, entry.customer) == (MARKER, "INV-1", "NORDICS/EUR")
        assert (entry.net, entry.gross, entry.lines) == (Money(9580, "EUR"), Money(11400, "EUR"), 2)

    def test_posts_what_rounding_leaves(self) -> None:
        invoice = record(nets=(10080,))
        a_cent_more = with_document(invoice, gross=invoice.document.gross + Money(1, "EUR"))

        assert "  Expenses:Rounding                          -0.01 EUR\n" in rendered(a_cent_more)

    def test_posts_tax_to_the_account_a_tax_code_names(self) -> None:
        own_account = replace(record(), names={**NAMES, "DE19": "Liabilities:VAT:DE19"})

        assert "  Liabilities:VAT:DE19 " in rendered(own_account)

    def test_keeps_a_tax_of_zero_with_its_base(self) -> None:
        reverse_charge = rendered(record(nets=(10080,), percent="0"))

        assert (
            '  0.00 EUR\n    tax-code: "standard"\n    percent: 0\n    base: 100.80 EUR\n' in reverse_charge
        )


class TestCreditNote:
    def test_mirrors_an_invoice_in_a_currency_without_decimals(self) -> None:
        text = rendered(
            record("CN-1", kind="credit_note", currency="JPY", rate="0.0061", nets=(1234,), original="INV-1")
        )

        for part in YEN_CREDIT_NOTE.split("...\n"):
            assert part in text

    def test_reads_back_with_positive_totals(self) -> None:
        entry = read_back(record("CN-1", kind="credit_note", nets=(10080,)))

        assert (entry.net, entry.gross) == (Money(10080, "EUR"), Money(11995, "EUR"))


class TestRefusal:
    @pytest.mark.parametrize(
        ("unfit", "code", "words"),
        [
            (with_document(record(), number=""), "not_released", "Invoice REFINV-1 has no number"),
            (
                with_document(record(), document_date=date(1969, 12, 31)),
                "date_too_early",
                "before 1970-01-01",
            ),
            (with_document(record(), tax_mode="ledger"), "tax_mode", "leaves the tax to the ledger"),
            (replace(record(), targets=()), "targets", "2 lines but 0 targets"),
            (record(currency="USD", home_currency="GBP"), "home_currency", "the book is kept in EUR"),
            (record(currency="USD", rate="0"), "rate", "no usable exchange rate"),
            (record(currency="USD", rate="NaN"), "rate", "no usable exchange rate"),
            (record(currency="USD", rate=f"0.{'1' * 25}"), "rate", "cannot be valued exactly"),
            (with_document(record(), gross=Money(13000, "EUR")), "unbalanced", "4.10 EUR is more than"),
            (replace(record(), receivable_account="1234"), "account_name", "account code '1234'"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_names_the_document_and_the_reason(self, unfit: DocumentRecord, code: str, words: str) -> None:
        with pytest.raises(Refused) as refused:
            render(unfit, marker=MARKER, home_currency="EUR")

        assert refused.value.code == code
        assert words in refused.value.why

    def test_suggests_an_account_name_and_never_uses_it(self) -> None:
        with_space = replace(record(), names={**NAMES, "8400": "Income:microsoft 365"})

        with pytest.raises(Refused) as refused:
            render(with_space, marker=MARKER, home_currency="EUR")

        assert "Income:Microsoft-365" in refused.value.hint

    def test_leaves_a_domestic_document_alone_whatever_its_rate(self) -> None:
        assert "@" not in rendered(with_document(record(), exchange_rate=Decimal(7), home_currency="USD"))
