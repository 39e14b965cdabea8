"""Every problem of a whole file at once: the sections' own checks, and codes that are there twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.sources.workspace_file.checks.books import book_problems, chart_problems
from connectors.sources.workspace_file.checks.catalog import (
    pool_problems,
    price_list_problems,
    product_problems,
)
from connectors.sources.workspace_file.checks.contracts import (
    adjustment_problems,
    contract_problems,
    fx_rate_problems,
    opening_charge_problems,
)
from connectors.sources.workspace_file.checks.index import index_of
from connectors.sources.workspace_file.checks.issuers import issuer_problems
from connectors.sources.workspace_file.checks.parties import party_problems
from connectors.sources.workspace_file.checks.subscriptions import subscription_problems, usage_problems
from connectors.sources.workspace_file.checks.terms import promotion_problems
from connectors.sources.workspace_file.checks.tree import tree_problems
from connectors.sources.workspace_file.checks.words import duplicate_problems, folded
from connectors.sources.workspace_file.finding import Problem
from connectors.sources.workspace_file.schema import WorkspaceFile
from mappings.canonical.workspace import Workspace

_CODED = {
    "issuers": "issuer",
    "books": "book",
    "charts": "chart",
    "parties": "party",
    "products": "product",
    "promotions": "promotion",
    "adjustments": "adjustment",
    "pools": "pool",
    "subscriptions": "subscription",
}
_DATED = {"price_lists": "price list", "contracts": "contract"}
"""Append-only sections: a code may come again with a later `from`, which replaces it from then on."""


def problems(file: WorkspaceFile, workspace: Workspace, *, known: Workspace) -> Iterator[Problem]:
    """Problems and warnings of a file; `workspace` is its conversion, `known` what was imported before."""
    index = index_of(workspace, known)
    for section, what in _CODED.items():
        yield from _code_twice(what, section, getattr(file, section))
    for section, what in _DATED.items():
        yield from _dated_code_twice(what, section, getattr(file, section))
    yield from issuer_problems(file, index)
    yield from book_problems(file, index, {book.code: book for book in known.setup.books})
    yield from chart_problems(file, index)
    yield from party_problems(file, index)
    yield from tree_problems(file.parties, index)
    yield from product_problems(file, index)
    yield from price_list_problems(file, index)
    yield from promotion_problems(file, index)
    yield from pool_problems(file, index)
    yield from contract_problems(file, index)
    yield from subscription_problems(file, index)
    yield from usage_problems(file, workspace, index)
    yield from opening_charge_problems(file, index)
    yield from adjustment_problems(file, index)
    yield from fx_rate_problems(file)


def _code_twice(what: str, section: str, entries: tuple[Any, ...]) -> Iterator[Problem]:
    codes = (((section, position, "code"), entry.code) for position, entry in enumerate(entries))
    yield from duplicate_problems(f"{what} code", codes)


def _dated_code_twice(what: str, section: str, entries: tuple[Any, ...]) -> Iterator[Problem]:
    written: dict[str, str] = {}
    for position, entry in enumerate(entries):
        path = (section, position, "code")
        other = written.setdefault(folded(entry.code), entry.code)
        if other != entry.code:
            yield from duplicate_problems(f"{what} code", ((path[:2], other), (path, entry.code)))
    yield from duplicate_problems(
        what,
        (
            ((section, position, "code"), f"{entry.code} from {entry.from_}")
            for position, entry in enumerate(entries)
            if written[folded(entry.code)] == entry.code
        ),
    )
