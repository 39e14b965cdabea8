"""Notice: an increase of a list counts for a contract only after its days of notice, a decrease at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from mappings.canonical.catalog import Price, PriceList

ListPrice = tuple[PriceList, Price]
Cost = Callable[[Price, Decimal], Fraction]
"""What a quantity costs for one whole cycle by a price of a list."""


def noticed(versions: Iterable[ListPrice], cost: Cost, *, on: date, notice_days: int) -> ListPrice:
    """The version of a list that counts on a day, of those that began until then (at least one, in order).

    The first version needs no notice. A later one counts from its own day where it costs no more than the
    one that counts before it, else `notice_days` after it.
    """
    counting: ListPrice | None = None
    for version in versions:
        told_long_ago = version[0].from_ + timedelta(days=notice_days) <= on
        if counting is None or told_long_ago or not is_increase(counting[1], version[1], cost):
            counting = version
    if counting is None:
        raise ValueError("no version of the list had begun")
    return counting


def is_increase(before: Price, after: Price, cost: Cost) -> bool:
    """Whether any quantity at the edge of a tier costs more by the later price."""
    edges = {tier.up_to for price in (before, after) for tier in price.tiers if tier.up_to is not None}
    probes = {Decimal(1), *edges, *(edge + 1 for edge in edges)}
    return any(cost(after, quantity) > cost(before, quantity) for quantity in probes)
