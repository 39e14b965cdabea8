"""Exact money: whole minor units of one currency, so half a cent cannot exist.

Prices, quantities and rates are `Decimal`; an unrounded sum is a `Fraction`. Exactly one function,
`to_money`, turns an unrounded figure into money, and it always names its rounding mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import iso4217

from mappings.lean import lean

RoundingMode = Literal["half_up", "half_down", "half_even", "down"]
RoundingBasis = Literal["per_line", "per_unit"]


class UnknownCurrency(ValueError):
    """A currency code that ISO 4217 does not list as a currency in use."""


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies met in one sum."""


@lru_cache(maxsize=512)
def minor_digits(currency: str) -> int:
    """Digits after the decimal point for an ISO 4217 code: 2 for EUR, 0 for JPY, 3 for KWD.

    Raises `UnknownCurrency` for anything else, funds and metals without minor units included.
    """
    try:
        digits = iso4217.Currency(currency).exponent
    except ValueError:
        digits = None
    if digits is None or not currency.isupper():
        raise UnknownCurrency(
            f"{currency!r} is not a currency of ISO 4217 (three capital letters, as in EUR)"
        )
    return int(digits)


@lru_cache(maxsize=512)
def minor_units(currency: str) -> int:
    """Minor units in one unit of a currency: 100 for EUR, 1 for JPY."""
    return int(10 ** minor_digits(currency))


@lean
@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount: whole minor units (cents, yen, fils) of one currency."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} + {other.currency}")
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + -other

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.minor), self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    @property
    def decimal(self) -> Decimal:
        """The amount as a Decimal with exactly the currency's digits: 12.30, 1230, 1.230."""
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))

    def __str__(self) -> str:
        return f"{self.decimal} {self.currency}"


@lean
@dataclass(frozen=True, slots=True)
class Rounding:
    """How an unrounded figure becomes money: where it is rounded, and which way.

    `per_unit` rounds the amount of one unit, then multiplies (the provider's rule for seats);
    `per_line` rounds once at the end. "Down" is toward zero and "half up" away from zero, so that
    a credit mirrors its charge (billing rules).
    """

    basis: RoundingBasis = "per_line"
    mode: RoundingMode = "half_up"

    def __str__(self) -> str:
        return f"{self.basis}/{self.mode}"


HALF_UP = Rounding()


def zero(currency: str) -> Money:
    """Nothing, in a currency."""
    return Money(0, currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of amounts that must all be of `currency`; raises `CurrencyMismatch`."""
    minor = 0
    for amount in amounts:
        if amount.currency != currency:
            raise CurrencyMismatch(f"{currency} + {amount.currency}")
        minor += amount.minor
    return Money(minor, currency)


def parse_money(text: str, currency: str) -> Money:
    """Read a plain decimal text ("12.30") as money; raises `ValueError` if it has too many digits."""
    value = Decimal(text)
    minor = value.scaleb(minor_digits(currency))
    if not value.is_finite() or minor != minor.to_integral_value():
        raise ValueError(f"{text} is not an amount of {currency} ({minor_digits(currency)} decimals)")
    return Money(int(minor), currency)


def to_money(exact: Fraction | Decimal, currency: str, mode: RoundingMode) -> Money:
    """Round an exact figure in major units to whole minor units by the named mode."""
    numerator, denominator = exact.as_integer_ratio()
    return Money(round_ratio(numerator * minor_units(currency), denominator, mode), currency)


def round_half(exact: Fraction, mode: RoundingMode) -> int:
    """The integer an exact figure rounds to. Symmetric around zero in every mode."""
    return round_ratio(exact.numerator, exact.denominator, mode)


def round_ratio(numerator: int, denominator: int, mode: RoundingMode) -> int:
    """The integer that numerator / denominator (positive) rounds to, symmetric around zero."""
    whole, rest = divmod(abs(numerator), denominator)
    twice = 2 * rest
    if mode == "half_up":
        up = twice >= denominator
    elif mode == "half_down":
        up = twice > denominator
    elif mode == "half_even":
        up = twice > denominator or (twice == denominator and whole % 2 == 1)
    else:
        up = False
    whole += up
    return -whole if numerator < 0 else whole


def apportion(whole: int, exact: Sequence[Fraction]) -> tuple[int, ...]:
    """Round exact parts to integers that add up to `whole` (largest remainder, signed parts allowed).

    Each part is its exact figure rounded down or up; ties go to the earlier part. Where `whole` is
    further from the sum of the parts than rounding explains, the rest goes round the parts once more.
    """
    if not exact:
        raise ValueError("nothing to apportion to")
    parts = [figure.numerator // figure.denominator for figure in exact]
    winners = sorted(range(len(exact)), key=lambda part: (parts[part] - exact[part], part))
    every, some = divmod(whole - sum(parts), len(exact))
    for rank, part in enumerate(winners):
        parts[part] += every + (1 if rank < some else 0)
    return tuple(parts)
