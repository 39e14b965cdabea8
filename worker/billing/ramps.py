"""Ramps of quantity: from a day on a contract bills at least so many units, as long as any are held."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from mappings.canonical.contract import Contract
from mappings.canonical.subscription import Subscription
from worker.billing.hierarchy import Agreements
from worker.billing.timeline import NOTHING, Timeline


def committed(timeline: Timeline, subscription: Subscription, agreements: Agreements) -> Timeline:
    """What counts as held: never less than the ramp's step of the day. Pools count the same."""
    steps = {
        step.from_
        for contract in agreements.all_of(subscription)
        for step in contract.ramp
        if step.quantity is not None
    }
    if not steps:
        return timeline
    bounds = {
        day
        for contract in agreements.all_of(subscription)
        for day in (contract.from_, contract.until)
        if day is not None
    }
    days: list[date] = []
    quantities: list[Decimal] = []
    for day in sorted({*timeline.days, *steps, *bounds}):
        held = timeline.on(day)
        contract = agreements.of(subscription, day)
        quantity = max(held, _least(contract, subscription.product, day)) if held and contract else held
        if quantity != (quantities[-1] if quantities else NOTHING):
            days.append(day)
            quantities.append(quantity)
    return Timeline(tuple(days), tuple(quantities), timeline.known_from)


def _least(contract: Contract, product: str, day: date) -> Decimal:
    steps = [
        step
        for step in contract.ramp
        if step.quantity is not None and step.from_ <= day and step.product in {"", product}
    ]
    newest = max(steps, key=lambda step: (step.from_, step.product), default=None)
    return NOTHING if newest is None or newest.quantity is None else newest.quantity
