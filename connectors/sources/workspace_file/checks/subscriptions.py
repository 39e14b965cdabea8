"""Subscriptions with their dated changes, and usage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from connectors.sources.workspace_file.changes import Holding, holdings
from connectors.sources.workspace_file.checks.catalog import quantity_problems
from connectors.sources.workspace_file.checks.index import Index, reference
from connectors.sources.workspace_file.checks.pricing import contract_choice_problems, price_problems
from connectors.sources.workspace_file.checks.sharing import sharing_problems
from connectors.sources.workspace_file.checks.terms import agreed_problems, variants
from connectors.sources.workspace_file.checks.words import (
    USAGE_MAX,
    above_zero_problems,
    code_problems,
    days_problems,
    number_problems,
    term_problems,
)
from connectors.sources.workspace_file.finding import Path, Problem
from connectors.sources.workspace_file.schema import (
    SOURCE_NAME,
    ChangeEntry,
    SubscriptionEntry,
    WorkspaceFile,
)
from mappings.canonical.period import duration_months
from mappings.canonical.workspace import Workspace

_CYCLE_MONTHS = {"monthly": 1, "annual": 12, "triennial": 36}
_CHANGE_KEYS = ("quantity", "add", "remove", "cancel", "suspend", "resume", "agreed")


def subscription_problems(file: WorkspaceFile, index: Index) -> Iterator[Problem]:
    """Everything wrong with the section `subscriptions`."""
    for position, entry in enumerate(file.subscriptions):
        path = ("subscriptions", position)
        yield from code_problems((*path, "code"), entry.code)
        yield from _reference_problems(path, entry, index)
        yield from _term_problems(path, entry)
        yield from days_problems((*path, "start"), entry.start)
        yield from days_problems((*path, "anchor"), entry.anchor_day)
        yield from days_problems((*path, "billed_until"), entry.billed_until)
        if entry.end is not None and entry.end <= entry.anchor:
            yield Problem(
                (*path, "end"),
                f"subscription {entry.code} ends ({entry.end}) not after the day it begins ({entry.anchor}).",
                "`end` is the first day that no longer belongs; correct one of the two.",
            )
        product = index.products.get(entry.product)
        unit = "" if product is None else product.unit
        if entry.versions is None:
            yield from _timeline_problems(path, entry, unit)
        else:
            yield from _version_problems(path, entry)
        yield from sharing_problems(path, entry, index)
        yield from agreed_problems(path, entry, index, unit=unit)
        if entry.party in index.parties:
            subscription = index.subscriptions[entry.code]
            yield from contract_choice_problems(path, subscription, index)
            for variant in variants(subscription, entry):
                yield from price_problems(path, variant, index)


def _reference_problems(path: Path, entry: SubscriptionEntry, index: Index) -> Iterator[Problem]:
    if entry.source == SOURCE_NAME:
        for key in ("party", "product"):
            if not getattr(entry, key):
                yield Problem((*path, key), f"{key} is missing.", f"Add the code of the {key}.")
    yield from reference((*path, "party"), "party", entry.party, index.parties)
    yield from reference((*path, "product"), "product", entry.product, index.products)
    yield from reference((*path, "contract"), "contract", entry.contract, index.contracts)
    yield from reference((*path, "parent"), "subscription", entry.parent, index.subscriptions)
    if entry.parent == entry.code:
        yield Problem((*path, "parent"), f"subscription {entry.code} is its own parent.", "Remove it.")


def _term_problems(path: Path, entry: SubscriptionEntry) -> Iterator[Problem]:
    cycle = _CYCLE_MONTHS.get(entry.plan)
    if not entry.term and cycle is None:
        return
    if not entry.term:
        yield Problem(
            (*path, "term"), "term is missing.", "Add how long the commitment lasts: P1M, P1Y or P3Y."
        )
        return
    found = tuple(term_problems((*path, "term"), entry.term))
    yield from found
    if cycle is not None and not found and duration_months(entry.term) % cycle:
        yield Problem(
            (*path, "term"),
            f"a term of {entry.term} does not hold whole {entry.plan} cycles.",
            "Correct the term or the plan.",
        )


def _timeline_problems(path: Path, entry: SubscriptionEntry, unit: str) -> Iterator[Problem]:
    for key in ("start", "quantity"):
        if getattr(entry, key) is None:
            yield Problem(
                (*path, key), f"{key} is missing.", "Add the first day, and what is held from then on."
            )
    yield from quantity_problems((*path, "quantity"), entry.quantity, unit)
    for position, change in enumerate(entry.changes):
        yield from _change_problems((*path, "changes", position), change, unit)
    for earlier, later in pairwise(holdings(entry)):
        here = (*path, "changes", later.position or 0)
        if later.on < earlier.on:
            what = "the start" if earlier.position is None else "the change before it"
            yield Problem(
                (*here, "on"),
                f"the change on {later.on} is before {what} ({earlier.on}).",
                "Sort changes by day.",
            )
        yield from _step_problems(here, later, entry)


def _change_problems(path: Path, change: ChangeEntry, unit: str) -> Iterator[Problem]:
    told = [key for key in _CHANGE_KEYS if getattr(change, key) not in (None, False)]
    if len(told) != 1:
        said = f"says {' and '.join(told)}" if told else "says nothing"
        yield Problem(
            path, f"the change on {change.on} {said}.", f"Write exactly one of {', '.join(_CHANGE_KEYS)}."
        )
    yield from days_problems((*path, "on"), change.on)
    yield from quantity_problems((*path, "quantity"), change.quantity, unit)
    for key in ("add", "remove"):
        given = getattr(change, key)
        if given is not None:
            found = tuple(above_zero_problems((*path, key), given, f"number to {key}"))
            yield from found or quantity_problems((*path, key), given, unit)


def _step_problems(path: Path, step: Holding, entry: SubscriptionEntry) -> Iterator[Problem]:
    change = entry.changes[step.position or 0]
    if change.remove is not None and step.quantity < 0 <= step.held_before:
        yield Problem(
            (*path, "remove"),
            f"the change on {step.on} removes {change.remove}, but subscription {entry.code} holds only "
            f"{step.held_before:f} then.",
            "Correct the number, or the changes before it.",
        )
    if step.was == "cancelled":
        yield Problem(
            path,
            f"subscription {entry.code} was cancelled before the change on {step.on}.",
            "Begin a new subscription with a code of its own.",
        )
    elif change.resume and step.was != "suspended":
        yield Problem((*path, "resume"), "it is resumed without having been suspended.", "Remove the change.")
    if entry.end is not None and step.on >= entry.end:
        yield Problem(
            (*path, "on"),
            f"subscription {entry.code} has ended ({entry.end}) by {step.on}.",
            "Correct one of the days.",
        )


def _version_problems(path: Path, entry: SubscriptionEntry) -> Iterator[Problem]:
    if entry.start is not None or entry.quantity is not None or entry.changes:
        yield Problem(
            (*path, "versions"), "both `versions` and `start`, `quantity`, `changes` are there.", "Keep one."
        )
    if not entry.versions and entry.anchor_day is None:
        yield Problem((*path, "anchor"), "anchor is missing.", "Without versions, say when billing begins.")
    refs = Counter(version.ref for version in entry.versions or ())
    for position, version in enumerate(entry.versions or ()):
        here = (*path, "versions", position)
        yield from days_problems((*here, "on"), version.on)
        yield from quantity_problems((*here, "quantity"), version.quantity, "")
        if refs[version.ref] > 1 or not version.ref:
            yield Problem(
                (*here, "ref"), f"the ref {version.ref!r} does not name one version.", "Make it unique."
            )


def usage_problems(file: WorkspaceFile, workspace: Workspace, index: Index) -> Iterator[Problem]:
    """Everything wrong with the section `usage`; refs are compared as the conversion made them."""
    seen: dict[tuple[str, str], int] = {}
    for position, (entry, usage) in enumerate(zip(file.usage, workspace.usage, strict=True)):
        path = ("usage", position)
        yield from reference((*path, "subscription"), "subscription", entry.subscription, index.subscriptions)
        yield from days_problems((*path, "on"), entry.on)
        # A correction takes back; it has a ref of its own, so that no slip of the pen becomes one.
        low = -USAGE_MAX if entry.ref else 0
        yield from number_problems((*path, "quantity"), entry.quantity, "quantity", low=low, high=USAGE_MAX)
        if seen.setdefault((usage.subscription, usage.ref), position) != position:
            yield Problem(
                (*path, "ref"),
                f"the ref {usage.ref} is already at usage[{seen[usage.subscription, usage.ref]}].",
                "Give each usage of a subscription its own.",
            )
