"""The tree of parties: every edge leads somewhere, one party above at a time, no circle, not endless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations

from connectors.sources.workspace_file.checks.index import Index, reference, shares_days
from connectors.sources.workspace_file.checks.words import span_problems
from connectors.sources.workspace_file.finding import Path, Problem
from connectors.sources.workspace_file.schema_parties import PartyEntry
from mappings.canonical.party import Party

LEVELS_MAX = 50


def tree_problems(parties: tuple[PartyEntry, ...], index: Index) -> Iterator[Problem]:
    """Everything wrong with the edges of these parties, seen together with the parties known before."""
    for position, party in enumerate(parties):
        yield from _edge_problems(("parties", position), party, index)
    yield from _circle_problems(parties, index.parties)


def edge_path(path: Path, party: PartyEntry, position: int) -> Path:
    """Where the file names the n-th parent: in `parent`, or in the list `parents`."""
    return (*path, "parents", position, "parent") if party.dated_parents else (*path, "parent")


def _edge_problems(path: Path, party: PartyEntry, index: Index) -> Iterator[Problem]:
    if party.parent and party.dated_parents:
        yield Problem(
            (*path, "parent"), "the parent is given twice, in `parent` and in `parents`.", "Keep one of them."
        )
    for position, edge in enumerate(party.parents):
        here = edge_path(path, party, position)
        if edge.parent == party.code:
            yield Problem(
                here, f"party {party.code} is its own parent.", "Name the party above, or leave it out."
            )
        else:
            yield from reference(here, "party", edge.parent, index.parties)
        yield from span_problems((*path, "parents", position), edge.from_, edge.until)
    for (first, edge), (second, other) in combinations(enumerate(party.parents), 2):
        if shares_days((edge.from_, edge.until), (other.from_, other.until)):
            yield Problem(
                edge_path(path, party, second),
                f"party {party.code} has two parents at once, {edge.parent} and {other.parent}.",
                f"End the edge to {edge.parent} (parents[{first}].until) before the other begins.",
            )


def _circle_problems(parties: tuple[PartyEntry, ...], tree: Mapping[str, Party]) -> Iterator[Problem]:
    """One problem per circle, at its first party in the file.

    Edges are dated, so the tree may change: it is looked at on every day an edge of a suspicious party
    begins, and suspicious is only who comes back to itself when all dates are ignored.
    """
    told: set[frozenset[str]] = set()
    for position, party in enumerate(parties):
        above = _all_above(party.code, tree)
        if above is None:
            yield Problem(
                edge_path(("parties", position), party, 0),
                f"more than {LEVELS_MAX} levels are above party {party.code}.",
                "Shorten the tree.",
            )
        elif party.code in above:
            days = {edge.from_ or date.min for code in above for edge in tree[code].parents}
            for day in sorted(days):
                circle = _circle_on(party.code, tree, day)
                if len(circle) > 1 and frozenset(circle) not in told:
                    told.add(frozenset(circle))
                    yield Problem(
                        edge_path(("parties", position), party, 0),
                        f"the tree runs in a circle: {' -> '.join((*circle, party.code))}.",
                        "Take one of these parties out of the circle.",
                    )


def _all_above(code: str, tree: Mapping[str, Party]) -> set[str] | None:
    """Every party that was ever above, dates ignored; None when that takes too many levels."""
    seen: set[str] = set()
    level = {code}
    for _ in range(LEVELS_MAX):
        level = {edge.parent for each in level for edge in tree[each].parents if edge.parent in tree} - seen
        if not level:
            return seen
        seen |= level
    return None


def _circle_on(code: str, tree: Mapping[str, Party], day: date) -> tuple[str, ...]:
    """The way up from a party and back to it on a day; empty when it does not come back."""
    way = [code]
    while (above := tree[way[-1]].parent_on(day)) in tree and above is not None:
        if above == code:
            return tuple(way)
        if above in way:
            return ()
        way.append(above)
    return ()
