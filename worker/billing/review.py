"""Pre-bill review: per payer this period, last period, and what the difference is made of.

The parts (seats, price, proration, usage, credits, exchange rate, one-offs) always sum to the difference.
Last period is, for each subscription, the cycle before the one that is billed now; and the last cycle of a
subscription that should have been billed again by now and is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from mappings.canonical.money import Money, round_half, to_money
from mappings.canonical.period import add_months
from worker.billing.pricing import exact_amount
from worker.billing.values import BilledCharge, Charge, Draft

PARTS = ("seats", "price", "proration", "usage", "credits", "exchange_rate", "one_offs")
YEARS_BACK = 3
"""The longest cycle: nothing older can be the period before."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A charge on a document that is not released yet."""

    charge: Charge
    document: str
    is_held: bool


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One payer in one currency. The seven parts sum to this - last; `held` counts its held documents."""

    issuer: str
    bill_to: str
    currency: str
    this: Money
    last: Money
    seats: Money
    price: Money
    proration: Money
    usage: Money
    credits: Money
    exchange_rate: Money
    one_offs: Money
    documents: tuple[str, ...]
    held: int

    @property
    def difference(self) -> Money:
        """This period less last period."""
        return self.this - self.last

    @property
    def surprise(self) -> Fraction:
        """The difference by the larger period: 0 nothing changed, 1 all new or gone, 2 turned over."""
        larger = max(abs(self.this.minor), abs(self.last.minor))
        return Fraction(abs(self.difference.minor), larger) if larger else Fraction(0)


@dataclass
class _Sums:
    """What one payer's line adds up, in minor units."""

    parts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    this: int = 0
    last: int = 0
    documents: dict[str, bool] = field(default_factory=dict)


def pending_of(drafts: Iterable[Draft]) -> Iterator[Pending]:
    """The charges of drafts that are not stored."""
    for draft in drafts:
        for charge in draft.charges:
            yield Pending(charge, draft.document.ref, draft.is_held)


def review(
    pending: Iterable[Pending], billed: Iterable[BilledCharge], *, as_of: date
) -> tuple[ReviewLine, ...]:
    """The lines of every payer that something is pending for, or was due for; the most surprising first."""
    now: dict[str, list[Pending]] = {}
    before: dict[str, list[BilledCharge]] = {}
    for new in pending:
        now.setdefault(new.charge.ref.subscription, []).append(new)
    for old in billed:
        before.setdefault(old.charge.ref.subscription, []).append(old)
    sums: dict[tuple[str, str, str], _Sums] = {}
    for subscription in sorted({*now, *before}):
        mine = now.get(subscription, [])
        last = _last_period(mine, before.get(subscription, []), as_of)
        _add(sums, mine, last)
    return by_surprise(_line(key, one) for key, one in sums.items())


def by_surprise(lines: Iterable[ReviewLine]) -> tuple[ReviewLine, ...]:
    """The most surprising first, then the larger difference, then by payer."""
    return tuple(
        sorted(
            lines,
            key=lambda one: (
                -one.surprise,
                -abs(one.difference.minor),
                one.issuer,
                one.bill_to,
                one.currency,
            ),
        )
    )


def _last_period(now: list[Pending], billed: list[BilledCharge], as_of: date) -> list[Charge]:
    """What of a subscription's charges was last period's."""
    month_ago = add_months(as_of, -1)
    singles = [
        one.charge
        for one in billed
        if one.charge.kind in ("one_time", "commitment") and month_ago <= one.document_date < as_of
    ]
    cycles = [one for one in billed if one.charge.kind in ("recurring", "usage")]
    begins = [
        one.charge.ref.cycle_start
        for one in now
        if one.charge.kind in ("recurring", "usage") and not one.charge.ref.revision
    ]
    starts = {one.charge.ref.cycle_start for one in cycles}
    if begins:
        starts = {start for start in starts if start < max(begins)}
    elif (
        cycles
        and not month_ago < _due_again(max(cycles, key=lambda one: one.charge.ref.cycle_start)) <= as_of
    ):
        starts = set()
    if not starts:
        return singles
    newest = max(starts)
    return [*singles, *(one.charge for one in cycles if one.charge.ref.cycle_start == newest)]


def _due_again(one: BilledCharge) -> date:
    """The day on which the cycle after a billed one is due: in arrears, when it is over."""
    charge = one.charge
    until = charge.cycle.until
    is_in_arrears = one.document_date >= until
    return add_months(until, charge.facts.months or 1) if is_in_arrears else until


