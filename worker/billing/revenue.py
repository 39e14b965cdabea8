"""Revenue schedule: what was invoiced, earned straight-line by day, per month in minor units.

Amounts to date are rounded, and a month is the difference of two of them, so that every charge adds up to
the last minor unit (csp_billing B10). Credits and changes of a billed cycle are prospective: what of their
service lies before the month of their document falls into that month, for the months before are closed.
Whether a product is sold as principal (gross) or agent (net of cost) is a flag of the product; both are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from mappings.canonical.catalog import Product
from mappings.canonical.money import Money, round_half
from mappings.canonical.period import Period, add_months
from worker.billing.values import BilledCharge

Basis = Literal["gross", "net"]


@dataclass(frozen=True, slots=True)
class RevenueLine:
    """One month of one product of an issuer. `earned` is by the product's basis: gross, or gross less cost.

    `deferred` is what was invoiced until the month's end and is not earned by then; negative where service
    comes before its invoice.
    """

    month: date
    issuer: str
    product: str
    currency: str
    basis: Basis
    gross: Money
    cost: Money
    net: Money
    deferred: Money

    @property
    def earned(self) -> Money:
        """What counts as revenue."""
        return self.gross if self.basis == "gross" else self.net


@dataclass
class _Sums:
    gross: int = 0
    cost: int = 0
    deferred: int = 0


def revenue(
    charges: Iterable[BilledCharge], products: Mapping[str, Product], *, months: Period
) -> tuple[RevenueLine, ...]:
    """The months of a period (whole months) by issuer, product and currency.

    `charges` must hold everything with service or a document on or after the period's first day.
    """
    sums: dict[tuple[date, str, str, str], _Sums] = {}
    ends = tuple(_months(months))
    for one in charges:
        charge = one.charge
        place = (charge.issuer, charge.product, charge.currency)
        cost = 0 if charge.cost is None else charge.cost.minor
        before = (_to_date(one, charge.net.minor, months.start), _to_date(one, cost, months.start))
        for month in ends:
            end = add_months(month, 1)
            now = (_to_date(one, charge.net.minor, end), _to_date(one, cost, end))
            invoiced = charge.net.minor if one.document_date < end else 0
            parts = (now[0] - before[0], now[1] - before[1], invoiced - now[0])
            before = now
            if any(parts):
                own = sums.setdefault((month, *place), _Sums())
                own.gross += parts[0]
                own.cost += parts[1]
                own.deferred += parts[2]
    told = {key: own for key, own in sums.items() if own.gross or own.cost or own.deferred}
    return tuple(_line(key, own, products) for key, own in sorted(told.items()))


def earned_by_month(one: BilledCharge) -> tuple[tuple[date, Money], ...]:
    """A charge's own schedule: every month with what is earned in it; together it is the charge's net."""
    service = _earning(one)
    months = Period(service.start.replace(day=1), add_months(service.last_day.replace(day=1), 1))
    before, result = 0, []
    for month in _months(months):
        now = _to_date(one, one.charge.net.minor, add_months(month, 1))
        result.append((month, Money(now - before, one.charge.currency)))
        before = now
    return tuple(result)


def _to_date(one: BilledCharge, minor: int, day: date) -> int:
    """What of an amount is earned before a day."""
    earning, service = _earning(one), one.charge.service
    if day <= earning.start:
        return 0
    if day >= earning.until or not service.days:
        return minor
    return round_half(Fraction(minor * (day - service.start).days, service.days), "half_up")


def _earning(one: BilledCharge) -> Period:
    """The days on which a charge is earned: of its service, for later changes none of a closed month."""
    charge = one.charge
    service = (
        charge.service if charge.service.days else Period(charge.service.start, _next(charge.service.start))
    )
    if charge.net.minor >= 0 and not charge.ref.revision:
        return service
    open_from = one.document_date.replace(day=1)
    if service.until <= open_from:
        return Period(one.document_date, _next(one.document_date))
    return Period(max(service.start, open_from), service.until)


def _next(day: date) -> date:
    return day.fromordinal(day.toordinal() + 1)


def _months(period: Period) -> Iterator[date]:
    month = period.start
    while month < period.until:
        yield month
        month = add_months(month, 1)


def _line(key: tuple[date, str, str, str], own: _Sums, products: Mapping[str, Product]) -> RevenueLine:
    month, issuer, product, currency = key
    known = products.get(product)
    return RevenueLine(
        month,
        issuer,
        product,
        currency,
        basis=known.revenue if known is not None else "gross",
        gross=Money(own.gross, currency),
        cost=Money(own.cost, currency),
        net=Money(own.gross - own.cost, currency),
        deferred=Money(own.deferred, currency),
    )
