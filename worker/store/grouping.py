"""Billing groups: which parties must be billed together, because something one holds decides for another.

Protects: a group's bill depends on nothing outside the group, so groups are computed, locked and
recomputed alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from mappings.canonical.contract import Contract
from mappings.canonical.party import Party


def group_parties(
    parties: Iterable[Party],
    contracts: Iterable[Contract],
    named: Iterable[tuple[str, str]],
    together: Iterable[tuple[str, str]] = (),
) -> Mapping[str, str]:
    """Party code -> code of its billing group, for every party.

    Connected are: a party and every party ever above it, the party of a contract with its payer and its
    reseller, the party of a subscription with the party of the contract it names (`named`: pairs of party
    and contract code), and parties that share a subscription or take it over (`together`). A pool reaches
    only below its group, so it adds no connection. A group is called after its topmost party, of several
    the one with the smallest code; it may be renamed by a later import, so its name is part of no identity.
    """
    parties, contracts = tuple(parties), tuple(contracts)
    leaders = _Leaders(party.code for party in parties)
    for one, other in (*_connections(parties, contracts, named), *together):
        leaders.join(one, other)
    topmost = {party.code for party in parties if not party.parents}
    names: dict[str, str] = {}
    for code in sorted(leaders.codes(), key=lambda code: (code not in topmost, code)):
        names.setdefault(leaders.find(code), code)
    return {code: names[leaders.find(code)] for code in leaders.codes()}


def payer_named(contract: Contract) -> str:
    """The party code of a `party:CODE` payer rule, or ""."""
    prefix, _, code = contract.bill_to.partition(":")
    return code if prefix == "party" else ""


def _connections(
    parties: Iterable[Party], contracts: tuple[Contract, ...], named: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    for party in parties:
        for edge in party.parents:
            yield party.code, edge.parent
    for contract in contracts:
        for other in (payer_named(contract), contract.reseller):
            if other:
                yield contract.party, other
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for contract in contracts:
        holders[contract.code].add(contract.party)
    for party_code, contract_code in named:
        for holder in holders[contract_code]:
            yield party_code, holder


class _Leaders:
    """Connected components by union-find; codes that are no party of ours are passed over."""

    def __init__(self, codes: Iterable[str]) -> None:
        self._leader = {code: code for code in codes}

    def codes(self) -> Iterable[str]:
        return self._leader.keys()

    def find(self, code: str) -> str:
        while self._leader[code] != code:
            self._leader[code] = self._leader[self._leader[code]]
            code = self._leader[code]
        return code

    def join(self, one: str, other: str) -> None:
        if one in self._leader and other in self._leader:
            self._leader[self.find(one)] = self.find(other)
