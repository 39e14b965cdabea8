"""Conversions (upgrades): seats that leave one subscription or product for another on the same day.

The unused days of the source are credited at the price they were billed at, the remaining days of the target
are charged; both lines name each other. A conversion is no reduction (billing rules, "Seats and windows").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from mappings.canonical.subscription import Subscription, SubscriptionVersion
from mappings.lean import replace
from worker.billing.phases import NO_PHASES, Phases
from worker.billing.timeline import NOTHING, days_of, held
from worker.billing.values import Charge


@dataclass(frozen=True, slots=True)
class Conversion:
    """`quantity` seats of `source` became seats of `target` on a day."""

    source: Subscription
    target: Subscription
    on: date
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Moves:
    """What moved in a group: seats between subscriptions, and products inside one (by code and day)."""

    to: Mapping[str, tuple[Conversion, ...]] = field(default_factory=dict)
    came: Mapping[str, Conversion] = field(default_factory=dict)
    versions: Mapping[str, Sequence[SubscriptionVersion]] = field(default_factory=dict)
    products: Mapping[tuple[str, date], tuple[str, str]] = field(default_factory=dict)

    @staticmethod
    def of(
        subscriptions: Mapping[str, Subscription],
        versions: Mapping[str, Sequence[SubscriptionVersion]],
        phases: Mapping[str, Phases] = NO_PHASES,
    ) -> Moves:
        """The moves that subscriptions, their versions and phases tell, all by code."""
        came = {
            one.code: found
            for one in subscriptions.values()
            if one.converted_from in subscriptions
            and (found := _conversion(subscriptions[one.converted_from], one, versions.get(one.code, ())))
        }
        to: dict[str, tuple[Conversion, ...]] = {}
        for _, move in sorted(came.items()):
            to[move.source.code] = (*to.get(move.source.code, ()), move)
        products = {
            (code, now.start): (before.view.product, now.view.product)
            for code, every in phases.items()
            for before, now in pairwise(every)
            if before.view.product != now.view.product and not now.is_renewal
        }
        return Moves(to, came, versions, products)

    def leaving(self, source: str) -> Mapping[date, Decimal]:
        """The seats that leave a subscription by conversion, by day."""
        days: dict[date, Decimal] = {}
        for move in self.to.get(source, ()):
            days[move.on] = days.get(move.on, NOTHING) + move.quantity
        return days

    def source_of(self, target: str) -> tuple[Subscription, Sequence[SubscriptionVersion]] | None:
        """The subscription that a target's seats come from, with its counted versions."""
        move = self.came.get(target)
        return None if move is None else (move.source, days_of(self.versions.get(move.source.code, ())))


def linked(charges: tuple[Charge, ...], moves: Moves) -> tuple[Charge, ...]:
    """The charges, those of a move with the other side in them and in their words."""
    if not (moves.came or moves.products):
        return charges
    return tuple(_linked(charge, moves) for charge in charges)


def _linked(charge: Charge, moves: Moves) -> Charge:
    code, day = charge.ref.subscription, charge.service.start
    is_credit = charge.net.minor < 0
    change = moves.products.get((code, day))
    came = moves.came.get(code)
    went = [move.target.code for move in moves.to.get(code, ()) if move.on == day]
    if change is not None and charge.product == change[0 if is_credit else 1]:
        return _told(charge, code, f"changed from {change[0]} to {change[1]} on {day}")
    if came is not None and came.on == day and not is_credit:
        return _told(charge, came.source.code, f"upgraded from subscription {came.source.code} on {day}")
    if went and is_credit:
        return _told(charge, went[0], f"upgraded to subscription {', '.join(went)} on {day}")
    return charge


def _told(charge: Charge, other: str, words: str) -> Charge:
    return replace(charge, converted=other, basis=(*charge.basis, words))


def _conversion(
    source: Subscription, target: Subscription, versions: Iterable[SubscriptionVersion]
) -> Conversion | None:
    first = next((version for version in days_of(versions) if held(version)), None)
    return None if first is None else Conversion(source, target, first.on, held(first))
