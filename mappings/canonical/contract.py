"""What we agreed with a party: who bills and pays, by which list, calendar and policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mappings.canonical.money import HALF_UP, Rounding
from mappings.lean import lean

Proration = Literal[
    "actual_days_of_cycle", "30_day_month", "months_then_days", "actual_365", "none_full_period"
]


ChangeForm = Literal["difference", "reverse_and_recharge", "spans"]
"""How a change of a billed cycle is printed; the total is the same in every form."""


CheckName = Literal[
    "certificate_expired",
    "expired_contract",
    "invalid_tax_id",
    "margin_below_floor",
    "margin_negative",
    "missing_address",
    "missing_tax_id",
    "runaway_count",
    "unknown_charge_type",
    "variance",
    "zero_price",
]
"""Checks that a contract may switch; all but `zero_price` are on. The others guard what cannot be issued at
all (no rate, no price, a sum that does not add up) and are never off."""


@dataclass(frozen=True, slots=True)
class CheckSwitch:
    """A check set on or off for a contract; `limit` is its percent where it has one (`variance`)."""

    name: CheckName
    is_on: bool = True
    limit: Decimal | None = None


@lean
@dataclass(frozen=True, slots=True)
class Discount:
    """Percent or `amount` off the list price from `from_` until `until` (excluded); negative adds to it.

    `amount` is per unit (block, package) and billing cycle, in the list's currency; a price never falls
    below zero. `decided_by` cycle_start: what is valid on the cycle's first day counts for all of it;
    day: each day of the cycle is priced by what is valid on it.
    """

    percent: Decimal = Decimal(0)
    from_: date | None = None
    until: date | None = None
    product: str = ""
    amount: Decimal = Decimal(0)
    decided_by: Literal["cycle_start", "day"] = "cycle_start"


@dataclass(frozen=True, slots=True)
class CommitmentStep:
    """A minimum of another height for periods that begin on or after `from_`."""

    from_: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Commitment:
    """A minimum to be paid per `period`; what eligible fees fall short of it is billed as `product`.

    `amount` is before tax, in the currency of the contract's list. The grid begins at `anchor`, else at
    the contract's first day; a period the contract covers in part is prorated by days. `scope` entity:
    every party with subscriptions under the contract owes it for itself; group: all of them together, the
    shortfall shared by their eligible fees.
    """

    amount: Decimal
    product: str
    period: str = "P1M"
    anchor: date | None = None
    eligible: Literal["recurring", "recurring_and_usage"] = "recurring"
    scope: Literal["entity", "group"] = "group"
    ramp: tuple[CommitmentStep, ...] = ()


@dataclass(frozen=True, slots=True)
class RampStep:
    """What was agreed for cycles from `from_` on, until the next step of the same product.

    `price` is per unit and cycle in the place of the list's; `quantity` is billed at least while anything
    is held. `product` "" is every product.
    """

    from_: date
    product: str = ""
    price: Decimal | None = None
    quantity: Decimal | None = None


@lean
@dataclass(frozen=True, slots=True)
class Contract:
    """An agreement between an issuer and a party; parties below inherit it unless they have their own.

    `bill_to`: own (the sold-to party), parent (the party above on the cycle's first day), consolidated
    (the party that holds this contract pays, one document with a section per entity), or `party:CODE`.
    `price_list` names the list; the document currency is the list's. `alignment` is own or anchor:DATE.
    `end_of_term` est lets a term that does not renew go on as Extended Service Term, month by month.
    `conversions` together puts the credit of an upgrade on the invoice of its target. `usage_price_list` is a
    list in any currency for usage, converted at the rate of the usage month's first day.
    `offset_days` moves the day a cycle is due: later, or earlier when negative. `segment` chooses prices
    of that segment. `notice_days` delays an increase of the list. `bill_by` provider_lines repeats the
    provider's lines (with markup or margin) instead of counting cycles. `cost_from` says where the cost of
    our own cycles is from: the list, or the provider's newest line of a whole cycle. `markup_percent` is of
    the cost, `margin_percent` and `margin_floor_percent` of the price. `retail_price_list` is what a
    reseller's customer pays. `reassignment` says whether a customer that takes over a subscription pays
    from the next cycle or from the day. `send` ledger lets the ledger mail each document to the payer's
    addresses once it is posted.
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
    send: Literal["none", "ledger"] = "none"
    end_of_term: Literal["expire", "est"] = "expire"
    suspension: Literal["keep_billing", "no_charge"] = "keep_billing"
    conversions: Literal["together", "apart"] = "together"
    usage_price_list: str = ""
    zero_documents: Literal["suppress", "issue"] = "suppress"
    invoice_format: str = ""
    offset_days: int = 0
    segment: str = ""
    notice_days: int = 0
    minimum: Commitment | None = None
    ramp: tuple[RampStep, ...] = ()
    change_form: ChangeForm = "difference"
    bill_by: Literal["cycles", "provider_lines"] = "cycles"
    cost_from: Literal["price_list", "provider_lines"] = "price_list"
    margin_percent: Decimal | None = None
    margin_floor_percent: Decimal | None = None
    retail_price_list: str = ""
    show_margin: bool = False
    reassignment: Literal["cycle_end", "split_at_date"] = "cycle_end"
    checks: tuple[CheckSwitch, ...] = ()


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A one-off charge, or with a negative `net` a goodwill credit, that a person approved.

    `net` is a decimal text in `currency`. It is billed under `contract`, "" for the party's own or the
    nearest above on the day `on`. `reason` is printed with it.
    """

    code: str
    party: str
    product: str
    on: date
    net: str
    currency: str
    reason: str
    approved_by: str
    contract: str = ""


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
