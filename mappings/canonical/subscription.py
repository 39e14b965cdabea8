"""Subscription state: what is held, since when, as any source tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from mappings.lean import lean

Plan = Literal["monthly", "annual", "triennial", "one_time", "usage", "trial"]
Status = Literal["active", "suspended", "cancelled", "expired"]


@dataclass(frozen=True, slots=True)
class NextTerm:
    """What is scheduled for the end of the term that runs; what is left out stays as it was.

    `until` is a custom (co-term) end of the next term. A NextTerm of nothing says: nothing is scheduled.
    """

    quantity: Decimal | None = None
    product: str = ""
    offer: str = ""
    plan: Plan | Literal[""] = ""
    term: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a source says is agreed from a version's day on; what is left out stays as it was.

    `start` is the first day of the term that runs, `term_end` a custom end of it (the next term begins
    there), `end` the day from which nothing is held any more. A product that is not ours to know is told by
    its `offer`.
    """

    product: str = ""
    offer: str = ""
    plan: Plan | Literal[""] = ""
    term: str = ""
    start: date | None = None
    term_end: date | None = None
    end: date | None = None
    auto_renew: bool | None = None
    next_term: NextTerm | None = None
    promotion: str = ""


@dataclass(frozen=True, slots=True)
class RefundableSeats:
    """Seats of one batch that the provider takes back until an instant (excluded, UTC)."""

    quantity: Decimal
    until: datetime


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a shared subscription that a party bears, in the measure of its key."""

    party: str
    weight: Decimal


@dataclass(frozen=True, slots=True)
class SplitKey:
    """How a subscription is shared for cycles from `from_` on, until the next key.

    `by` names what the weights are: percent (adding up to 100), headcount or seats.
    """

    from_: date
    by: Literal["percent", "headcount", "seats"]
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """The legal customer that takes a subscription over from `from_` on (a merger, a sale)."""

    from_: date
    party: str


@lean
@dataclass(frozen=True, slots=True)
class Subscription:
    """The lasting facts of a subscription. `code` is ours or the provider's id, unique in the workspace.

    `party` and `product` are our codes; "" when a provider's id matches nothing of ours yet (the run
    then names it as unassigned). `offer` and `tenant` keep what the provider said. `anchored_at` is the
    instant of the anchor where the source gave one. `term_end` is a custom (co-term) end of the first term:
    terms and cycles are counted from it, the days before are prorated. `next_term` is scheduled for the end
    of the first term. `converted_from` is the subscription whose seats were upgraded into this one.
    `contract` "" means: the contract of the party or the nearest party above. `anchor` is the first
    day of the billing grid. `billed_until` overrides the cut-over. `end` is the day from which nothing is
    held any more, renewing or not; without it `auto_renew` False ends the term that runs. `splits` share
    its cost between parties, each part sold to and billed for its party. `assignments` hand it over.
    """

    code: str
    source: str
    party: str
    product: str
    term: str
    plan: Plan
    anchor: date
    contract: str = ""
    offer: str = ""
    tenant: str = ""
    name: str = ""
    parent: str = ""
    billed_until: date | None = None
    end: date | None = None
    auto_renew: bool = True
    term_end: date | None = None
    next_term: NextTerm | None = None
    promotion: str = ""
    converted_from: str = ""
    anchored_at: datetime | None = None
    splits: tuple[SplitKey, ...] = ()
    assignments: tuple[Assignment, ...] = ()

    @property
    def holders(self) -> tuple[str, ...]:
        """Codes of every party that ever holds it."""
        if not self.assignments:
            return (self.party,)
        return (self.party, *(one.party for one in self.assignments))

    @property
    def parties(self) -> frozenset[str]:
        """Codes of every party that ever holds it or bears a part of it."""
        return frozenset((*self.holders, *(share.party for key in self.splits for share in key.shares)))

    def party_on(self, day: date) -> str:
        """Code of the party that holds it on a day."""
        if not self.assignments:
            return self.party
        taken = [one for one in self.assignments if one.from_ <= day]
        return max(taken, key=lambda one: one.from_).party if taken else self.party

    def split_on(self, day: date) -> SplitKey | None:
        """The key of a day, or None where the subscription is not shared."""
        keys = [key for key in self.splits if key.from_ <= day]
        return max(keys, key=lambda key: key.from_) if keys else None


@lean
@dataclass(frozen=True, slots=True)
class SubscriptionVersion:
    """What is held from the day `on`, until the next version (append-only, effective-dated).

    `quantity` is the total held, never a difference. `observed` orders two versions of one day: the
    later observation wins, then the larger `ref`, so any order of arrival gives the same timeline.
    `ref` is the event's identity at its source (unique per subscription). `at` is the exact instant in
    UTC when the source gave one (seat windows of 168 h need it). `accepted` marks a state that the
    provider itself accepted: its reductions are not bound to our seat windows. `agreed` are terms that hold
    from the day on. `refundable` are the batches the provider still takes back, None where it did not say.
    """

    subscription: str
    ref: str
    on: date
    quantity: Decimal
    status: Status = "active"
    observed: str = ""
    at: datetime | None = None
    accepted: bool = False
    agreed: Agreed | None = None
    refundable: tuple[RefundableSeats, ...] | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Metered consumption of a subscription on a day; `ref` is unique per subscription."""

    subscription: str
    ref: str
    on: date
    quantity: Decimal
    meter: str = ""


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """What a source says of one subscription at one moment: the lasting facts and the version."""

    subscription: Subscription
    versions: tuple[SubscriptionVersion, ...]
