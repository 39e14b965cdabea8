"""Tax on lines: whatever the rounding of a document, its lines add up to it."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connectors.ledgers.xero.line_tax import tax_amounts
from mappings.canonical.money import Money
from tests.unit.connectors.ledgers.xero import records as make

lines = st.lists(
    st.tuples(st.integers(min_value=0, max_value=10_000_000), st.sampled_from(["20", "8.375", "0"])),
    min_size=1,
    max_size=20,
)


class TestTaxAmounts:
    @given(lines)
    def test_add_up_to_the_documents_tax_and_stay_within_a_cent(self, nets: list[tuple[int, str]]) -> None:
        made = [make.line(net, percent=percent, unit_price=str(net), quantity="1") for net, percent in nets]
        document = make.document(lines=[made]).document

        amounts = [amount for amount in tax_amounts(document) if amount is not None]

        assert sum(amount.minor for amount in amounts) == document.tax.minor
        for amount, (net, percent) in zip(amounts, nets, strict=True):
            assert abs(amount.minor - net * Decimal(percent) / 100) < 1

    def test_are_none_where_the_ledger_sets_them(self) -> None:
        document = make.document(lines=[[make.line(), make.line()]], tax_mode="ledger").document

        assert tax_amounts(document) == (None, None)

    def test_of_a_line_without_tax_are_nothing(self) -> None:
        document = make.document(lines=[[make.line(percent="0"), make.line(333)]]).document

        assert tax_amounts(document) == (Money(0, "GBP"), Money(67, "GBP"))
