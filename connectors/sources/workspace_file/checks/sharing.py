"""Subscriptions that several parties share, or that one party takes over from another."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connectors.sources.workspace_file.checks.index import Index, reference
from connectors.sources.workspace_file.checks.words import QUANTITY_MAX, days_problems, number_problems
from connectors.sources.workspace_file.finding import Path, Problem
from connectors.sources.workspace_file.schema import SplitKeyEntry, SubscriptionEntry


def sharing_problems(path: Path, entry: SubscriptionEntry, index: Index) -> Iterator[Problem]:
    """Everything wrong with the `splits` and `assignments` of a subscription."""
    for at, key in enumerate(entry.splits):
        here = (*path, "splits", at)
        yield from days_problems((*here, "from"), key.from_)
        yield from _key_problems(here, key, index)
        if any(key.from_ == other.from_ for other in entry.splits[:at]):
            yield Problem(here, f"there are two keys from {key.from_}.", "Keep one of them.")
    for at, taken in enumerate(entry.assignments):
        here = (*path, "assignments", at)
        yield from days_problems((*here, "from"), taken.from_)
        yield from reference((*here, "party"), "party", taken.party, index.parties)
        if any(taken.from_ == other.from_ for other in entry.assignments[:at]):
            yield Problem(here, f"two parties take over on {taken.from_}.", "Keep one of them.")


def _key_problems(path: Path, key: SplitKeyEntry, index: Index) -> Iterator[Problem]:
    for at, share in enumerate(key.shares):
        here = (*path, "shares", at)
        yield from reference((*here, "party"), "party", share.party, index.parties)
        yield from number_problems((*here, "weight"), share.weight, "weight", high=QUANTITY_MAX)
        if any(share.party == other.party for other in key.shares[:at]):
            yield Problem(here, f"party {share.party} has two shares.", "Keep one of them.")
    whole = sum((Decimal(share.weight) for share in key.shares), Decimal(0))
    if key.by == "percent" and whole != 100:
        yield Problem(
            (*path, "shares"), f"the shares come to {whole:f} %.", "Correct them until they come to 100 %."
        )
    elif whole <= 0:
        yield Problem((*path, "shares"), "nobody bears anything.", "Give at least one party a weight.")
