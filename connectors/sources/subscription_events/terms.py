"""What an event says of terms: `next_term`, a custom end, a promotion, the source of an upgrade.

An event states everything in full, so what it leaves out is not agreed: nothing is scheduled then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mappings.canonical.subscription import Agreed, NextTerm, Plan, Subscription

FIELDS = ("term_end", "next_term", "promotion", "converted_from")
NEXT_TERM_FIELDS = ("quantity", "product", "plan", "term", "until")


@dataclass(frozen=True, slots=True)
class Readers:
    """How single members are read; each raises `Refused` and names the member."""

    text: Callable[[Mapping[str, object], str], str]
    day: Callable[[Mapping[str, object], str], date]
    quantity: Callable[[Mapping[str, object]], Decimal]
    plan: Callable[[Mapping[str, object]], Plan]
    term: Callable[[Mapping[str, object], Plan], str]


def next_term_of(scheduled: Mapping[str, object], read: Readers, *, plan: Plan, term: str) -> NextTerm:
    """What is scheduled; what it leaves out stays as it was."""
    then = read.plan(scheduled) if scheduled.get("plan") is not None else plan
    is_new_term = scheduled.get("term") is not None or then != plan
    return NextTerm(
        quantity=read.quantity(scheduled) if scheduled.get("quantity") is not None else None,
        product=read.text(scheduled, "product"),
        plan=then if then != plan else "",
        term=read.term({"term": term, **scheduled}, then) if is_new_term else "",
        until=read.day(scheduled, "until") if scheduled.get("until") is not None else None,
    )


def agreed_of(lasting: Subscription, scheduled: NextTerm) -> Agreed:
    """The facts of an event as what is agreed from its day on, so that any order of events ends the same."""
    return Agreed(
        product=lasting.product,
        plan=lasting.plan,
        term=lasting.term,
        term_end=lasting.term_end,
        end=lasting.end,
        auto_renew=lasting.auto_renew,
        next_term=scheduled,
        promotion=lasting.promotion,
    )
