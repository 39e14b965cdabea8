"""Late usage of a closed month: the difference counts at the exchange rate the month was billed at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mappings.lean import replace
from worker.billing.values import BilledCharge, Charge


def at_month_rate(charges: Iterable[Charge], billed: Sequence[BilledCharge]) -> tuple[Charge, ...]:
    """The charges of one cycle, what is added to a usage month with the rate of its first document.

    Credits bring the rate of what they take back already (billing rules, "Time").
    """
    first = billed[0].exchange if billed else None
    return tuple(
        replace(charge, exchange=first)
        if first is not None and charge.kind == "usage" and charge.exchange is None
        else charge
        for charge in charges
    )
