"""A price in whole numbers: what whole quantities cost and how that is said, without fractions.

Nearly every quantity is a whole number at a price with a few decimals. Then the exact cost is an integer over
a scale, and one division at the end rounds it. `pricing.pieces` says the same in general and in fractions;
a law holds the two together (tests/unit/worker/billing/test_tariff.py).
"""

from __future__ import annotations

from decimal import Decimal

from worker.billing.memo import remembered
from worker.billing.values import PriceFacts

Step = tuple[int | None, int, int]
"""Of a tier: the last unit, the price of each and the flat fee, both in parts of the scale."""


class Tariff:
    """A price for whole quantities. `amount(units) / scale` is the exact price of a whole cycle.

    `each` is the one price of every unit, where there is one; `group` what a blended pool pays for all of
    its units together, in parts of `group_scale`.
    """

    __slots__ = ("_model", "_package", "_steps", "each", "group", "group_scale", "scale")

    def __init__(self, price: PriceFacts, digits: int) -> None:
        unit = 10**digits
        self.scale = self.group_scale = unit
        self._model = price.model
        self._package = int(price.package_size)
        self._steps = _steps(price, unit)
        self.each: int | None = None
        self.group: int | None = None
        _, each, flat = self._steps[0]
        if price.model == "per_unit" and not flat:
            self.each = each
        pool = price.pool
        if pool is None:
            return
        total = int(pool.total)
        _, each, flat = self._reached(total)
        if price.model in {"per_unit", "volume"} and not flat:
            self.each = each if price.model == "volume" else self._steps[0][1]
        else:
            self.each, self.group = None, self._alone(total)
            self.scale = unit * total

    def amount(self, units: int) -> int:
        """The exact price of a whole number of units, in parts of the scale."""
        if units <= 0:
            return 0
        if self.each is not None:
            return units * self.each
        if self.group is not None:
            return units * self.group
        return self._alone(units)

    def parts(self, units: int) -> list[tuple[int, int]] | None:
        """The units of each tier with their price, where a price outside a pool consists of nothing else."""
        if self.each is not None:
            return [(units, self.each)]
        if self._model != "graduated" or self.group is not None:
            return None
        found: list[tuple[int, int]] = []
        below = 0
        for last, each, flat in self._steps:
            top = units if last is None or units < last else last
            if flat:
                return None
            if top > below:
                found.append((top - below, each))
                below = top
        return found

    def _alone(self, units: int) -> int:
        if units <= 0:
            return 0
        match self._model:
            case "graduated":
                return self._graduated(units)
            case "package":
                return -(-units // self._package) * self._steps[0][1]
            case "per_unit":
                _, each, flat = self._steps[0]
                return units * each + flat
            case "volume":
                _, each, flat = self._reached(units)
                return units * each + flat
            case "stairstep":
                _, each, flat = self._reached(units)
                return each + flat

    def _graduated(self, units: int) -> int:
        amount = below = 0
        for last, each, flat in self._steps:
            top = units if last is None or units < last else last
            if top > below:
                amount += (top - below) * each + flat
                below = top
            if below == units:
                break
        return amount

    def _reached(self, units: int) -> Step:
        for step in self._steps:
            if step[0] is None or units <= step[0]:
                return step
        return self._steps[-1]


@remembered
def tariff_of(price: PriceFacts) -> Tariff | None:
    """The tariff of a price, or None where bounds, packages or the pool's figures are not whole numbers,
    where days have their own prices, where no units cost something, or where members of a pool fill the
    tiers in order."""
    if price.later or price.charges_zero:
        return None
    pool = price.pool
    if pool is not None and pool.allocation == "in_order":
        return None
    whole = [tier.up_to for tier in price.tiers if tier.up_to is not None]
    whole.append(price.package_size)
    if pool is not None:
        whole.append(pool.total)
    if any(number != number.to_integral_value() for number in whole) or not price.tiers:
        return None
    digits = max(_digits(amount) for tier in price.tiers for amount in (tier.price, tier.flat))
    return Tariff(price, digits)


def whole_number(quantity: Decimal) -> int | None:
    """A quantity as an integer, or None where it is not whole."""
    number = int(quantity)
    return number if number == quantity else None


def _steps(price: PriceFacts, unit: int) -> tuple[Step, ...]:
    """The tiers in whole numbers; in a graduated price the last one has no end."""
    steps = [
        (None if tier.up_to is None else int(tier.up_to), int(tier.price * unit), int(tier.flat * unit))
        for tier in price.tiers
    ]
    if price.model == "graduated":
        steps[-1] = (None, *steps[-1][1:])
    return tuple(steps)


def _digits(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int), f"{amount} is no price"
    return max(0, -exponent)
