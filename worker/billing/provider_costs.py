"""The cost of a unit from the provider's own lines, for cycles that we bill by our own calendar.

Only a line of a whole cycle tells it: a stub or a change has a price that is already prorated. What the
provider takes later than our bill is not known then; the newest line before the cycle counts, else the list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from mappings.canonical.contract import Contract
from mappings.canonical.provider import ProviderCharge
from mappings.lean import replace
from worker.billing.charges import Deal

DECIMALS = Decimal("1e-12")
"""Unit prices have at most twelve decimals."""

_DAYS = {days: months for months, lengths in ((1, (28, 29, 30, 31)), (12, (365, 366)), (36, (1095, 1096)))
         for days in lengths}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Told:
    """What one line says a unit costs in a month."""

    since: date
    a_month: Fraction
    currency: str


class ProviderCosts:
    """What the provider's lines say of each subscription."""

    __slots__ = ("_by_subscription",)

    def __init__(self, lines: Iterable[ProviderCharge]) -> None:
        self._by_subscription: dict[str, list[_Told]] = {}
        for line in sorted(lines, key=lambda line: (line.service.start, line.on, line.key)):
            months = _DAYS.get(line.service.days)
            if months is None or line.kind != "seats" or line.quantity <= 0 or line.net < 0:
                continue
            a_month = Fraction(line.net) / Fraction(line.quantity) / months
            told = _Told(line.service.start, a_month, line.currency)
            self._by_subscription.setdefault(line.subscription, []).append(told)

    def applied(self, deal: Deal, contract: Contract | None, *, subscription: str, day: date) -> Deal:
        """The deal of a cycle that begins on a day, with the provider's cost where its contract wants it."""
        if contract is None or contract.cost_from != "provider_lines" or not deal.months:
            return deal
        for told in reversed(self._by_subscription.get(subscription, ())):
            if told.since <= day and told.currency == deal.currency:
                each = told.a_month * deal.months
                cost = Decimal(each.numerator) / Decimal(each.denominator)
                cost = cost.quantize(DECIMALS, rounding=ROUND_HALF_UP).normalize()
                return replace(deal, price=replace(deal.price, cost=cost))
        return deal
