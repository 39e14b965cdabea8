"""A checked or unchecked file -> the canonical workspace: total, so that checks can look at the result.

Items keep their order, so the n-th canonical party is the n-th of the file. Exactness: decimals are made of
their own text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

import msgspec

from connectors.sources.workspace_file.changes import versions_of
from connectors.sources.workspace_file.schema import UsageEntry, WorkspaceFile
from mappings.canonical.book import Book, Chart
from mappings.canonical.catalog import Pool, PriceList, Product, Promotion
from mappings.canonical.contract import Adjustment, Contract, OpeningCharge
from mappings.canonical.party import FxRate, Issuer, Party
from mappings.canonical.subscription import Subscription, Usage
from mappings.canonical.workspace import Setup, Workspace

T = TypeVar("T")


def to_workspace(file: WorkspaceFile, *, known: Workspace) -> Workspace:
    """The file as canonical values. `known` (what is imported already) gives a book its issuer's currency."""
    issuers = _all(file.issuers, Issuer)
    currencies = {issuer.code: issuer.home_currency for issuer in (*known.setup.issuers, *issuers)}
    return Workspace(
        setup=Setup(
            issuers=issuers,
            books=tuple(
                replace(book, home_currency=book.home_currency or currencies.get(book.issuer, ""))
                for book in _all(file.books, Book)
            ),
            charts=_all(file.charts, Chart),
            parties=_all(file.parties, Party),
            products=_all(file.products, Product),
            price_lists=_all(file.price_lists, PriceList),
            promotions=_all(file.promotions, Promotion),
            pools=_all(file.pools, Pool),
            contracts=_all(file.contracts, Contract),
            opening_charges=_all(file.opening_charges, OpeningCharge),
            adjustments=_all(file.adjustments, Adjustment),
            fx_rates=_all(file.fx_rates, FxRate),
        ),
        subscriptions=_all(file.subscriptions, Subscription),
        versions=tuple(version for entry in file.subscriptions for version in versions_of(entry)),
        usage=_usage(file.usage),
    )


def _all(entries: tuple[Any, ...], kind: type[T]) -> tuple[T, ...]:
    """Entries as canonical values: attributes of the same name, each converted to the type it has there."""
    return msgspec.convert(entries, tuple[kind, ...], from_attributes=True)  # type: ignore[valid-type]  # runtime


def _usage(entries: tuple[UsageEntry, ...]) -> tuple[Usage, ...]:
    given = _all(entries, Usage)
    return tuple(
        usage if usage.ref else replace(usage, ref=ref)
        for usage, ref in zip(given, made_refs(given), strict=True)
    )


def made_refs(usages: Iterable[Usage]) -> Iterator[str]:
    """The ref each usage gets when the file gives none: `file:DAY:METER:N`, N counting equal ones."""
    counted: Counter[tuple[str, date, str]] = Counter()
    for usage in usages:
        same = (usage.subscription, usage.on, usage.meter)
        counted[same] += 1
        meter = f":{usage.meter}" if usage.meter else ""
        yield f"file:{usage.on}{meter}:{counted[same]}"
