"""What a provider charges us: one line of its reconciliation, a cost that a contract may repeat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mappings.canonical.period import Period


@dataclass(frozen=True, slots=True)
class ProviderCharge:
    """A line of a provider's invoice that is about one of our subscriptions.

    `key` identifies it by business facts (the file has no line id). `net` is the provider's subtotal in
    `currency`, negative where it gives back. `effective_unit_price` is per billable unit, proration
    included, in the pricing currency; `exchange_rate` leads from that to `currency`. `on` is the day of the
    billing event, `reference` joins the lines of one event. `flags` are what a person should look at first.
    """

    key: str
    subscription: str
    invoice: str
    charge_type: str
    on: date
    service: Period
    quantity: Decimal
    net: Decimal
    currency: str
    unit_price: Decimal | None = None
    effective_unit_price: Decimal | None = None
    exchange_rate: Decimal = Decimal(1)
    kind: Literal["seats", "usage", "one_time"] = "seats"
    reference: str = ""
    flags: tuple[str, ...] = ()
