"""Bill like the provider: its lines again, with markup or margin, charge types and dates.

Markup applies to a line's cost, rounded once (billing rules, "Channel and provider lines"). Lines of one
event (a reversal and its recharge) are one charge with a printed line each, so they stand on one document.
A line is known by its key; what was billed once is not billed again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from mappings.canonical.catalog import Tier
from mappings.canonical.contract import Contract
from mappings.canonical.document import ChargeRef, Original
from mappings.canonical.money import Money, to_money
from mappings.canonical.period import Period
from mappings.canonical.provider import ProviderCharge
from mappings.canonical.subscription import Subscription
from mappings.lean import replace
from worker.billing.deals import Ground, terms_of
from worker.billing.discounts import HUNDRED
from worker.billing.hierarchy import payer
from worker.billing.margins import margin_words, percent_of
from worker.billing.printing import quantity_and_price
from worker.billing.tax_points import tax_day
from worker.billing.taxes import TaxChoice, tax_of
from worker.billing.values import (
    BilledCharge,
    Charge,
    ChargeKind,
    Check,
    CycleFacts,
    GroupState,
    PriceFacts,
    PrintedPart,
    Span,
)

_KINDS: Mapping[str, ChargeKind] = {"usage": "usage", "one_time": "one_time"}


@dataclass(frozen=True, slots=True)
class Repeated:
    """The charges of a group's provider lines; `problems` hold documents, `checks` are of lines without."""

    charges: tuple[Charge, ...] = ()
    problems: Mapping[tuple[str, date], tuple[Check, ...]] | None = None
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class _Event:
    """The new lines of one billing event of one subscription, reversals first."""

    subscription: Subscription
    contract: Contract
    lines: tuple[ProviderCharge, ...]

    @property
    def first(self) -> ProviderCharge:
        """The line that names the event's days and type."""
        return self.lines[0]


def repeated(
    state: GroupState, subscriptions: Sequence[Subscription], *, ground: Ground, as_of: date
) -> Repeated:
    """Everything a provider charged until a day for contracts that bill by its lines, and we did not yet."""
    if not state.provider_charges:
        return Repeated()
    charges: list[Charge] = []
    problems: dict[tuple[str, date], tuple[Check, ...]] = {}
    checks: list[Check] = []
    revisions = _revisions(state.billed)
    for event in _events(state, subscriptions, ground, as_of=as_of):
        made = _charges_of(event, state.billed, charges, ground, as_of=as_of)
        if isinstance(made, Check):
            checks.append(made)
            continue
        for charge in made:
            cycle = (event.subscription.code, event.first.service.start)
            revision = revisions.get(cycle, 0)
            revisions[cycle] = revision + 1
            charges.append(replace(charge, ref=ChargeRef(*cycle, revision)))
            found = tuple(_problems(event, charge, ground, as_of=as_of))
            problems[cycle] = tuple(dict.fromkeys((*problems.get(cycle, ()), *found)))
    return Repeated(tuple(charges), problems, tuple(checks))


def line_price(cost: Money, contract: Contract) -> Money:
    """What a line of this cost is sold for: markup in percent of the cost, margin in percent of the price."""
    exact = Fraction(cost.decimal)
    if contract.markup_percent is not None:
        exact = exact * Fraction(HUNDRED + contract.markup_percent) / 100
    elif contract.margin_percent is not None:
        exact = exact * 100 / Fraction(HUNDRED - contract.margin_percent)
    return to_money(exact, cost.currency, contract.rounding.mode)


def _events(
    state: GroupState, subscriptions: Sequence[Subscription], ground: Ground, *, as_of: date
) -> Iterator[_Event]:
    done = {key for one in state.billed for key in one.charge.provider_keys}
    by_code = {one.code: one for one in subscriptions}
    lines: defaultdict[tuple[str, Period, date, str, str], list[ProviderCharge]] = defaultdict(list)
    for line in state.provider_charges:
        if line.key not in done and line.on <= as_of and line.subscription in by_code:
            event = (line.subscription, line.service, line.on, line.charge_type.lower(), line.invoice)
            lines[event].append(line)
    for event in sorted(lines):
        found = sorted(lines[event], key=lambda line: (line.net > 0, line.key))
        subscription = by_code[found[0].subscription]
        contract = ground.calendar.agreements.of(subscription, found[0].service.start)
        if contract is not None and contract.bill_by == "provider_lines":
            yield _Event(subscription, contract, tuple(found))


