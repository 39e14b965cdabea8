"""Checks that a contract switches on or off; those that guard what cannot be issued at all are never off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TypeAlias, get_args

from mappings.canonical.contract import CheckName, CheckSwitch, Contract
from worker.billing.values import Check, Draft

Switches: TypeAlias = Mapping[str, Mapping[str, CheckSwitch]]
"""Contract code -> check name -> how it is set, for contracts that set any."""

NO_SWITCHES: Switches = {}
SWITCHABLE: frozenset[str] = frozenset(get_args(CheckName))


def switches_of(contracts: Iterable[Contract], *, on: date) -> Switches:
    """How contracts set their checks on a day; the latest version of a contract counts."""
    latest: dict[str, Contract] = {}
    for contract in sorted(contracts, key=lambda one: one.from_):
        if contract.from_ <= on or contract.code not in latest:
            latest[contract.code] = contract
    return {
        code: {switch.name: switch for switch in contract.checks}
        for code, contract in latest.items()
        if contract.checks
    }


def is_off(check: Check, draft: Draft, switches: Switches) -> bool:
    """Whether every contract that a check is about has switched it off."""
    if check.code not in SWITCHABLE:
        return False
    about = {
        charge.contract
        for charge in draft.charges
        if not check.subscription or charge.ref.subscription == check.subscription
    }
    return bool(about) and all(is_off_for(check.code, code, switches) for code in about)


def is_off_for(name: str, contract: str, switches: Switches) -> bool:
    """Whether a contract has switched a check off."""
    switch = switches.get(contract, {}).get(name)
    return switch is not None and not switch.is_on


def zero_price_checks(draft: Draft, switches: Switches) -> Iterator[Check]:
    """Lines that cost nothing, for contracts that asked to be held for them."""
    for charge in draft.charges:
        switch = switches.get(charge.contract, {}).get("zero_price")
        if not charge.net and switch is not None and switch.is_on:
            yield Check(
                "zero_price",
                f"Subscription {charge.ref.subscription} costs nothing for the cycle {charge.cycle}"
                f" ({charge.facts.price.source}), and contract {charge.contract} asks to look at that."
                " Correct the price, or switch the check off.",
                charge.ref.subscription,
            )
