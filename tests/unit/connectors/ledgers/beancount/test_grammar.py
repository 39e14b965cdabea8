"""The letters of Beancount's language."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ledgers.beancount import grammar
from mappings.canonical.money import Money


class TestString:
    @given(st.text())
    def test_stands_on_one_line_of_utf8(self, text: str) -> None:
        literal = grammar.quoted(text)

        assert len(literal.splitlines()) == 1
        assert literal.encode().decode() == literal

    @given(
        st.text(
            alphabet=st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), include_characters="\n\t\r")
        )
    )
    def test_reads_back_as_it_was(self, text: str) -> None:
        assert grammar.unquoted(grammar.quoted(text)) == text

    def test_ends_only_at_its_own_quote(self) -> None:
        assert grammar.quoted('say "no"\\') == '"say \\"no\\"\\\\"'

    def test_holds_no_control_characters(self) -> None:
        assert grammar.quoted("a\x00b\x1b[31m\ud800\u2028c") == '"a\ufffdb\ufffd[31m\ufffd c"'


class TestAmount:
    @pytest.mark.parametrize(
        ("money", "text"),
        [
            (Money(1230, "EUR"), "12.30 EUR"),
            (Money(1230, "JPY"), "1230 JPY"),
            (Money(-1230, "KWD"), "-1.230 KWD"),
            (Money(0, "EUR"), "0.00 EUR"),
        ],
        ids=lambda value: str(value),
    )
    def test_has_the_digits_of_its_currency(self, money: Money, text: str) -> None:
        assert grammar.amount(money) == text

    def test_never_has_an_exponent(self) -> None:
        assert grammar.number(Decimal("1E+3")) == "1000"


class TestAccount:
    @pytest.mark.parametrize(
        "name", ["Assets:A", "Income:2026:Lizenzen-Büro", "Liabilities:VAT:19", "Income:Ärger"]
    )
    def test_is_a_root_and_parts(self, name: str) -> None:
        assert grammar.is_account(name)

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "Assets",
            "assets:Cash",
            "Umsatz:Licences",
            "Income:",
            "Income:licences",
            "Income:M 365",
            "Income:-A",
        ],
    )
    def test_is_nothing_else(self, name: str) -> None:
        assert not grammar.is_account(name)

    @given(st.text())
    def test_has_a_nearest_name_that_is_valid(self, name: str) -> None:
        assert grammar.is_account(grammar.nearest_account(name, root="Income"))


class TestLink:
    def test_holds_only_characters_of_a_link(self) -> None:
        assert grammar.link('INV/2026 "001"ß') == "^INV/2026--001--"

    def test_is_absent_without_a_number(self) -> None:
        assert grammar.link("") == ""