def _charges_of(
    event: _Event, billed: Sequence[BilledCharge], new: Sequence[Charge], ground: Ground, *, as_of: date
) -> tuple[Charge, ...] | Check:
    """One charge of an event, or one per original where it gives back more than one of them."""
    currency = ground.prices.currency(event.contract.price_list)
    if currency is None or any(line.currency != currency for line in event.lines):
        return _other_currency(event, currency or "")
    if event.contract.issuer not in ground.catalog.issuers:
        return _unassigned(event, f"contract {event.contract.code} names an issuer that is unknown")
    try:
        whole = _whole(event, currency, ground, as_of=as_of)
    except KeyError as unknown:
        return _unassigned(event, f"{unknown.args[0]} is no party of ours")
    if whole.net.minor >= 0:
        return (whole,)
    return tuple(_credits(whole, billed, new))


def _whole(event: _Event, currency: str, ground: Ground, *, as_of: date) -> Charge:
    subscription, contract, first = event.subscription, event.contract, event.first
    issuer = ground.catalog.issuers[contract.issuer]
    party = subscription.party_on(first.service.start)
    bill_to = payer(contract, party, day=first.service.start, tree=ground.catalog.tree)
    tax = _tax(event, bill_to, ground, as_of=as_of)
    parts = tuple(_part(line, contract, currency) for line in event.lines)
    costs = [to_money(line.net, currency, "half_up").minor for line in event.lines]
    net = Money(sum(part.net.minor for part in parts), currency)
    quantity, unit_price = Decimal(1), net.decimal
    source = f"the provider's invoice {first.invoice}" if first.invoice else "the provider's lines"
    unit = ground.catalog.products[subscription.product].unit
    price = PriceFacts("per_unit", (Tier(None, net.decimal),), unit, source, contract.price_list)
    spans = (Span(first.service, abs(event.lines[-1].quantity)),)
    return Charge(
        ref=ChargeRef(subscription.code, first.service.start, 0),
        kind=_KINDS.get(first.kind, "recurring"),
        issuer=issuer.code,
        contract=contract.code,
        party=party,
        bill_to=bill_to,
        product=subscription.product,
        currency=currency,
        service=first.service,
        cycle=first.service,
        quantity=quantity,
        unit_price=unit_price,
        net=net,
        tax_code=tax.code,
        tax_percent=tax.percent,
        tax_treatment=tax.treatment,
        tax_reason=tax.reason,
        basis=tuple(step for part in parts for step in part.basis),
        facts=CycleFacts(price, spans, str(Fraction(net.decimal)), 0, as_of),
        terms=terms_of(contract, issuer),
        cost=Money(sum(costs), currency),
        printed=parts,
        provider_keys=tuple(line.key for line in event.lines),
    )


def _tax(event: _Event, bill_to: str, ground: Ground, *, as_of: date) -> TaxChoice:
    catalog, contract = ground.catalog, event.contract
    issuer, product = catalog.issuers[contract.issuer], catalog.products[event.subscription.product]
    document_date = ground.document_date(issuer, as_of=as_of)
    day = tax_day(issuer, event.first.service, document_date=document_date)
    return tax_of(contract, issuer, catalog.tree[bill_to], product, on=day)


def _part(line: ProviderCharge, contract: Contract, currency: str) -> PrintedPart:
    """A provider's line as ours; the cost is told only where the contract shows margins."""
    cost = to_money(line.net, currency, "half_up")
    net = line_price(cost, contract)
    quantity, unit_price = quantity_and_price(abs(line.quantity), net)
    basis = f"{line.charge_type} of {line.on}, {abs(line.quantity).normalize():f} x {line.service}"
    shown = (margin_words(net, cost, None),) if contract.show_margin else ()
    return PrintedPart(line.charge_type, line.service, quantity, unit_price, net, (basis, *shown))


def _credits(whole: Charge, billed: Sequence[BilledCharge], new: Sequence[Charge]) -> Iterator[Charge]:
    """What an event gives back, by the invoices of ours that it corrects, newest first.

    A rest that no invoice of ours covers stays without an original; a check holds it.
    """
    wanted = -whole.net.minor
    for one, left in _originals(whole, billed, new):
        taken = min(wanted, left)
        wanted -= taken
        charge = one.charge
        yield replace(
            _in_part(whole, taken),
            bill_to=charge.bill_to,
            party=charge.party,
            tax_code=charge.tax_code,
            tax_percent=charge.tax_percent,
            original=Original(one.number, one.document_date, charge.service),
            exchange=one.exchange,
        )
        if not wanted:
            return
    yield _in_part(whole, wanted)


