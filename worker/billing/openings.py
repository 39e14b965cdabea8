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
from worker.billing.deals import Ground, terms_of
from worker.billing.hierarchy import payer
from worker.billing.periods import CYCLE_MONTHS
from worker.billing.timeline import NOTHING, plain
from worker.billing.values import (
    BilledCharge,
    Charge,
    Check,
    CycleFacts,
    Exchange,
    PriceFacts,
    Span,
    Terms,
)


@dataclass(frozen=True, slots=True)
class OpeningFor:
    """To whom the openings of one subscription belong, as the contract says on their first day."""

    subscription: Subscription
    party: str
    product: Product
    contract: Contract
    bill_to: str
    currency: str
    terms: Terms


def opened(
    subscription: Subscription, openings: Iterable[OpeningCharge], ground: Ground, *, known_until: date
) -> tuple[dict[date, list[BilledCharge]], tuple[Check, ...]]:
    """The opening charges of a subscription as charges that stand, by cycle, and those that cannot be used.

    Where no contract is valid on an opening's first day, that of `known_until` has taken over.
    """
    by_cycle: dict[date, list[BilledCharge]] = {}
    problems: list[Check] = []
    for group in opening_groups(openings):
        contract = _contract_of_opening(subscription, group[0], ground, known_until)
        try:
            by_cycle[group[0].start] = list(
                as_billed(group, _owner(subscription, contract, group[0], ground))
            )
        except ValueError as wrong:
            problems.append(
                Check(
                    "opening_unreadable",
                    f"Subscription {subscription.code}: the opening charge of document"
                    f" {group[0].number} cannot be"
                    f" used ({wrong}). Correct it in the workspace; until then the subscription"
                    " is not billed.",
                    subscription.code,
                )
            )
    return by_cycle, tuple(problems)


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


def _contract_of_opening(
    subscription: Subscription, opening: OpeningCharge, ground: Ground, known_until: date
) -> Contract | None:
    """The contract of the opening's first day, or the one that took over from the other system."""
    agreements = ground.calendar.agreements
    own = agreements.of(subscription, opening.start) or agreements.of(subscription, known_until)
    return own or next(iter(agreements.all_of(subscription)), None)


def _owner(
    subscription: Subscription, contract: Contract | None, opening: OpeningCharge, ground: Ground
) -> OpeningFor:
    if contract is None or contract.issuer not in ground.catalog.issuers:
        raise ValueError("the subscription has no contract with a known issuer")
    currency = ground.prices.currency(contract.price_list)
    if currency is None:
        raise ValueError(f"price list {contract.price_list} is unknown")
    try:
        party = subscription.party_on(opening.start)
        bill_to = payer(contract, party, day=opening.start, tree=ground.catalog.tree)
    except KeyError as unknown:
        raise ValueError(
            f"contract {contract.code} bills to {unknown.args[0]}, which is unknown"
        ) from unknown
    return OpeningFor(
        subscription=subscription,
        party=party,
        product=ground.catalog.products[subscription.product],
        contract=contract,
        bill_to=bill_to,
        currency=currency,
        terms=terms_of(contract, ground.catalog.issuers[contract.issuer]),
    )


def _charge(
    opening: OpeningCharge, net: Money, owner: OpeningFor, *, cycle: Period, facts: CycleFacts, revision: int
) -> Charge:
    fits = opening.quantity * opening.unit_price == net.decimal
    return Charge(
        ref=ChargeRef(opening.subscription, cycle.start, revision),
        kind="recurring",
        issuer=owner.contract.issuer,
        contract=owner.contract.code,
        party=owner.party,
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
