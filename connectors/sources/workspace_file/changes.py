"""A subscription's dated changes -> the total it holds from each day on.

A file says "add 5 on 14 March"; everyone else speaks of totals. The same walk serves the checks, which must
see a total below zero, and the conversion.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from connectors.sources.workspace_file.schema import ChangeEntry, SubscriptionEntry
from connectors.sources.workspace_file.schema_terms import AgreedEntry
from mappings.canonical.subscription import Agreed, RefundableSeats, Status, SubscriptionVersion


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held from a day on, after the change at `position` (None: the start itself).

    `held_before` and `was` are quantity and status until then, `agreed` is what was agreed on that day.
    """

    position: int | None
    on: date
    quantity: Decimal
    status: Status
    held_before: Decimal = Decimal(0)
    was: Status = "active"
    agreed: AgreedEntry | None = None


def holdings(entry: SubscriptionEntry) -> Iterator[Holding]:
    """The start and every change in the order of the file; nothing is checked."""
    if entry.start is None:
        return
    now = Holding(None, entry.start, Decimal(entry.quantity or "0"), "active")
    yield now
    for position, change in enumerate(entry.changes):
        quantity, status = _after(now.quantity, now.status, change)
        agreed = change.agreed or (now.agreed if change.on == now.on else None)
        now = Holding(position, change.on, quantity, status, now.quantity, now.status, agreed)
        yield now


def _after(held: Decimal, status: Status, change: ChangeEntry) -> tuple[Decimal, Status]:
    if change.cancel:
        return Decimal(0), "cancelled"
    if change.suspend:
        return held, "suspended"
    if change.resume:
        return held, "active"
    if change.agreed is not None:
        return held, status
    if change.quantity is not None:
        return Decimal(change.quantity), status
    return held + Decimal(change.add or "0") - Decimal(change.remove or "0"), status


def versions_of(entry: SubscriptionEntry) -> tuple[SubscriptionVersion, ...]:
    """One version per day with a change: several changes of one day net (billing rules, "change_day").

    `ref` is `file:DAY:1`, the file's first word about that day. Who stores a corrected file compares what
    is held under that ref and numbers the correction (`file:DAY:2`).
    """
    if entry.versions is not None:
        return tuple(
            SubscriptionVersion(
                subscription=entry.code,
                ref=given.ref,
                on=given.on,
                quantity=Decimal(given.quantity),
                status=given.status,
                observed=given.observed,
                at=given.at,
                accepted=given.accepted,
                agreed=_canonical(given.agreed, Agreed | None),
                refundable=_canonical(given.refundable, tuple[RefundableSeats, ...] | None),
            )
            for given in entry.versions
        )
    last_of_day = {holding.on: holding for holding in holdings(entry)}
    return tuple(
        SubscriptionVersion(
            entry.code,
            f"file:{on}:1",
            on,
            holding.quantity,
            holding.status,
            agreed=_canonical(holding.agreed, Agreed | None),
        )
        for on, holding in last_of_day.items()
    )


def _canonical(given: Any, kind: Any) -> Any:
    """An entry as the canonical value whose attributes it has; nothing stays nothing."""
    return None if given is None else msgspec.convert(given, kind, from_attributes=True)
