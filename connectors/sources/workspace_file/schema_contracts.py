"""Contracts in a workspace file: the agreement with its discounts, minimum and ramp."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, cast, get_args

from msgspec import Meta, field

from connectors.sources.workspace_file.fields import Code, Entry, Number, Ref, RoundingName, Term, Text
from mappings.canonical.contract import CheckName, CheckSwitch
from mappings.canonical.money import Rounding, RoundingBasis, RoundingMode

CHECKS: frozenset[str] = frozenset(get_args(CheckName))
NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


class DiscountEntry(Entry, kw_only=True, frozen=True):
    """Percent, or an amount per unit and cycle, off the list price; a negative one is a markup."""

    percent: Number = "0"
    amount: Number = "0"
    from_: date | None = field(name="from", default=None)
    until: date | None = None
    product: Ref = ""
    decided_by: Annotated[
        Literal["cycle_start", "day"],
        Meta(description="Whether the cycle's first day decides for all of it, or each day for itself."),
    ] = "cycle_start"


class CommitmentStepEntry(Entry, kw_only=True, frozen=True):
    """A minimum of another height from a day on."""

    from_: date = field(name="from")
    amount: Number


class CommitmentEntry(Entry, kw_only=True, frozen=True):
    """A minimum per period; what eligible fees fall short of it is billed as `product`."""

    amount: Number
    product: Ref
    period: Term = "P1M"
    anchor: date | None = None
    eligible: Literal["recurring", "recurring_and_usage"] = "recurring"
    scope: Literal["entity", "group"] = "group"
    ramp: tuple[CommitmentStepEntry, ...] = ()


class RampStepEntry(Entry, kw_only=True, frozen=True):
    """A price per unit, or a quantity billed at least, for cycles from a day on."""

    from_: date = field(name="from")
    product: Ref = ""
    price: Number | None = None
    quantity: Number | None = None


class ContractEntry(Entry, kw_only=True, frozen=True):
    """An agreement between an issuer and a party; parties below inherit it unless they have their own."""

    code: Code
    party: Ref
    issuer: Ref
    price_list: Ref
    from_: date = field(name="from")
    until: date | None = None
    bill_to: Annotated[Text, Meta(description="own, parent, consolidated, or party:CODE.")] = "own"
    timing: Literal["advance", "arrears"] = "advance"
    alignment: Annotated[Text, Meta(description="own, or anchor:DATE for one common billing day.")] = "own"
    payment_terms_days: int | None = None
    purchase_order: Text = ""
    discounts: tuple[DiscountEntry, ...] = ()
    markup_percent: Number | None = None
    rounding_name: RoundingName = field(name="rounding", default="per_line/half_up")
    proration: Literal[
        "actual_days_of_cycle", "30_day_month", "months_then_days", "actual_365", "none_full_period"
    ] = "actual_days_of_cycle"
    price_lock: Literal["", "term", "none"] = ""
    refund_method: Literal["credit_note", "net_next", "none"] = "credit_note"
    reductions: Literal["any_time", "window_7d"] = "any_time"
    tax_code: Ref = ""
    reseller: Ref = ""
    cut_over: date | None = None
    bill_changes: Literal["at_once", "next_run"] = "next_run"
    send: Literal["none", "ledger"] = "none"
    end_of_term: Annotated[
        Literal["expire", "est"],
        Meta(description="A term that does not renew ends, or goes on by the month (Extended Service Term)."),
    ] = "expire"
    suspension: Literal["keep_billing", "no_charge"] = "keep_billing"
    conversions: Annotated[
        Literal["together", "apart"],
        Meta(description="Whether the credit of an upgrade stands on the invoice of its target."),
    ] = "together"
    usage_price_list: Annotated[
        Ref, Meta(description="A list in any currency for usage, converted at the rate of its month.")
    ] = ""
    zero_documents: Literal["suppress", "issue"] = "suppress"
    invoice_format: Text = ""
    offset_days: Annotated[
        int, Meta(description="Days the bill is moved: 5 is five days after it is due, -10 ten before.")
    ] = 0
    segment: Annotated[Text, Meta(description="Prices of this segment count before those of none.")] = ""
    notice_days: Annotated[int, Meta(description="Days by which an increase of the list is delayed.")] = 0
    minimum: CommitmentEntry | None = None
    ramp: tuple[RampStepEntry, ...] = ()
    change_form: Annotated[
        Literal["difference", "reverse_and_recharge", "spans"],
        Meta(description="How a change is printed; the total is the same in every form."),
    ] = "difference"
    bill_by: Annotated[
        Literal["cycles", "provider_lines"],
        Meta(description="Our own calendar, or the provider's lines repeated with markup or margin."),
    ] = "cycles"
    cost_from: Annotated[
        Literal["price_list", "provider_lines"],
        Meta(description="The cost of our own cycles: of the list, or of the provider's newest line."),
    ] = "price_list"
    margin_percent: Annotated[
        Number | None, Meta(description="Percent of the price; the price is made from the cost.")
    ] = None
    margin_floor_percent: Annotated[
        Number | None, Meta(description="A lower margin, in percent of the price, holds the document.")
    ] = None
    retail_price_list: Annotated[
        Ref, Meta(description="What the customer of a reseller pays; kept beside the reseller's price.")
    ] = ""
    show_margin: bool = False
    reassignment: Annotated[
        Literal["cycle_end", "split_at_date"],
        Meta(description="Whether a customer that takes over pays from the next cycle or from the day."),
    ] = "cycle_end"

    check_words: Annotated[
        dict[str, Text],
        Meta(description="Check: on, off, or for variance a percent, as in {variance: 250, zero_price: on}."),
    ] = field(name="checks", default_factory=dict)

    @property
    def checks(self) -> tuple[CheckSwitch, ...]:
        """The switches, by name; a word that means nothing is off here and refused by the checks."""
        return tuple(
            CheckSwitch(
                cast(CheckName, name),
                is_on=word not in ("off", "false"),
                limit=Decimal(word) if NUMBER.fullmatch(word) else None,
            )
            for name, word in sorted(self.check_words.items())
            if name in CHECKS
        )

    @property
    def rounding(self) -> Rounding:
        """The named policy as the value that billing speaks."""
        basis, mode = self.rounding_name.split("/")
        return Rounding(cast(RoundingBasis, basis), cast(RoundingMode, mode))
