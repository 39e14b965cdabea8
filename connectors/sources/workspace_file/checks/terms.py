"""What is agreed about terms: custom ends, scheduled changes, promotions, conversions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors.sources.workspace_file.checks.catalog import quantity_problems
from connectors.sources.workspace_file.checks.index import Index, reference
from connectors.sources.workspace_file.checks.words import (
    code_problems,
    days_problems,
    number_problems,
    span_problems,
    term_problems,
)
from connectors.sources.workspace_file.finding import Path, Problem
from connectors.sources.workspace_file.schema import SOURCE_NAME, SubscriptionEntry, WorkspaceFile
from connectors.sources.workspace_file.schema_terms import AgreedEntry, NextTermEntry
from mappings.canonical.period import add_months, duration_months
from mappings.canonical.subscription import Subscription


def promotion_problems(file: WorkspaceFile, index: Index) -> Iterator[Problem]:
    """Everything wrong with the section `promotions`."""
    for position, promotion in enumerate(file.promotions):
        path = ("promotions", position)
        yield from code_problems((*path, "code"), promotion.code)
        yield from reference((*path, "product"), "product", promotion.product, index.products)
        yield from number_problems((*path, "percent"), promotion.percent, "promotion", high=100)
        yield from span_problems(path, promotion.from_, promotion.until)
        if promotion.term:
            yield from term_problems((*path, "term"), promotion.term)


def agreed_problems(path: Path, entry: SubscriptionEntry, index: Index, *, unit: str) -> Iterator[Problem]:
    """Everything wrong with what a subscription and its changes agree beyond quantities."""
    if entry.source == SOURCE_NAME:
        yield from reference((*path, "promotion"), "promotion", entry.promotion, index.promotions)
    yield from reference((*path, "converted_from"), "subscription", entry.converted_from, index.subscriptions)
    if entry.converted_from == entry.code:
        yield Problem((*path, "converted_from"), "it is upgraded from itself.", "Remove it.")
    if entry.term_end is not None:
        yield from _term_end_problems((*path, "term_end"), entry.term_end, entry.anchor, entry.term)
    if entry.next_term is not None:
        yield from _next_term_problems((*path, "next_term"), entry.next_term, index, unit=unit)
    seen: set[date] = set()
    for position, change in enumerate(entry.changes):
        if change.agreed is None:
            continue
        here = (*path, "changes", position, "agreed")
        if change.on in seen:
            yield Problem(here, f"two changes of {change.on} agree something.", "Write them as one.")
        seen.add(change.on)
        yield from _one_agreed_problems(here, change.agreed, change.on, entry, index, unit=unit)
    for position, version in enumerate(entry.versions or ()):
        if version.agreed is not None:
            here = (*path, "versions", position, "agreed")
            yield from reference((*here, "product"), "product", version.agreed.product, index.products)


def variants(subscription: Subscription, entry: SubscriptionEntry) -> Iterator[Subscription]:
    """The subscription as it is, and as what is agreed or scheduled makes it: each needs a price."""
    yield subscription
    now = subscription
    if entry.next_term is not None:
        yield _with(now, entry.next_term)
    for change in entry.changes:
        if change.agreed is not None:
            now = _with(now, change.agreed)
            yield now
            if change.agreed.next_term is not None:
                yield _with(now, change.agreed.next_term)


def _with(subscription: Subscription, agreed: AgreedEntry | NextTermEntry) -> Subscription:
    return replace(
        subscription,
        product=agreed.product or subscription.product,
        plan=agreed.plan or subscription.plan,
        term=agreed.term or subscription.term,
    )


def _one_agreed_problems(
    path: Path, agreed: AgreedEntry, on: date, entry: SubscriptionEntry, index: Index, *, unit: str
) -> Iterator[Problem]:
    if agreed == AgreedEntry():
        yield Problem(path, f"the change on {on} agrees nothing.", "Write what is agreed, or remove it.")
    yield from reference((*path, "product"), "product", agreed.product, index.products)
    if agreed.term:
        yield from term_problems((*path, "term"), agreed.term)
    if agreed.term_end is not None:
        yield from _term_end_problems((*path, "term_end"), agreed.term_end, on, agreed.term or entry.term)
    yield from days_problems((*path, "start"), agreed.start)
    yield from days_problems((*path, "end"), agreed.end)
    if agreed.next_term is not None:
        yield from _next_term_problems((*path, "next_term"), agreed.next_term, index, unit=unit)


def _term_end_problems(path: Path, end: date, start: date, term: str) -> Iterator[Problem]:
    """A custom end shortens a term: it lies after its start and not after the end of a whole term."""
    found = tuple(days_problems(path, end))
    yield from found
    try:
        latest = add_months(start, duration_months(term))
    except ValueError:
        return
    if not found and not start < end <= latest:
        yield Problem(
            path,
            f"the term ends on {end}; a term of {term} from {start} ends after that day and by {latest}.",
            "Correct the day: it is the first one that no longer belongs to the term.",
        )


def _next_term_problems(
    path: Path, following: NextTermEntry, index: Index, *, unit: str
) -> Iterator[Problem]:
    yield from reference((*path, "product"), "product", following.product, index.products)
    yield from quantity_problems((*path, "quantity"), following.quantity, unit)
    if following.quantity is not None and Decimal(following.quantity) == 0:
        yield Problem(
            (*path, "quantity"), "the next term has no units.", "Write auto_renew: false where it ends."
        )
    if following.term:
        yield from term_problems((*path, "term"), following.term)
    yield from days_problems((*path, "until"), following.until)
