"""What the provider invoiced us against what we took as cost: line by line, with tolerance classes.

Lines meet by subscription and days: first those of exactly the same days, then what overlaps. The provider
rounds each unit down before it multiplies (csp_billing A3, rule 3), so a cent per unit is rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mappings.canonical.money import Money, minor_digits, to_money, total
from mappings.canonical.period import Period
from mappings.canonical.provider import ProviderCharge
from worker.billing.provider_rounding import expected_subtotal
from worker.billing.values import Charge

Class = Literal[
    "equal", "rounding", "small", "over_billed", "under_billed", "only_provider", "only_ours", "cost_unknown"
]
"""over_billed: the provider took more than our cost; under_billed: less. only_provider: we billed nobody for
those days; only_ours: we counted a cost that the provider did not take (yet)."""

WITHIN: frozenset[Class] = frozenset({"equal", "rounding", "small"})
SMALL = Decimal("0.01")
"""The part of the provider's amount up to which a difference is small."""


@dataclass(frozen=True, slots=True)
class Match:
    """Lines of one subscription that are about the same days; `difference` is theirs less ours.

    `keys` and `charge_types` are of the provider's lines, `ours` the references of our charges. `flags` are
    what a person should look at first, unknown charge types among them. `by_rule` is what the provider's own
    rounding rule makes of its unit prices, None where a line does not tell them.
    """

    issuer: str
    party: str
    subscription: str
    days: Period
    theirs: Money
    ours: Money
    found: Class
    charge_types: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    charges: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    by_rule: Money | None = None

    @property
    def difference(self) -> Money:
        """The provider's amount less our cost."""
        return self.theirs - self.ours


@dataclass(frozen=True, slots=True)
class EntityTotal:
    """One entity in one currency: what the provider took too much (`over`) and too little (`under`)."""

    issuer: str
    party: str
    currency: str
    theirs: Money
    ours: Money
    over: Money
    under: Money
    matches: int
    beyond: int


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a comparison: days, amount in minor units, and where it comes from."""

    days: Period
    minor: int
    line: ProviderCharge | None = None
    charge: Charge | None = None


def reconciled(
    lines: Iterable[ProviderCharge], charges: Iterable[Charge], holders: Mapping[str, tuple[str, str]]
) -> tuple[Match, ...]:
    """Every match, by issuer, party, subscription and days. `holders`: subscription -> (issuer, party)."""
    sides: dict[tuple[str, str], list[_Side]] = {}
    for line in lines:
        minor = to_money(line.net, line.currency, "half_up").minor
        sides.setdefault((line.subscription, line.currency), []).append(_Side(line.service, minor, line=line))
    for charge in charges:
        cost = Money(0, charge.currency) if charge.cost is None else charge.cost
        place = (charge.ref.subscription, cost.currency)
        sides.setdefault(place, []).append(_Side(charge.service, cost.minor, charge=charge))
    found = [
        _match(subscription, currency, group, holders)
        for (subscription, currency), mine in sides.items()
        for group in _groups(mine)
    ]
    return tuple(sorted(found, key=lambda one: (one.issuer, one.party, one.subscription, one.days)))


def by_entity(matches: Iterable[Match]) -> tuple[EntityTotal, ...]:
    """The totals of every entity and currency; differences within tolerance count as what they are."""
    places: dict[tuple[str, str, str], list[Match]] = {}
    for one in matches:
        places.setdefault((one.issuer, one.party, one.theirs.currency), []).append(one)
    return tuple(_total(place, mine) for place, mine in sorted(places.items()))


def is_beyond(match: Match) -> bool:
    """Whether a person should look at a match."""
    return match.found not in WITHIN or bool(match.flags)


def _groups(sides: Sequence[_Side]) -> Iterator[list[_Side]]:
    """Sides of exactly the same days that meet on both sides, then what is left by overlapping days."""
    same: dict[Period, list[_Side]] = {}
    for side in sides:
        same.setdefault(side.days, []).append(side)
    left: list[_Side] = []
    for mine in same.values():
        if any(side.line for side in mine) and any(side.charge for side in mine):
            yield mine
        else:
            left.extend(mine)
    group: list[_Side] = []
    until = date.min
    for side in sorted(left, key=lambda one: (one.days, one.minor)):
        if group and side.days.start >= until:
            yield group
            group = []
        group.append(side)
        until = max(until, side.days.until)
    if group:
        yield group


def _match(
    subscription: str, currency: str, group: Sequence[_Side], holders: Mapping[str, tuple[str, str]]
) -> Match:
    lines = [side.line for side in group if side.line is not None]
    charges = [side.charge for side in group if side.charge is not None]
    theirs = sum(side.minor for side in group if side.line is not None)
    ours = sum(side.minor for side in group if side.charge is not None)
    issuer, party = holders.get(subscription, ("", ""))
    if charges:
        issuer, party = charges[0].issuer, charges[0].party
    return Match(
        issuer=issuer,
        party=party,
        subscription=subscription,
        days=Period(min(side.days.start for side in group), max(side.days.until for side in group)),
        theirs=Money(theirs, currency),
        ours=Money(ours, currency),
        found=_class(lines, charges, theirs - ours, theirs, currency),
        charge_types=tuple(sorted({line.charge_type for line in lines})),
        keys=tuple(line.key for line in lines),
        charges=tuple(f"{one.ref.subscription} {one.ref.cycle_start} {one.ref.revision}" for one in charges),
        flags=tuple(sorted({flag for line in lines for flag in line.flags})),
        by_rule=_by_rule(lines, currency),
    )


def _by_rule(lines: Sequence[ProviderCharge], currency: str) -> Money | None:
    expected = [expected_subtotal(line) for line in lines]
    known = [amount for amount in expected if amount is not None]
    return total(known, currency) if known and len(known) == len(expected) else None


def _class(
    lines: Sequence[ProviderCharge], charges: Sequence[Charge], difference: int, theirs: int, currency: str
) -> Class:
    if not charges:
        return "only_provider"
    if not lines:
        return "only_ours"
    if all(charge.cost is None for charge in charges):
        return "cost_unknown"
    if not difference:
        return "equal"
    cent = Decimal(10) ** max(0, minor_digits(currency) - 2)
    if abs(difference) <= cent * max(Decimal(1), sum((abs(line.quantity) for line in lines), Decimal(0))):
        return "rounding"
    if abs(difference) <= SMALL * abs(theirs):
        return "small"
    return "over_billed" if difference > 0 else "under_billed"


def _total(place: tuple[str, str, str], matches: Sequence[Match]) -> EntityTotal:
    issuer, party, currency = place
    differences = [one.difference.minor for one in matches]
    return EntityTotal(
        issuer,
        party,
        currency,
        theirs=Money(sum(one.theirs.minor for one in matches), currency),
        ours=Money(sum(one.ours.minor for one in matches), currency),
        over=Money(sum(max(0, minor) for minor in differences), currency),
        under=Money(sum(max(0, -minor) for minor in differences), currency),
        matches=len(matches),
        beyond=sum(is_beyond(one) for one in matches),
    )