def _originals(
    whole: Charge, billed: Sequence[BilledCharge], new: Sequence[Charge]
) -> Iterator[tuple[BilledCharge, int]]:
    own = [one for one in billed if one.charge.ref.subscription == whole.ref.subscription]
    back = [one.charge for one in own] + [
        one for one in new if one.ref.subscription == whole.ref.subscription
    ]
    for one in sorted(own, key=lambda one: (one.document_date, one.charge.ref.revision), reverse=True):
        charge = one.charge
        if charge.net.minor <= 0 or charge.service.cut(whole.service) is None:
            continue
        taken = sum(
            credit.net.minor
            for credit in back
            if credit.original is not None
            and (credit.original.number, credit.original.period) == (one.number, charge.service)
        )
        if charge.net.minor + taken > 0:
            yield one, charge.net.minor + taken


def _in_part(whole: Charge, minor: int) -> Charge:
    """So much of a credit; the whole of it keeps its printed lines."""
    net = Money(-minor, whole.currency)
    if net == whole.net:
        return whole
    cost = None if whole.cost is None else whole.cost.minor * minor // -whole.net.minor
    return replace(
        whole,
        net=net,
        unit_price=net.decimal,
        cost=None if cost is None else Money(cost, whole.currency),
        printed=(),
        basis=(*whole.basis, f"{-whole.net} in all, here {-net}"),
    )


def _problems(event: _Event, charge: Charge, ground: Ground, *, as_of: date) -> Iterator[Check]:
    """What holds the document of an event."""
    code = event.subscription.code
    for line in event.lines:
        for flag in line.flags:
            yield Check("unknown_charge_type", f"Subscription {code}: {flag}", code)
    for check in _tax(event, charge.bill_to, ground, as_of=as_of).checks:
        yield replace(check, subscription=code)
    if charge.net.minor < 0 and charge.original is None:
        yield Check(
            "opening_missing",
            f"Subscription {code}: the provider gives back {-charge.net} for {charge.service}, but no invoice"
            " of ours is known for those days. Add the opening charge, or credit it by hand.",
            code,
        )
    if charge.cost is not None and charge.net.minor > 0:
        yield from _margin_problems(event, charge, charge.cost)


def _margin_problems(event: _Event, charge: Charge, cost: Money) -> Iterator[Check]:
    code, contract = event.subscription.code, event.contract
    percent = percent_of(Fraction(charge.net.minor), Fraction(cost.minor))
    what = f"Subscription {code}: the line of {event.first.on} costs {cost} and is sold for {charge.net}"
    if charge.net < cost:
        yield Check("margin_negative", f"{what}, below cost. Correct the markup of {contract.code}.", code)
    elif contract.margin_floor_percent is not None and percent < contract.margin_floor_percent:
        floor = f"{contract.margin_floor_percent:f}"
        yield Check(
            "margin_below_floor",
            f"{what}, below the margin of {floor} % that contract {contract.code} asks for. Correct the"
            " markup or the floor.",
            code,
        )


def _revisions(billed: Sequence[BilledCharge]) -> dict[tuple[str, date], int]:
    """The next free revision of every cycle that has charges."""
    found: dict[tuple[str, date], int] = {}
    for one in billed:
        ref = one.charge.ref
        cycle = (ref.subscription, ref.cycle_start)
        found[cycle] = max(found.get(cycle, 0), ref.revision + 1)
    return found


def _other_currency(event: _Event, currency: str) -> Check:
    theirs = " and ".join(sorted({line.currency for line in event.lines}))
    return Check(
        "currency_mismatch",
        f"Subscription {event.subscription.code}: the provider charges it in {theirs}, contract"
        f" {event.contract.code} bills in {currency or 'no known currency'}. Give the contract a price list"
        " in the provider's currency; the next run bills the lines.",
        event.subscription.code,
    )


def _unassigned(event: _Event, why: str) -> Check:
    return Check(
        "unassigned_subscription",
        f"Subscription {event.subscription.code} cannot be billed by its provider's lines: {why}. Correct the"
        " contract; the next run bills them.",
        event.subscription.code,
    )
