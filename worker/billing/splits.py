"""Shared subscriptions: one figure per cycle, each party sold to and billed for its own part of it.

Largest remainder in minor units, ties to the smaller party code (billing rules, "Groups, payers,
documents"). The key of the cycle's first day counts, and stays with its charges.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from mappings.canonical.contract import Contract
from mappings.canonical.document import ChargeRef
from mappings.canonical.money import Money, apportion
from mappings.canonical.subscription import SplitKey, Subscription
from mappings.lean import replace
from worker.billing.charges import Owed
from worker.billing.hierarchy import Tree, payer
from worker.billing.pricing import plain_number
from worker.billing.settle import next_revision, settle
from worker.billing.taxes import TaxChoice
from worker.billing.values import Charge, SplitPart


def split_parts(
    subscription: Subscription, contract: Contract, *, day: date, tree: Tree
) -> tuple[SplitPart, ...]:
    """Who bears which part of a cycle that begins on a day, by party code; () where it is not shared.

    Raises `KeyError` with the code of a party or payer that is unknown.
    """
    key = subscription.split_on(day)
    if key is None:
        return ()
    parts = []
    for share in sorted(key.shares, key=lambda share: share.party):
        if share.party not in tree:
            raise KeyError(share.party)
        if share.weight:
            bill_to = payer(contract, share.party, day=day, tree=tree)
            parts.append(SplitPart(share.party, bill_to, share.weight, _words(key, share.weight)))
    return tuple(parts)


def part_figures(figure: Money, parts: tuple[SplitPart, ...]) -> tuple[Money, ...]:
    """The parts of a figure: they add up to it to the last minor unit."""
    whole = sum((Fraction(part.weight) for part in parts), Fraction(0))
    exact = [figure.minor * Fraction(part.weight) / whole for part in parts]
    return tuple(Money(minor, figure.currency) for minor in apportion(figure.minor, exact))


def settle_split(one: Owed, figure: Money, taxes: Mapping[str, TaxChoice]) -> tuple[Charge, ...]:
    """The charges that bring every party's part of a cycle to its figure; `taxes` are by party.

    A pool's settlement is no charge of its own here: it is in the difference of each part.
    """
    parts, revision = one.deal.split, next_revision(one.billed)
    charges: list[Charge] = []
    for part, part_figure in zip(parts, part_figures(figure, parts), strict=True):
        deal = replace(one.deal, party=part.party, bill_to=part.bill_to, price=one.settled)
        billed = tuple(each for each in one.billed if each.charge.party == part.party)
        own = replace(one, deal=deal, exact=one.settled_exact, billed=billed)
        for charge in settle(own, part_figure, tax=taxes[part.party]):
            ref = ChargeRef(*one.key, revision + len(charges))
            words = f"{part.party} bears {part.words} of {figure}: {part_figure}"
            charges.append(replace(charge, ref=ref, basis=(*charge.basis, words)))
    return tuple(charges)


def _words(key: SplitKey, weight: Decimal) -> str:
    if key.by == "percent":
        return f"{weight:f} %"
    whole = sum((Fraction(share.weight) for share in key.shares), Fraction(0))
    unit = "heads" if key.by == "headcount" else "seats"
    return f"{weight:f} of {plain_number(whole)} {unit}"
