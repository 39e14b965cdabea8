"""Adjustments: dated one-off charges and goodwill credits that a person approved, billed as charges.

Owed - billed like everything else: an adjustment is billed once, and one whose amount was changed in the
workspace gives the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from mappings.canonical.catalog import Tier
from mappings.canonical.contract import Adjustment, Contract
from mappings.canonical.document import ChargeRef
from mappings.canonical.money import Money, parse_money
from mappings.canonical.period import Period
from mappings.canonical.subscription import Subscription
from mappings.lean import replace
from worker.billing.deals import Ground, terms_of
from worker.billing.documents import BY_HAND
from worker.billing.hierarchy import payer
from worker.billing.tax_points import tax_day
from worker.billing.taxes import tax_of
from worker.billing.values import BilledCharge, Charge, Check, CycleFacts, Notice, PriceFacts, Span

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The charges of a group's adjustments; `problems` hold their documents."""

    charges: tuple[Charge, ...] = ()
    problems: Mapping[tuple[str, date], tuple[Check, ...]] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


def reference(code: str) -> str:
    """What an adjustment is called in references, in the place of a subscription."""
    return f"{BY_HAND}{code}"


def adjusted(
    adjustments: Sequence[Adjustment], billed: Iterable[BilledCharge], *, ground: Ground, as_of: date
) -> Adjusted:
    """What adjustments dated until a day are owed and not billed yet."""
    due = [one for one in adjustments if one.on <= as_of]
    if not due:
        return Adjusted()
    standing: dict[str, list[Charge]] = {}
    for one in billed:
        standing.setdefault(one.charge.ref.subscription, []).append(one.charge)
    charges: list[Charge] = []
    problems: dict[tuple[str, date], tuple[Check, ...]] = {}
    notices: list[Notice] = []
    for adjustment in sorted(due, key=lambda one: (one.on, one.code)):
        before = standing.get(reference(adjustment.code), [])
        net = parse_money(adjustment.net, adjustment.currency)
        missing = net - Money(sum(charge.net.minor for charge in before), net.currency)
        if not missing:
            continue
        made = _charge(adjustment, missing, len(before), ground, as_of=as_of)
        if isinstance(made, Notice):
            notices.append(made)
            continue
        charge, checks = made
        charges.append(charge)
        if checks:
            problems[charge.ref.subscription, charge.ref.cycle_start] = checks
    return Adjusted(tuple(charges), problems, tuple(notices))


def contract_of(adjustment: Adjustment, ground: Ground) -> Contract | None:
    """The contract an adjustment is billed under: the one it names, else its party's or the nearest above."""
    asked = Subscription(
        code=reference(adjustment.code),
        source="adjustment",
        party=adjustment.party,
        product=adjustment.product,
        term="",
        plan="one_time",
        anchor=adjustment.on,
        contract=adjustment.contract,
    )
    return ground.calendar.agreements.of(asked, adjustment.on)


def _charge(
    one: Adjustment, net: Money, revision: int, ground: Ground, *, as_of: date
) -> tuple[Charge, tuple[Check, ...]] | Notice:
    catalog, contract = ground.catalog, contract_of(one, ground)
    if contract is None or contract.issuer not in catalog.issuers:
        return _waits(one, f"{one.party} has no contract with a known issuer on {one.on}")
    if one.party not in catalog.tree or one.product not in catalog.products:
        return _waits(one, "its party or product is unknown")
    try:
        bill_to = payer(contract, one.party, day=one.on, tree=catalog.tree)
    except KeyError as unknown:
        return _waits(one, f"contract {contract.code} bills to {unknown.args[0]}, which is unknown")
    issuer, product = catalog.issuers[contract.issuer], catalog.products[one.product]
    days = Period(one.on, one.on + timedelta(days=1))
    day = tax_day(issuer, days, document_date=ground.document_date(issuer, as_of=as_of))
    tax = tax_of(contract, issuer, catalog.tree[bill_to], product, on=day)
    words = f"adjustment {one.code}: {one.reason}, approved by {one.approved_by}"
    price = PriceFacts("per_unit", (Tier(None, net.decimal),), product.unit, f"adjustment {one.code}")
    terms = terms_of(contract, issuer)
    if terms.refund_method == "none":
        terms = replace(terms, refund_method="credit_note")  # somebody approved that it is given back
    charge = Charge(
        ref=ChargeRef(reference(one.code), one.on, revision),
        kind="one_time",
        issuer=issuer.code,
        contract=contract.code,
        party=one.party,
        bill_to=bill_to,
        product=one.product,
        currency=one.currency,
        service=days,
        cycle=days,
        quantity=ONE,
        unit_price=net.decimal,
        net=net,
        tax_code=tax.code,
        tax_percent=tax.percent,
        tax_treatment=tax.treatment,
        tax_reason=tax.reason,
        basis=(words,),
        facts=CycleFacts(price, (Span(days, ONE),), str(Fraction(net.decimal)), 0, as_of),
        terms=terms,
    )
    return charge, tax.checks


def _waits(one: Adjustment, why: str) -> Notice:
    return Notice(
        "adjustment_waits",
        f"Adjustment {one.code} of {one.net} {one.currency} for {one.party} is not billed: {why}. Correct the"
        " set-up; the next run bills it.",
        reference(one.code),
    )
