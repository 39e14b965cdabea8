"""The party tree with its dated edges: who is below whom, whose contract counts, who pays.

Every question is asked for one day, so moving a party never touches what was billed before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise

from mappings.canonical.contract import Contract
from mappings.canonical.party import Party
from mappings.canonical.period import Period
from mappings.canonical.subscription import Subscription

ALWAYS = Period(date.min, date.max)


class Tree:
    """The parties of a group, by code."""

    __slots__ = ("_fixed", "_parties")

    def __init__(self, parties: Iterable[Party]) -> None:
        self._parties = {party.code: party for party in parties}
        self._fixed: dict[str, tuple[str, ...] | None] = {}

    def __contains__(self, code: str) -> bool:
        return code in self._parties

    def __getitem__(self, code: str) -> Party:
        return self._parties[code]

    def lineage(self, code: str, day: date) -> Iterable[str]:
        """The party and every party above it on a day, nearest first."""
        fixed = self.fixed_lineage(code)
        return self._lineage(code, day) if fixed is None else fixed

    def fixed_lineage(self, code: str) -> tuple[str, ...] | None:
        """The party and every party above it where no edge on the way up is dated, else None."""
        if code not in self._fixed:
            is_dated = any(True for _ in self._edge_days(code))
            self._fixed[code] = None if is_dated else tuple(self._lineage(code, date.min))
        return self._fixed[code]

    def _lineage(self, code: str, day: date) -> Iterator[str]:
        seen: set[str] = set()
        above: str | None = code
        while above is not None and above in self._parties and above not in seen:
            seen.add(above)
            yield above
            above = self._parties[above].parent_on(day)

    def parent_on(self, code: str, day: date) -> str | None:
        """The party directly above on a day, or None at the top."""
        above = self._parties[code].parent_on(day)
        return above if above in self._parties else None

    def periods_below(self, code: str, top: str) -> tuple[Period, ...]:
        """The days on which a party is `top` itself or anywhere below it."""
        fixed = (code,) if code == top else self.fixed_lineage(code)
        if fixed is not None:
            return (ALWAYS,) if top in fixed else ()
        days = sorted({date.min, date.max, *self._edge_days(code)})
        found: list[Period] = []
        for start, until in pairwise(days):
            if top not in self.lineage(code, start):
                continue
            if found and found[-1].until == start:
                found[-1] = Period(found[-1].start, until)
            else:
                found.append(Period(start, until))
        return tuple(found)

    def _edge_days(self, code: str) -> Iterator[date]:
        """Every day on which the way up from a party may change."""
        seen: set[str] = set()
        waiting = [code]
        while waiting:
            party = self._parties.get(waiting.pop())
            if party is None or party.code in seen:
                continue
            seen.add(party.code)
            for edge in party.parents:
                waiting.append(edge.parent)
                yield from (day for day in (edge.from_, edge.until) if day is not None)


class Agreements:
    """Contracts by party and code. A later `from_` of the same code replaces the earlier one from then on."""

    __slots__ = ("_all", "_by_code", "_by_party", "_tree")

    def __init__(self, contracts: Iterable[Contract], tree: Tree) -> None:
        self._tree = tree
        self._all: dict[tuple[str, ...], tuple[Contract, ...]] = {}
        self._by_code: dict[str, list[Contract]] = {}
        self._by_party: dict[str, list[Contract]] = {}
        for contract in sorted(contracts, key=lambda contract: (contract.from_, contract.code)):
            self._by_code.setdefault(contract.code, []).append(contract)
            self._by_party.setdefault(contract.party, []).append(contract)

    def ends_on(self, contract: Contract) -> date | None:
        """The day from which a contract no longer counts: its end, or where a later one replaces it."""
        later = (one.from_ for one in self._by_code.get(contract.code, ()) if one.from_ > contract.from_)
        return min((day for day in (contract.until, *later) if day is not None), default=None)

    def named(self, code: str, day: date) -> Contract | None:
        """The contract of a code as it is valid on a day."""
        return _valid(self._by_code.get(code, []), day)

    def of(self, subscription: Subscription, day: date) -> Contract | None:
        """The contract of a subscription on a day: the one it names, else its party's or the nearest above.

        Of several valid contracts of one party the latest counts, then the larger code.
        """
        if subscription.contract:
            return self.named(subscription.contract, day)
        for party in self._tree.lineage(subscription.party_on(day), day):
            found = _valid(self._by_party.get(party, []), day)
            if found is not None:
                return found
        return None

    def all_of(self, subscription: Subscription) -> tuple[Contract, ...]:
        """Every contract of any day that could count for a subscription (for questions before the first)."""
        if subscription.contract:
            return tuple(self._by_code.get(subscription.contract, ()))
        holders = subscription.holders
        if holders not in self._all:
            self._all[holders] = tuple(
                contract
                for party, contracts in self._by_party.items()
                if any(self._tree.periods_below(holder, party) for holder in holders)
                for contract in contracts
            )
        return self._all[holders]


def payer(contract: Contract, party: str, *, day: date, tree: Tree) -> str:
    """Who is billed for a cycle that starts on `day`: the reseller, or as the contract's `bill_to` says.

    `parent` at the top of the tree is the party itself. Raises `KeyError` when the payer is no known party.
    """
    if contract.reseller:
        code = contract.reseller
    elif contract.bill_to == "own":
        code = party
    elif contract.bill_to == "parent":
        code = tree.parent_on(party, day) or party
    elif contract.bill_to == "consolidated":
        code = contract.party
    else:
        code = contract.bill_to.removeprefix("party:")
    if code not in tree:
        raise KeyError(code)
    return code


def is_consolidated(contract: Contract) -> bool:
    """Whether entities share one document with a section each: a group that pays, or a reseller."""
    return bool(contract.reseller) or contract.bill_to == "consolidated"


def _valid(contracts: list[Contract], day: date) -> Contract | None:
    for contract in reversed(contracts):
        if contract.from_ <= day and (contract.until is None or day < contract.until):
            return contract
    return None