def _add(sums: dict[tuple[str, str, str], _Sums], now: list[Pending], last: list[Charge]) -> None:
    """One subscription's share in the lines of its payers (two where the payer changed)."""
    for key in {_key(one) for one in (*(new.charge for new in now), *last)}:
        mine = [one for one in now if _key(one.charge) == key]
        old = [one for one in last if _key(one) == key]
        one = sums.setdefault(key, _Sums())
        one.this += sum(new.charge.net.minor for new in mine)
        one.last += sum(charge.net.minor for charge in old)
        for new in mine:
            one.documents[new.document] = new.is_held
        for part, minor in _parts([new.charge for new in mine], old, key[2]).items():
            one.parts[part] += minor


def _key(charge: Charge) -> tuple[str, str, str]:
    return charge.issuer, charge.bill_to, charge.currency


def _parts(now: list[Charge], last: list[Charge], currency: str) -> dict[str, int]:
    """The difference of one subscription, by what made it; the parts sum to it."""
    parts = dict.fromkeys(PARTS, 0)
    for sign, charges in ((1, now), (-1, last)):
        for charge in charges:
            part = _part_of(charge, is_now=sign > 0)
            if part:
                parts[part] += sign * charge.net.minor
    for part, minor in _recurring(_whole_ones(now, is_now=True), _whole_ones(last, is_now=False), currency):
        parts[part] += minor
    for part, minor in _metered(now, last):
        parts[part] += minor
    return parts


def _part_of(charge: Charge, *, is_now: bool) -> str:
    """The part that a charge is all of; "" for what is looked at in more detail."""
    if charge.kind in ("one_time", "commitment"):
        return "one_offs"
    if charge.true_up:
        return "price"
    if charge.net.minor < 0:
        return "credits"
    if charge.kind == "usage":
        return ""
    return "proration" if is_now and charge.ref.revision else ""


def _whole_ones(charges: list[Charge], *, is_now: bool) -> list[Charge]:
    """The recurring charges whose seats and prices are compared."""
    return [one for one in charges if one.kind == "recurring" and not _part_of(one, is_now=is_now)]


def _recurring(now: list[Charge], last: list[Charge], currency: str) -> Iterator[tuple[str, int]]:
    """Seats, then price, then what the whole cycles do not explain."""
    this, before = (sum(charge.net.minor for charge in charges) for charges in (now, last))
    new, old = (charges[-1] if charges else None for charges in (now, last))
    if (new or old) is None:
        return
    if any(charge.provider_keys for charge in (*now, *last)):
        yield "price", this - before
        return
    at_old = _whole(old, old, currency) if old else 0
    at_new = _whole(new, new, currency) if new else 0
    seats_now = _whole(new, old, currency) if new and old else at_new
    yield "seats", seats_now - at_old
    yield "price", at_new - seats_now
    yield "proration", (this - at_new) - (before - at_old)


def _whole(held: Charge, priced: Charge, currency: str) -> int:
    """A whole cycle of what one charge holds at the price of another, in minor units."""
    spans = held.facts.spans
    if not spans or not spans[-1].quantity:
        return 0
    exact = exact_amount(priced.facts.price, Fraction(spans[-1].quantity))
    return to_money(exact, currency, "half_up").minor


def _metered(now: list[Charge], last: list[Charge]) -> Iterator[tuple[str, int]]:
    """Usage, and the part of it that only the exchange rate of a converted price made."""
    new, old = (
        [one for one in charges if one.kind == "usage" and one.net.minor >= 0] for charges in (now, last)
    )
    this, before = (sum(charge.net.minor for charge in charges) for charges in (new, old))
    rates = [charges[-1].facts.price.rate if charges else None for charges in (new, old)]
    exchange = 0
    if rates[0] and rates[1]:
        exchange = round_half(before * Fraction(rates[0]) / Fraction(rates[1]), "half_up") - before
    yield "exchange_rate", exchange
    yield "usage", this - before - exchange


def _line(key: tuple[str, str, str], one: _Sums) -> ReviewLine:
    issuer, bill_to, currency = key
    return ReviewLine(
        issuer,
        bill_to,
        currency,
        this=Money(one.this, currency),
        last=Money(one.last, currency),
        **{part: Money(minor, currency) for part, minor in one.parts.items()},
        documents=tuple(sorted(one.documents)),
        held=sum(one.documents.values()),
    )
