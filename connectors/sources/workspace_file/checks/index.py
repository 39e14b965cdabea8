"""What exists by which code: the file itself, over what was imported before."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from connectors.sources.workspace_file.checks.words import folded
from connectors.sources.workspace_file.finding import Path, Problem, shown
from mappings.canonical.book import Book, Chart
from mappings.canonical.catalog import PriceList, Product, Promotion
from mappings.canonical.contract import Contract
from mappings.canonical.party import Issuer, Party
from mappings.canonical.subscription import Subscription
from mappings.canonical.workspace import Workspace

_COMPARED_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Index:
    """Canonical values by code. Price lists and contracts are dated: a code may have several, oldest first.

    `contracts_of` is by party.
    """

    issuers: Mapping[str, Issuer]
    books: Mapping[str, Book]
    charts: Mapping[str, Chart]
    parties: Mapping[str, Party]
    products: Mapping[str, Product]
    price_lists: Mapping[str, tuple[PriceList, ...]]
    promotions: Mapping[str, Promotion]
    contracts: Mapping[str, tuple[Contract, ...]]
    contracts_of: Mapping[str, tuple[Contract, ...]]
    subscriptions: Mapping[str, Subscription]


def index_of(file: Workspace, known: Workspace) -> Index:
    """Everything known, where the file's own word replaces an earlier one of the same code."""
    old, new = known.setup, file.setup
    lists = {(each.code, each.from_): each for each in (*old.price_lists, *new.price_lists)}
    by_list: defaultdict[str, list[PriceList]] = defaultdict(list)
    for code, day in sorted(lists):
        by_list[code].append(lists[code, day])
    contracts = {(each.from_, each.code): each for each in (*old.contracts, *new.contracts)}
    by_code: defaultdict[str, list[Contract]] = defaultdict(list)
    by_party: defaultdict[str, list[Contract]] = defaultdict(list)
    for _, contract in sorted(contracts.items()):
        by_code[contract.code].append(contract)
        by_party[contract.party].append(contract)
    return Index(
        issuers={each.code: each for each in (*old.issuers, *new.issuers)},
        books={each.code: each for each in (*old.books, *new.books)},
        charts={each.code: each for each in (*old.charts, *new.charts)},
        parties={each.code: each for each in (*old.parties, *new.parties)},
        products={each.code: each for each in (*old.products, *new.products)},
        price_lists={code: tuple(each) for code, each in by_list.items()},
        promotions={each.code: each for each in (*old.promotions, *new.promotions)},
        contracts={code: tuple(each) for code, each in by_code.items()},
        contracts_of={code: tuple(each) for code, each in by_party.items()},
        subscriptions={each.code: each for each in (*known.subscriptions, *file.subscriptions)},
    )


def reference(path: Path, what: str, code: str, known: Collection[str]) -> Iterator[Problem]:
    """A problem when `code` is not among the known codes; an empty code refers to nothing."""
    if code and code not in known:
        yield Problem(
            path, f"there is no {what} with the code {shown(code)}.", _suggestion(what, code, known)
        )


def _suggestion(what: str, code: str, known: Collection[str]) -> str:
    if len(known) <= _COMPARED_MAX:
        same = [each for each in known if folded(each) == folded(code)]
        near = same or difflib.get_close_matches(code, known, n=1)
        if near:
            return f"Did you mean {near[0]}?"
    return f"Correct the code, or add that {what} to the file."


def shares_days(one: tuple[date | None, date | None], other: tuple[date | None, date | None]) -> bool:
    """Whether two half-open spans of days, open where None, have a day in common."""
    (from_, until), (other_from, other_until) = one, other
    starts_before_end = from_ is None or other_until is None or from_ < other_until
    return starts_before_end and (other_from is None or until is None or other_from < until)
