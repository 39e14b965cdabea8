"""What is agreed about terms, in a workspace file: renewals, scheduled changes, promotions."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, field

from connectors.sources.workspace_file.fields import Code, Entry, Instant, Number, Ref, Term, Text

PlanName = Literal["", "monthly", "annual", "triennial", "one_time", "usage", "trial"]


class NextTermEntry(Entry, kw_only=True, frozen=True):
    """What is scheduled for the end of the term that runs; what is left out stays as it was."""

    quantity: Number | None = None
    product: Ref = ""
    offer: Text = ""
    plan: PlanName = ""
    term: Term = ""
    until: Annotated[
        date | None, Meta(description="A custom (co-term) end: the first day after the next term.")
    ] = None


class AgreedEntry(Entry, kw_only=True, frozen=True):
    """What is agreed from a day on; what is left out stays as it was. `next_term: {}` schedules nothing."""

    product: Ref = ""
    offer: Text = ""
    plan: PlanName = ""
    term: Term = ""
    start: Annotated[date | None, Meta(description="First day of the term that runs, a new grid.")] = None
    term_end: Annotated[
        date | None, Meta(description="A custom (co-term) end of the term: the next one begins there.")
    ] = None
    end: Annotated[date | None, Meta(description="From this day on nothing is held any more.")] = None
    auto_renew: bool | None = None
    next_term: NextTermEntry | None = None
    promotion: Text = ""


class RefundableSeatsEntry(Entry, kw_only=True, frozen=True):
    """Seats of one batch that the provider takes back until an instant (excluded)."""

    quantity: Number
    until: Instant


class PromotionEntry(Entry, kw_only=True, frozen=True):
    """Percent off the price of every term of a product that begins from `from` until `until` (excluded)."""

    code: Code
    product: Ref
    percent: Number
    from_: date = field(name="from")
    until: date | None = None
    plan: Literal["", "monthly", "annual", "triennial", "one_time"] = ""
    term: Term = ""
    terms: Annotated[
        Literal["first", "any"],
        Meta(description="Only the first term of a subscription, or renewals inside the window too."),
    ] = "first"
    automatic: Annotated[
        bool, Meta(description="false: only for subscriptions that name this promotion.")
    ] = True
    funded_by: Annotated[
        Literal["provider", "seller"], Meta(description="provider: the cost is lowered by the same percent.")
    ] = "provider"
