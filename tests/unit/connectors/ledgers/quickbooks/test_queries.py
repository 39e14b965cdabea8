"""Queries in QuickBooks' dialect: quoting, chunks, inactive rows."""

from __future__ import annotations

import pytest

from connectors.ledgers.quickbooks.limits import fitted_name
from connectors.ledgers.quickbooks.queries import by_name, numbers_behind, quoted


class TestQuoting:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("plain", "'plain'"),
            ("O'Neil", "'O\\'Neil'"),
            ("back\\slash", "'back\\\\slash'"),
            ("\\' or 1=1", "'\\\\\\' or 1=1'"),
        ],
    )
    def test_lets_no_value_end_its_text(self, value: str, text: str) -> None:
        assert quoted(value) == text


class TestByName:
    def test_asks_for_documents_by_number(self) -> None:
        assert list(by_name("credit_note", ["CN-1", "CN-2"])) == [
            "select * from CreditMemo where DocNumber in ('CN-1', 'CN-2') maxresults 1000"
        ]

    def test_asks_for_inactive_list_records_under_both_their_names(self) -> None:
        assert list(by_name("item", ["Seats"])) == [
            "select * from Item where Name in ('Seats', 'Seats (deleted)') "
            "and Active in (true, false) maxresults 1000"
        ]

    def test_parts_long_lists(self) -> None:
        selects = list(by_name("invoice", [f"INV-{number}" for number in range(101)]))

        assert [select.count("'INV-") for select in selects] == [50, 50, 1]


class TestNumbersBehind:
    def test_asks_by_prefix_in_the_one_word_grammar(self) -> None:
        assert numbers_behind("Invoice", "INV-2026-") == (
            "select * from Invoice where DocNumber like 'INV-2026-%' "
            "orderby DocNumber desc startposition 1 maxresults 1000"
        )


class TestFittedName:
    @pytest.mark.parametrize(
        ("name", "fitted"),
        [
            ("Acme", "Acme"),
            ("  Acme\t:\n West ", "Acme - West"),
            ("A::B", "A - B"),
            ("a\x00b", "a b"),
            ("\x00", "MARKER12"),
            ("x" * 21, "x" * 13 + " MARKER"),
        ],
    )
    def test_has_only_what_quickbooks_takes(self, name: str, fitted: str) -> None:
        assert fitted_name(name, "MARKER12", 20) == fitted
