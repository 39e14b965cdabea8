"""Variance against last period: a document that asks for ten times as much is a slip until somebody looks.

Compared are cycles of the same subscriptions, by the month and as if they were whole: neither a stub of three
days before a full month nor a year paid in advance after months is a variance. Usage is compared as it is.
New subscriptions have no last period.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from mappings.canonical.money import Money, round_half
from worker.billing.switches import Switches, is_off_for
from worker.billing.values import BilledCharge, Charge, Check, Draft

Before: TypeAlias = Mapping[str, Mapping[date, list[Charge]]]
"""Subscription -> cycle -> its charges on released documents."""

NO_BEFORE: Before = {}
LIMIT = Decimal(900)
"""Percent more than last period that hold a document: tenfold, a digit too many."""

_COMPARED = frozenset({"recurring", "usage"})


def billed_before(billed: Iterable[BilledCharge]) -> Before:
    """The charges that stand, by subscription and cycle."""
    found: dict[str, dict[date, list[Charge]]] = {}
    for one in billed:
        ref = one.charge.ref
        found.setdefault(ref.subscription, {}).setdefault(ref.cycle_start, []).append(one.charge)
    return found


def variance_checks(draft: Draft, before: Before, switches: Switches) -> Iterator[Check]:
    """The check `variance` of an invoice, by the lowest limit of its contracts."""
    if not before or draft.document.kind == "credit_note":
        return
    now, last = Fraction(0), Fraction(0)
    limits: list[Decimal] = []
    for subscription, charges in _by_subscription(draft.charges).items():
        pair = _pair(charges, before.get(subscription, {}))
        contract = charges[0].contract
        if pair is None or is_off_for("variance", contract, switches):
            continue
        now, last = now + pair[0], last + pair[1]
        switch = switches.get(contract, {}).get("variance")
        limits.append(LIMIT if switch is None or switch.limit is None else switch.limit)
    if last <= 0 or now - last < last * Fraction(min(limits)) / 100:
        return
    percent = round_half((now - last) * 100 / last, "half_up")
    currency = draft.document.currency
    shown = [str(Money(round_half(amount, "half_up"), currency)) for amount in (last, now)]
    yield Check(
        "variance",
        f"The subscriptions on this document to {draft.document.bill_to.code} come to {shown[1]} for a whole"
        f" month, {percent} % more than {shown[0]} the period before. If that is right, set the contract's"
        " check variance off or to a higher percent; otherwise correct the quantity or price.",
    )


def _by_subscription(charges: Iterable[Charge]) -> Mapping[str, list[Charge]]:
    found: dict[str, list[Charge]] = {}
    for charge in charges:
        if charge.kind in _COMPARED:
            found.setdefault(charge.ref.subscription, []).append(charge)
    return found


def _pair(charges: list[Charge], before: Mapping[date, list[Charge]]) -> tuple[Fraction, Fraction] | None:
    """The newest cycle of the draft and the one before it, in minor units of a whole month."""
    newest = max(charge.ref.cycle_start for charge in charges)
    earlier = [start for start in before if start < newest]
    if not earlier:
        return None
    own = [charge for charge in charges if charge.ref.cycle_start == newest]
    last = before[max(earlier)]
    return _whole([*before.get(newest, ()), *own]), _whole(last)


def _whole(charges: list[Charge]) -> Fraction:
    net = Fraction(sum(charge.net.minor for charge in charges))
    if charges[0].kind == "usage":
        return net
    start = min(charge.service.start for charge in charges)
    days = (max(charge.service.until for charge in charges) - start).days
    months = charges[0].facts.months or 1
    return net * charges[0].cycle.days / days / months if days else net / months
