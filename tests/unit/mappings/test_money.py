"""Laws of exact money."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical.money import (
    CurrencyMismatch,
    Money,
    RoundingMode,
    UnknownCurrency,
    apportion,
    minor_digits,
    parse_money,
    round_half,
    to_money,
    total,
)

minor_units = st.integers(-(10**12), 10**12)
currencies = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])
exact = st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**6)
modes = st.sampled_from(get_args(RoundingMode))


class TestMoney:
    @pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)])
    def test_has_the_digits_of_iso_4217(self, currency: str, digits: int) -> None:
        assert minor_digits(currency) == digits

    @pytest.mark.parametrize("text", ["eur", "EURO", "XXX1", "XAU", ""])
    def test_refuses_what_is_no_currency(self, text: str) -> None:
        with pytest.raises(UnknownCurrency, match="not a currency"):
            minor_digits(text)

    @given(minor_units, currencies)
    def test_is_read_back_from_its_text(self, minor: int, currency: str) -> None:
        money = Money(minor, currency)

        assert parse_money(str(money.decimal), currency) == money

    def test_refuses_half_a_cent(self) -> None:
        with pytest.raises(ValueError, match=r"0\.005 is not an amount of EUR"):
            parse_money("0.005", "EUR")

    def test_never_adds_two_currencies(self) -> None:
        with pytest.raises(CurrencyMismatch, match=r"EUR \+ USD"):
            total((Money(1, "EUR"), Money(1, "USD")), "EUR")

    def test_is_nothing_only_at_zero(self) -> None:
        assert not Money(0, "EUR")
        assert Money(1, "EUR")
        assert Money(-1, "EUR")
        assert abs(Money(-5, "EUR")) == Money(5, "EUR")
        assert Money(5, "EUR") - Money(7, "EUR") == Money(-2, "EUR")
        with pytest.raises(CurrencyMismatch):
            Money(1, "EUR") - Money(1, "USD")

    def test_prints_the_digits_of_its_currency(self) -> None:
        printed = [str(Money(1230, currency)) for currency in ("EUR", "JPY", "KWD")]

        assert printed == ["12.30 EUR", "1230 JPY", "1.230 KWD"]

    @pytest.mark.parametrize("text", ["NaN", "Infinity", "1.001"])
    def test_is_not_read_from_what_is_no_amount(self, text: str) -> None:
        with pytest.raises(ValueError, match="is not an amount of EUR"):
            parse_money(text, "EUR")

    @given(st.lists(minor_units))
    def test_adds_up_exactly(self, minors: list[int]) -> None:
        assert total((Money(minor, "EUR") for minor in minors), "EUR") == Money(sum(minors), "EUR")


class TestRounding:
    @given(exact, modes)
    def test_of_a_credit_mirrors_its_charge(self, figure: Fraction, mode: RoundingMode) -> None:
        assert round_half(-figure, mode) == -round_half(figure, mode)

    @given(exact, modes)
    def test_moves_by_less_than_one(self, figure: Fraction, mode: RoundingMode) -> None:
        assert abs(round_half(figure, mode) - figure) < 1

    @given(exact, st.sampled_from(["half_up", "half_down", "half_even"]))
    def test_to_the_nearest_moves_by_half_at_most(self, figure: Fraction, mode: RoundingMode) -> None:
        assert abs(round_half(figure, mode) - figure) <= Fraction(1, 2)

    @pytest.mark.parametrize(
        ("mode", "rounded"), [("half_up", 3), ("half_down", 2), ("half_even", 2), ("down", 2)]
    )
    def test_decides_a_half_by_its_mode(self, mode: RoundingMode, rounded: int) -> None:
        assert round_half(Fraction(5, 2), mode) == rounded

    @pytest.mark.parametrize(
        ("mode", "rounded"), [("half_up", 4), ("half_down", 3), ("half_even", 4), ("down", 3)]
    )
    def test_to_even_goes_up_from_an_odd_number(self, mode: RoundingMode, rounded: int) -> None:
        assert round_half(Fraction(7, 2), mode) == rounded

    @pytest.mark.parametrize("mode", ["half_up", "half_down", "half_even"])
    def test_away_from_a_half_is_to_the_nearest(self, mode: RoundingMode) -> None:
        assert [round_half(Fraction(n, 10), mode) for n in (24, 26, 34, 36)] == [2, 3, 3, 4]

    @given(minor_units, currencies, modes)
    def test_leaves_whole_minor_units_alone(self, minor: int, currency: str, mode: RoundingMode) -> None:
        money = Money(minor, currency)

        assert to_money(money.decimal, currency, mode) == money

    def test_takes_a_decimal_as_it_is(self) -> None:
        assert to_money(Decimal("1.005"), "EUR", "half_up") == Money(101, "EUR")


class TestApportioning:
    @given(st.lists(exact, min_size=1, max_size=20), modes)
    def test_adds_up_to_the_rounded_sum(self, parts: list[Fraction], mode: RoundingMode) -> None:
        whole = round_half(sum(parts, Fraction(0)), mode)

        assert sum(apportion(whole, parts)) == whole

    @given(st.lists(exact, min_size=1, max_size=20))
    def test_rounds_each_part_down_or_up(self, parts: list[Fraction]) -> None:
        whole = round_half(sum(parts, Fraction(0)), "half_up")

        for part, figure in zip(apportion(whole, parts), parts, strict=True):
            assert abs(part - figure) <= 1

    def test_of_nothing_is_refused(self) -> None:
        with pytest.raises(ValueError, match="nothing to apportion"):
            apportion(1, [])

    def test_gives_what_is_left_to_those_who_lost_most(self) -> None:
        assert apportion(10, [Fraction(33, 10), Fraction(31, 10), Fraction(36, 10)]) == (3, 3, 4)

    def test_gives_a_tie_to_the_earlier_part(self) -> None:
        assert apportion(1, [Fraction(1, 2), Fraction(1, 2)]) == (1, 0)

    def test_shares_out_even_what_rounding_does_not_explain(self) -> None:
        assert apportion(7, [Fraction(1), Fraction(1)]) == (4, 3)
