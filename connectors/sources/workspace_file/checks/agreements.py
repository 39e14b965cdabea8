"""What a contract agrees beyond its list: discounts, minimum, ramp, margins, days."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connectors.sources.workspace_file.checks.index import Index, reference
from connectors.sources.workspace_file.checks.words import (
    PRICE_MAX,
    QUANTITY_MAX,
    above_zero_problems,
    amount_problems,
    days_problems,
    number_problems,
    span_problems,
    term_problems,
)
from connectors.sources.workspace_file.finding import Path, Problem
from connectors.sources.workspace_file.schema_contracts import CommitmentEntry, ContractEntry

PERCENT_MAX = 1_000
OFFSET_DAYS_MAX = 92
NOTICE_DAYS_MAX = 730


def agreement_problems(path: Path, contract: ContractEntry, index: Index) -> Iterator[Problem]:
    """Everything wrong with a contract's minimum, ramp, margins and days."""
    yield from _margin_problems(path, contract, index)
    yield from _days_problems(path, contract)
    if contract.minimum is not None:
        yield from _minimum_problems((*path, "minimum"), contract, contract.minimum, index)
    for at, step in enumerate(contract.ramp):
        here = (*path, "ramp", at)
        yield from days_problems((*here, "from"), step.from_)
        yield from reference((*here, "product"), "product", step.product, index.products)
        yield from number_problems((*here, "price"), step.price, "price")
        yield from number_problems((*here, "quantity"), step.quantity, "quantity", high=QUANTITY_MAX)
        if step.price is None and step.quantity is None:
            yield Problem(here, "this step of the ramp changes nothing.", "Add `price` or `quantity`.")
        if any((step.from_, step.product) == (one.from_, one.product) for one in contract.ramp[:at]):
            yield Problem(here, f"the ramp has two steps from {step.from_}.", "Keep one of them.")


def discount_problems(path: Path, contract: ContractEntry, index: Index) -> Iterator[Problem]:
    """Everything wrong with a contract's discounts."""
    for position, discount in enumerate(contract.discounts):
        here = (*path, position)
        yield from number_problems(
            (*here, "percent"), discount.percent, "discount", low=-PERCENT_MAX, high=PERCENT_MAX
        )
        yield from number_problems((*here, "amount"), discount.amount, "discount", low=-PRICE_MAX)
        if 100 < Decimal(discount.percent) <= PERCENT_MAX:
            yield Problem(
                (*here, "percent"),
                f"a discount of {discount.percent} % is more than the price.",
                "Write at most 100.",
            )
        if Decimal(discount.percent) and Decimal(discount.amount):
            yield Problem(
                here,
                "this discount has a percent and an amount.",
                "Write two discounts; they apply one after the other.",
            )
        yield from span_problems(here, discount.from_, discount.until)
        yield from reference((*here, "product"), "product", discount.product, index.products)


def _margin_problems(path: Path, contract: ContractEntry, index: Index) -> Iterator[Problem]:
    yield from number_problems(
        (*path, "markup_percent"), contract.markup_percent, "markup", low=-100, high=PERCENT_MAX
    )
    for key in ("margin_percent", "margin_floor_percent"):
        text = getattr(contract, key)
        yield from number_problems((*path, key), text, "margin", low=-PERCENT_MAX, high=PERCENT_MAX)
        if text is not None and 100 <= Decimal(text) <= PERCENT_MAX:
            yield Problem(
                (*path, key),
                f"a margin of {text} % of the price leaves nothing for the cost.",
                "Write less than 100, or use markup_percent (percent of the cost).",
            )
    if contract.markup_percent is not None and contract.margin_percent is not None:
        yield Problem(
            (*path, "margin_percent"),
            "the price is made from the cost twice, by markup_percent and by margin_percent.",
            "Keep one of them.",
        )
    is_of_cost = contract.markup_percent is not None or contract.margin_percent is not None
    if contract.cost_from == "provider_lines" and contract.bill_by == "cycles" and is_of_cost:
        yield Problem(
            (*path, "cost_from"),
            "the price is made of the cost of the list, which would not be the cost that is kept.",
            "Write bill_by: provider_lines to sell the provider's lines, or leave cost_from out.",
        )
    yield from reference(
        (*path, "retail_price_list"), "price list", contract.retail_price_list, index.price_lists
    )
    own, retail = (_currencies(code, index) for code in (contract.price_list, contract.retail_price_list))
    if own and retail and own != retail:
        yield Problem(
            (*path, "retail_price_list"),
            f"retail prices are in {' and '.join(sorted(retail))}, the contract bills in"
            f" {' and '.join(sorted(own))}.",
            "Use a retail list in the currency of the price list.",
        )


def _currencies(code: str, index: Index) -> set[str]:
    return {each.currency for each in index.price_lists.get(code, ())}


def _days_problems(path: Path, contract: ContractEntry) -> Iterator[Problem]:
    if abs(contract.offset_days) > OFFSET_DAYS_MAX:
        yield Problem(
            (*path, "offset_days"),
            f"a bill moved by {contract.offset_days} days is not believed.",
            f"Write {-OFFSET_DAYS_MAX} to {OFFSET_DAYS_MAX}.",
        )
    if contract.offset_days < 0 and contract.timing == "arrears":
        yield Problem(
            (*path, "offset_days"),
            "a cycle billed in arrears cannot be billed before it is over.",
            "Write 0 or more days, or timing: advance.",
        )
    if not 0 <= contract.notice_days <= NOTICE_DAYS_MAX:
        yield Problem(
            (*path, "notice_days"),
            f"a notice of {contract.notice_days} days is not believed.",
            f"Write 0 to {NOTICE_DAYS_MAX}.",
        )


def _minimum_problems(
    path: Path, contract: ContractEntry, minimum: CommitmentEntry, index: Index
) -> Iterator[Problem]:
    yield from above_zero_problems((*path, "amount"), minimum.amount, "minimum")
    currencies = {one.currency for one in index.price_lists.get(contract.price_list, ())}
    yield from amount_problems((*path, "amount"), minimum.amount, currencies)
    yield from reference((*path, "product"), "product", minimum.product, index.products)
    yield from term_problems((*path, "period"), minimum.period)
    yield from days_problems((*path, "anchor"), minimum.anchor)
    for at, step in enumerate(minimum.ramp):
        yield from days_problems((*path, "ramp", at, "from"), step.from_)
        yield from number_problems((*path, "ramp", at, "amount"), step.amount, "minimum")
        yield from amount_problems((*path, "ramp", at, "amount"), step.amount, currencies)
        if any(step.from_ == one.from_ for one in minimum.ramp[:at]):
            yield Problem(
                (*path, "ramp", at), f"the minimum has two steps from {step.from_}.", "Keep one of them."
            )
