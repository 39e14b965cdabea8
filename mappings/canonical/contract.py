"""What we agreed with a party: who bills and pays, by which list, calendar and policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mappings.canonical.money import HALF_UP, Rounding

Proration = Literal[
    "actual_days_of_cycle", "30_day_month", "months_then_days", "actual_365", "none_full_period"
]


@dataclass(frozen=True, slots=True)
class Discount:
    """Percent off list price from `from_` until `until` (excluded); a negative percent is a markup."""

    percent: Decimal
    from_: date | None = None
    until: date | None = None
    product: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """An agreement between an issuer and a party; parties below inherit it unless they have their own.

    `bill_to`: own (the sold-to party), parent (the party above on the cycle's first day), consolidated
    (the party that holds this contract pays, one document with a section per entity), or `party:CODE`.
    `price_list` names the list; the document currency is the list's. `alignment` is own or anchor:DATE.
    """

    code: str
    party: str
    issuer: str
    price_list: str
    from_: date
    until: date | None = None
    bill_to: str = "own"
    timing: Literal["advance", "arrears"] = "advance"
    alignment: str = "own"
    payment_terms_days: int | None = None
    purchase_order: str = ""
    discounts: tuple[Discount, ...] = ()
    markup_percent: Decimal | None = None
    rounding: Rounding = HALF_UP
    proration: Proration = "actual_days_of_cycle"
    price_lock: Literal["", "term", "none"] = ""
    refund_method: Literal["credit_note", "net_next", "none"] = "credit_note"
    reductions: Literal["any_time", "window_7d"] = "any_time"
    tax_code: str = ""
    reseller: str = ""
    cut_over: date | None = None
    bill_changes: Literal["at_once", "next_run"] = "next_run"
    zero_documents: Literal["suppress", "issue"] = "suppress"
    invoice_format: str = ""


@dataclass(frozen=True, slots=True)
class OpeningCharge:
    """What another system billed before the cut-over: counts as billed, is never posted.

    A later credit reverses it at its own price, tax and rate, and names its number and date.
    """

    subscription: str
    start: date
    until: date
    quantity: Decimal
    unit_price: Decimal
    net: str
    number: str
    date: date
    tax_code: str = ""
    tax_percent: str = "0"
    exchange_rate: str = "1"
