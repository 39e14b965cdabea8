"""How a provider rounds, by name and date (csp_billing A3, rules 3, 4, 7, 23).

| policy | rule |
| --- | --- |
| seats | the unit's amount in billing currency is cut to minor units, then multiplied (since 2022) |
| seats_half_up | the same, rounded half up: published examples of 2019 to 2021 |
| usage | cut in pricing currency, converted, cut again |
| legacy | the unrounded unit times quantity and exchange rate, rounded once, half up |
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from mappings.canonical.money import Money, RoundingMode, minor_digits, round_half, to_money
from mappings.canonical.provider import ProviderCharge

ProviderRounding = Literal["seats", "seats_half_up", "usage", "legacy"]

SEATS_CUT_FROM = date(2022, 1, 1)
"""From this day on the published formula for seats cuts; examples before it round half up (A3, rule 23)."""

_SEATS: Mapping[str, RoundingMode] = {"seats": "down", "seats_half_up": "half_up"}


def provider_subtotal(
    policy: ProviderRounding,
    *,
    unit_price: Fraction,
    quantity: Decimal,
    currency: str,
    rate: Decimal = Decimal(1),
    pricing_currency: str = "",
) -> Money:
    """The provider's subtotal from its effective unit price (unrounded), quantity and exchange rate.

    `rate` leads from the pricing currency to `currency`.
    """
    if policy in _SEATS:
        scale = 10 ** minor_digits(currency)
        each = round_half(unit_price * Fraction(rate) * scale, _SEATS[policy])
        return Money(round_half(each * Fraction(quantity), _SEATS[policy]), currency)
    amount = unit_price * Fraction(quantity)
    if policy == "legacy":
        return to_money(amount * Fraction(rate), currency, "half_up")
    priced = to_money(amount, pricing_currency or currency, "down")
    return to_money(Fraction(priced.decimal) * Fraction(rate), currency, "down")


def policy_of(kind: str, on: date) -> ProviderRounding:
    """The policy of a line: by what it is for, and for seats by its day."""
    if kind == "usage":
        return "usage"
    return "seats" if on >= SEATS_CUT_FROM else "seats_half_up"


def expected_subtotal(line: ProviderCharge, *, pricing_currency: str = "") -> Money | None:
    """What the provider's own rule makes of a line's unit price; None where the line does not tell it."""
    if line.effective_unit_price is None:
        return None
    return provider_subtotal(
        policy_of(line.kind, line.on),
        unit_price=Fraction(line.effective_unit_price),
        quantity=line.quantity,
        currency=line.currency,
        rate=line.exchange_rate,
        pricing_currency=pricing_currency,
    )
