"""Which contracts can bill a subscription, and whether their lists have a price for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import combinations

from connectors.sources.workspace_file.checks.index import Index, shares_days
from connectors.sources.workspace_file.finding import Path, Problem
from mappings.canonical.catalog import PriceList
from mappings.canonical.contract import Contract
from mappings.canonical.subscription import Subscription


def contracts_for(subscription: Subscription, index: Index) -> tuple[Contract, ...]:
    """Contracts that may bill it at some time: the one it names, else of its party, else of those above.

    A party's own contracts hide those of the parties above it (canonical `Contract`).
    """
    if subscription.contract:
        return index.contracts.get(subscription.contract, ())
    life = (subscription.anchor, subscription.end)
    level, seen = {subscription.party}, set[str]()
    while level:
        found = tuple(
            contract
            for party in sorted(level)
            for contract in index.contracts_of.get(party, ())
            if shares_days((contract.from_, contract.until), life)
        )
        if found:
            return found
        seen |= level
        level = set(_above(level, life, index)) - seen
    return ()


def _above(level: set[str], life: tuple[date, date | None], index: Index) -> Iterator[str]:
    for code in level:
        party = index.parties.get(code)
        for edge in () if party is None else party.parents:
            if shares_days((edge.from_, edge.until), life):
                yield edge.parent


def contract_choice_problems(path: Path, subscription: Subscription, index: Index) -> Iterator[Problem]:
    """Warnings: nobody to bill by (a run lists it as unassigned), or two who could.

    Of several contracts of a party the later one counts; two issuers, or one first day, look like a slip.
    """
    contracts = contracts_for(subscription, index)
    if not contracts and not subscription.contract:
        yield Problem(
            path,
            f"subscription {subscription.code} has no contract: neither party {subscription.party} nor "
            "a party above it has one in its time.",
            "Nothing is billed for it; a run lists it as unassigned.",
            is_warning=True,
        )
    for one, other in combinations(contracts, 2):
        is_doubtful = one.issuer != other.issuer or one.from_ == other.from_
        overlaps = shares_days((one.from_, one.until), (other.from_, other.until))
        if one.party == other.party and one.code != other.code and is_doubtful and overlaps:
            yield Problem(
                path,
                f"subscription {subscription.code} could be billed by contract {one.code} or {other.code}.",
                "The later one counts. Name one with `contract:`, or end one before the other begins.",
                is_warning=True,
            )


def price_problems(path: Path, subscription: Subscription, index: Index) -> Iterator[Problem]:
    """A price for (product, plan, term) must be in the list of each contract that may bill it."""
    if subscription.plan == "trial" or subscription.product not in index.products:
        return
    what = " ".join(filter(None, (subscription.product, subscription.plan, subscription.term)))
    for contract in contracts_for(subscription, index):
        by_usage = subscription.plan == "usage" and contract.usage_price_list
        code = contract.usage_price_list if by_usage else contract.price_list
        lists = index.price_lists.get(code, ())
        if not lists or contract.markup_percent is not None or contract.bill_by == "provider_lines":
            continue
        if not any(_has_price(each, subscription, contract) for each in lists):
            yield Problem(
                path,
                f"price list {code} of contract {contract.code} has no price for "
                f"{what}, which subscription {subscription.code} needs.",
                "Add that price, or correct the product, plan or term.",
            )
        elif not _has_price(lists[-1], subscription, contract):
            yield Problem(
                path,
                f"from {lists[-1].from_} on, price list {code} has no price for {what} "
                f"any more, which subscription {subscription.code} needs.",
                "Later cycles cannot be priced; add the price to the newer list.",
                is_warning=True,
            )


def _has_price(each: PriceList, subscription: Subscription, contract: Contract) -> bool:
    return any(
        price.product == subscription.product
        and price.plan == subscription.plan
        and price.term in ("", subscription.term)
        and price.segment in ("", contract.segment)
        for price in each.prices
    )
