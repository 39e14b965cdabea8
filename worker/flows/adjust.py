"""Adjustments by hand: a dated one-off charge or goodwill credit, with who approved it and why.

Doing it twice equals doing it once: the same facts have the same code.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import structlog

from mappings.canonical.contract import Adjustment
from mappings.canonical.money import UnknownCurrency, parse_money
from mappings.canonical.workspace import Setup
from mappings.identity import fingerprint
from worker.billing.adjustments import contract_of
from worker.billing.bill import ground_of
from worker.flows.ports import Ports
from worker.store import audit, groups, setup
from worker.store.engine import Connection

log = structlog.get_logger()

Added = Literal["added", "unchanged"]


class AdjustmentRefused(ValueError):
    """The adjustment cannot be taken as it is; nothing was written."""


def add(ports: Ports, adjustment: Adjustment, *, actor: str) -> tuple[Adjustment, Added]:
    """Store an adjustment; the next bill bills it. Returns it complete, and whether it is new.

    A blank code is made of the facts, a blank currency is that of the contract's price list. Raises
    `AdjustmentRefused`: unknown party, product, contract or currency, an amount with too many digits or of
    nothing, or a code that another adjustment has already.
    """

    def act(connection: Connection) -> tuple[Adjustment, Added]:
        known = setup.load_setup(connection)
        whole = _complete(adjustment, known)
        stored = next((one for one in known.adjustments if one.code == whole.code), None)
        if stored is not None and stored != whole:
            raise AdjustmentRefused(
                f"adjustment {whole.code} is there already with other content: {stored.net} {stored.currency}"
                f" for {stored.party} on {stored.on}; give this one another code, or add its opposite"
            )
        if stored is not None:
            return whole, "unchanged"
        now = ports.clock.now()
        setup.store_setup(connection, Setup(adjustments=(whole,)), now=now)
        groups.regroup(connection)
        audit.record(
            connection,
            actor=actor,
            act="adjustment.add",
            subject=whole.code,
            reason=whole.reason,
            body=whole,
            now=now,
        )
        return whole, "added"

    whole, added = ports.store.transact(act)
    log.info("adjustment.added", adjustment=whole.code, party=whole.party, is_new=added == "added")
    return whole, added


def all_(ports: Ports) -> tuple[Adjustment, ...]:
    """Every adjustment, by day and code."""
    with ports.store.read() as connection:
        found = setup.load_setup(connection).adjustments
    return tuple(sorted(found, key=lambda one: (one.on, one.code)))


def _complete(given: Adjustment, known: Setup) -> Adjustment:
    if given.party not in {one.code for one in known.parties}:
        raise AdjustmentRefused(f"there is no party {given.party}")
    if given.product not in {one.code for one in known.products}:
        raise AdjustmentRefused(f"there is no product {given.product}; it decides account and tax")
    if not given.reason.strip() or not given.approved_by.strip():
        raise AdjustmentRefused("an adjustment needs a reason and who approved it")
    ground = ground_of(known)
    contract = contract_of(given, ground)
    if contract is None:
        raise AdjustmentRefused(f"{given.party} has no contract that is valid on {given.on}")
    currency = given.currency or ground.prices.currency(contract.price_list) or ""
    try:
        net = parse_money(given.net, currency)
    except UnknownCurrency as unknown:
        raise AdjustmentRefused(str(unknown)) from unknown
    except (ArithmeticError, ValueError) as wrong:
        raise AdjustmentRefused(f"{given.net} is not an amount of {currency}") from wrong
    if not net:
        raise AdjustmentRefused("an adjustment of nothing changes nothing")
    whole = replace(given, currency=currency, net=str(net.decimal))
    return whole if whole.code else replace(whole, code=f"ADJ-{fingerprint(whole)[:10].upper()}")
