"""Opening charges: what another system billed counts as billed, is never posted, and is what we credit.

They become `BilledCharge`s like our own (billing rules, "Cut-over"). Openings of one subscription that
share days (a purchase and seats added later) form one cycle; the earliest gives its price.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from mappings.canonical.catalog import Product, Tier
from mappings.canonical.contract import Contract, OpeningCharge
from mappings.canonical.document import ChargeRef
from mappings.canonical.money import Money, parse_money
from mappings.canonical.period import Period
from mappings.canonical.subscription import Subscription
from worker.billing.periods import CYCLE_MONTHS
from worker.billing.timeline import NOTHING, plain
from worker.billing.values import BilledCharge, Charge, CycleFacts, Exchange, PriceFacts, Span, Terms


@dataclass(frozen=True, slots=True)
class OpeningFor:
    """To whom the openings of one subscription belong, as the contract says on their first day."""

    subscription: Subscription
    product: Product
    contract: Contract
    bill_to: str
    currency: str
    terms: Terms


def opening_groups(openings: Iterable[OpeningCharge]) -> tuple[tuple[OpeningCharge, ...], ...]:
    """Openings of one subscription that share days, together; each group is one cycle."""
    groups: list[list[OpeningCharge]] = []
    until = date.min
    for opening in sorted(openings, key=lambda opening: (opening.start, -opening.until.toordinal())):
        if groups and opening.start < until:
            groups[-1].append(opening)
        else:
            groups.append([opening])
        until = max(until, opening.until)
    return tuple(tuple(group) for group in groups)


def as_billed(group: tuple[OpeningCharge, ...], owner: OpeningFor) -> tuple[BilledCharge, ...]:
    """The openings of one cycle as charges that stand on the other system's documents.

    Raises `ValueError` when a net amount does not fit the currency.
    """
    base = group[0]
    cycle = Period(base.start, max(opening.until for opening in group))
    nets = [parse_money(opening.net, owner.currency) for opening in group]
    price = _price(base, nets[0], owner, cycle)
    billed = []
    for revision, (opening, net) in enumerate(zip(group, nets, strict=True)):
        facts = CycleFacts(
            price=price,
            spans=_spans(group[: revision + 1], cycle),
            exact=str(sum((Fraction(part.decimal) for part in nets[: revision + 1]), Fraction(0))),
            months=CYCLE_MONTHS[owner.subscription.plan],
            known_until=date.min,
            proration=owner.contract.proration,
            rounding=owner.contract.rounding,
        )
        charge = _charge(opening, net, owner, cycle=cycle, facts=facts, revision=revision)
        rate = Decimal(opening.exchange_rate)
        exchange = Exchange(rate, opening.date, f"document {opening.number}") if rate != 1 else None
        billed.append(BilledCharge(charge, "", opening.number, opening.date, exchange))
    return tuple(billed)


def _charge(
    opening: OpeningCharge, net: Money, owner: OpeningFor, *, cycle: Period, facts: CycleFacts, revision: int
) -> Charge:
    fits = opening.quantity * opening.unit_price == net.decimal
    return Charge(
        ref=ChargeRef(opening.subscription, cycle.start, revision),
        kind="recurring",
        issuer=owner.contract.issuer,
        contract=owner.contract.code,
        party=owner.subscription.party,
        bill_to=owner.bill_to,
        product=owner.product.code,
        currency=owner.currency,
        service=Period(opening.start, opening.until),
        cycle=cycle,
        quantity=plain(opening.quantity) if fits else Decimal(1),
        unit_price=opening.unit_price if fits else net.decimal,
        net=net,
        tax_code=opening.tax_code,
        tax_percent=Decimal(opening.tax_percent),
        basis=(f"billed by another system with document {opening.number} of {opening.date}",),
        facts=facts,
        terms=owner.terms,
    )


def _price(base: OpeningCharge, net: Money, owner: OpeningFor, cycle: Period) -> PriceFacts:
    """The price of one unit for the whole cycle, as the other system billed it."""
    days = Fraction(base.quantity) * Fraction((base.until - base.start).days, cycle.days)
    each = Fraction(net.decimal) / days if days else Fraction(base.unit_price)
    price = base.unit_price
    if each != price:
        price = Decimal(each.numerator) / Decimal(each.denominator)
    source = f"as billed with document {base.number}"
    return PriceFacts("per_unit", (Tier(None, price),), owner.product.unit, source, owner.contract.price_list)


def _spans(group: tuple[OpeningCharge, ...], cycle: Period) -> tuple[Span, ...]:
    """What the openings billed, day by day over the cycle."""
    days = sorted({cycle.start, cycle.until, *(day for one in group for day in (one.start, one.until))})
    return tuple(
        Span(
            Period(start, until),
            plain(sum((one.quantity for one in group if one.start <= start and until <= one.until), NOTHING)),
        )
        for start, until in pairwise(days)
    )
