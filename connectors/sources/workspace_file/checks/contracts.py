"""Contracts, what was billed before, and exchange rates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from connectors.sources.workspace_file.checks.agreements import agreement_problems, discount_problems
from connectors.sources.workspace_file.checks.index import Index, reference
from connectors.sources.workspace_file.checks.issuers import terms_problems
from connectors.sources.workspace_file.checks.pricing import contracts_for
from connectors.sources.workspace_file.checks.words import (
    QUANTITY_MAX,
    above_zero_problems,
    amount_problems,
    code_problems,
    currency_problems,
    days_problems,
    number_problems,
    span_problems,
)
from connectors.sources.workspace_file.finding import Path, Problem, shown
from connectors.sources.workspace_file.schema import OpeningChargeEntry, WorkspaceFile
from connectors.sources.workspace_file.schema_contracts import CHECKS, NUMBER, ContractEntry


def contract_problems(file: WorkspaceFile, index: Index) -> Iterator[Problem]:
    """Everything wrong with the section `contracts`."""
    for position, contract in enumerate(file.contracts):
        path = ("contracts", position)
        yield from code_problems((*path, "code"), contract.code)
        yield from reference((*path, "party"), "party", contract.party, index.parties)
        yield from reference((*path, "issuer"), "issuer", contract.issuer, index.issuers)
        yield from reference((*path, "price_list"), "price list", contract.price_list, index.price_lists)
        yield from reference(
            (*path, "usage_price_list"), "price list", contract.usage_price_list, index.price_lists
        )
        yield from reference((*path, "reseller"), "party", contract.reseller, index.parties)
        yield from span_problems(path, contract.from_, contract.until)
        yield from days_problems((*path, "cut_over"), contract.cut_over)
        yield from terms_problems((*path, "payment_terms_days"), contract.payment_terms_days)
        yield from _bill_to_problems((*path, "bill_to"), contract, index)
        yield from _alignment_problems((*path, "alignment"), contract.alignment)
        yield from _tax_code_problems((*path, "tax_code"), contract.issuer, contract.tax_code, index)
        yield from discount_problems((*path, "discounts"), contract, index)
        yield from agreement_problems(path, contract, index)
        yield from _switch_problems((*path, "checks"), contract)


def _bill_to_problems(path: Path, contract: ContractEntry, index: Index) -> Iterator[Problem]:
    word, colon, code = contract.bill_to.partition(":")
    if word == "party" and colon:
        if not code:
            yield Problem(
                path, "`party:` names nobody.", "Write the code of the party that pays after the colon."
            )
        yield from reference(path, "party", code, index.parties)
    elif contract.bill_to not in ("own", "parent", "consolidated"):
        yield Problem(
            path,
            f"{shown(contract.bill_to)} is not a way to bill.",
            "Write own, parent, consolidated or party:CODE.",
        )


def _alignment_problems(path: Path, alignment: str) -> Iterator[Problem]:
    if alignment == "own":
        return
    word, _, day = alignment.partition(":")
    try:
        is_known = word == "anchor" and date.fromisoformat(day).isoformat() == day
    except ValueError:
        is_known = False
    if not is_known:
        yield Problem(path, f"{shown(alignment)} is not an alignment.", "Write own, or anchor:2026-01-01.")


def _tax_code_problems(path: Path, issuer: str, code: str, index: Index) -> Iterator[Problem]:
    seller = index.issuers.get(issuer)
    if seller is not None:
        codes = {rate.code for rate in seller.tax_rates}
        yield from reference(path, f"tax code of issuer {issuer}", code, codes)


def _switch_problems(path: Path, contract: ContractEntry) -> Iterator[Problem]:
    for name, word in contract.check_words.items():
        if name not in CHECKS:
            known = ", ".join(sorted(CHECKS))
            yield Problem((*path, name), f"there is no check {shown(name)} to switch.", f"Known are {known}.")
        elif word not in ("on", "off", "true", "false") and not (
            name == "variance" and NUMBER.fullmatch(word)
        ):
            also = ", or a percent such as 250" if name == "variance" else ""
            yield Problem((*path, name), f"{shown(word)} does not switch a check.", f"Write on or off{also}.")


def opening_charge_problems(file: WorkspaceFile, index: Index) -> Iterator[Problem]:
    """Everything wrong with the section `opening_charges`."""
    seen: dict[OpeningChargeEntry, int] = {}
    for position, charge in enumerate(file.opening_charges):
        path = ("opening_charges", position)
        yield from reference(
            (*path, "subscription"), "subscription", charge.subscription, index.subscriptions
        )
        yield from span_problems(path, charge.start, charge.until)
        yield from days_problems((*path, "date"), charge.date)
        yield from number_problems((*path, "quantity"), charge.quantity, "quantity", high=QUANTITY_MAX)
        yield from number_problems((*path, "unit_price"), charge.unit_price, "unit price")
        yield from number_problems((*path, "tax_percent"), charge.tax_percent, "rate", high=100)
        yield from above_zero_problems((*path, "exchange_rate"), charge.exchange_rate, "exchange rate")
        yield from _net_problems((*path, "net"), charge, index)
        if not charge.number.strip():
            yield Problem(
                (*path, "number"), "the number of the old document is blank.", "A credit has to name it."
            )
        if seen.setdefault(charge, position) != position:
            yield Problem(
                path, f"the same charge is already at opening_charges[{seen[charge]}].", "Keep one of them."
            )


def _net_problems(path: Path, charge: OpeningChargeEntry, index: Index) -> Iterator[Problem]:
    """The net must be an amount of the currency that the subscription is billed in."""
    yield from number_problems(path, charge.net, "net amount", high=QUANTITY_MAX * 1_000)
    subscription = index.subscriptions.get(charge.subscription)
    contracts = () if subscription is None else contracts_for(subscription, index)
    lists = [each for contract in contracts for each in index.price_lists.get(contract.price_list, ())]
    yield from amount_problems(path, charge.net, {each.currency for each in lists})


def adjustment_problems(file: WorkspaceFile, index: Index) -> Iterator[Problem]:
    """Everything wrong with the section `adjustments`."""
    for position, one in enumerate(file.adjustments):
        path = ("adjustments", position)
        yield from code_problems((*path, "code"), one.code)
        yield from reference((*path, "party"), "party", one.party, index.parties)
        yield from reference((*path, "product"), "product", one.product, index.products)
        yield from reference((*path, "contract"), "contract", one.contract, index.contracts)
        yield from days_problems((*path, "on"), one.on)
        yield from currency_problems((*path, "currency"), one.currency)
        yield from amount_problems((*path, "net"), one.net, [one.currency])
        if not Decimal(one.net):
            yield Problem((*path, "net"), "an adjustment of nothing changes nothing.", "Remove it.")
        for key in ("reason", "approved_by"):
            if not getattr(one, key).strip():
                yield Problem((*path, key), f"`{key}` is blank.", "An auditor asks for it; write it.")


def fx_rate_problems(file: WorkspaceFile) -> Iterator[Problem]:
    """Everything wrong with the section `fx_rates`."""
    seen: dict[tuple[str, str, date, str], int] = {}
    for position, rate in enumerate(file.fx_rates):
        path = ("fx_rates", position)
        yield from currency_problems((*path, "currency"), rate.currency)
        yield from currency_problems((*path, "home"), rate.home)
        yield from days_problems((*path, "on"), rate.on)
        yield from above_zero_problems((*path, "rate"), rate.rate, "exchange rate")
        if rate.currency == rate.home:
            yield Problem(path, f"{rate.currency} needs no rate to itself.", "Remove the entry.")
        same = (rate.currency, rate.home, rate.on, rate.source)
        if seen.setdefault(same, position) != position:
            yield Problem(
                path,
                f"{rate.currency} to {rate.home} on {rate.on} is already at fx_rates[{seen[same]}].",
                "Keep one of them.",
            )
