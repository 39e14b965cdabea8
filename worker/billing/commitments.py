"""Minimum commitments: what eligible fees of a period fall short of the minimum is billed at its end.

Eligible are net charges of the contract whose service begins in the period, before tax, credits deducted;
a period the contract covers in part is prorated by days; the shortfall of a group is shared by eligible
fees (billing rules, "Groups, payers, documents"). A later correction of the fees corrects the shortfall.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from mappings.canonical.catalog import Tier
from mappings.canonical.contract import Commitment, Contract
from mappings.canonical.document import ChargeRef, Original
from mappings.canonical.money import Money, apportion, to_money
from mappings.canonical.period import Period, duration_months, grid_cycles
from mappings.canonical.subscription import Subscription
from mappings.lean import replace
from worker.billing.cycles import Holder
from worker.billing.deals import Ground, terms_of
from worker.billing.hierarchy import payer
from worker.billing.periods import cycle_on, is_due
from worker.billing.settle import credit_left, next_revision
from worker.billing.tax_points import tax_day
from worker.billing.taxes import tax_of
from worker.billing.values import BilledCharge, Charge, Check, CycleFacts, PriceFacts, Span

Problems = dict[tuple[str, date], tuple[Check, ...]]
Fees = Mapping[str, int]
"""Eligible fees by party code, in minor units."""


@dataclass(frozen=True, slots=True)
class TrueUps:
    """The charges that bring every minimum to its figure, and what holds them."""

    charges: tuple[Charge, ...] = ()
    problems: Mapping[tuple[str, date], tuple[Check, ...]] | None = None


@dataclass(frozen=True, slots=True)
class _Due:
    """One period of a minimum that is over; `days` are those the contract covers."""

    contract: Contract
    minimum: Commitment
    period: Period
    days: Period
    currency: str

    @property
    def amount(self) -> Money:
        """The minimum of these days."""
        steps = [step for step in self.minimum.ramp if step.from_ <= self.period.start]
        amount = max(steps, key=lambda step: step.from_).amount if steps else self.minimum.amount
        part = Fraction(self.days.days, self.period.days)
        return to_money(Fraction(amount) * part, self.currency, self.contract.rounding.mode)


def true_ups(
    contracts: Iterable[Contract],
    holders: Sequence[Holder],
    charges: Sequence[Charge],
    billed: Sequence[BilledCharge],
    *,
    ground: Ground,
    as_of: date,
) -> TrueUps:
    """What every minimum of a group still falls short of; `charges` are the new ones of this run."""
    with_minimum = [contract for contract in contracts if contract.minimum is not None]
    if not with_minimum:
        return TrueUps()
    everything = [*(one.charge for one in billed), *charges]
    found: list[Charge] = []
    problems: Problems = {}
    for due in _due(with_minimum, holders, ground, as_of=as_of):
        fees = _fees(due, everything)
        for party, figure in _figures(due, fees, holders, ground).items():
            new = _settled(due, party, figure, fees, billed, ground=ground, as_of=as_of)
            for charge, problem in new:
                found.append(charge)
                if problem is not None:
                    problems[charge.ref.subscription, charge.ref.cycle_start] = (problem,)
    return TrueUps(tuple(found), problems)


def reference(contract: str, party: str) -> str:
    """What a shortfall is called in references, in the place of a subscription."""
    return f"{contract}/{party}/minimum"


def _due(
    contracts: Sequence[Contract], holders: Sequence[Holder], ground: Ground, *, as_of: date
) -> Iterator[_Due]:
    """The periods that are over with all their fees known, by contract and day."""
    for contract in sorted(contracts, key=lambda one: (one.code, one.from_)):
        minimum, currency = contract.minimum, ground.prices.currency(contract.price_list)
        issuer = ground.catalog.issuers.get(contract.issuer)
        if minimum is None or currency is None or issuer is None:
            continue
        cut_over = contract.cut_over or issuer.cut_over or date.min
        start = max(contract.from_, cut_over)
        until = ground.calendar.agreements.ends_on(contract) or date.max
        if start >= min(until, as_of):
            continue
        life = Period(start, until)
        months = duration_months(minimum.period)
        for period in grid_cycles(minimum.anchor or contract.from_, months, Period(start, min(until, as_of))):
            days = period.cut(life)
            if days is None or days.until > as_of:
                break  # periods come in order: those after it are not over either
            due = _Due(contract, minimum, period, days, currency)
            if _is_complete(due, holders, ground, as_of=as_of):
                yield due


def _is_complete(due: _Due, holders: Sequence[Holder], ground: Ground, *, as_of: date) -> bool:
    """Whether the last cycle that begins in the period is due for everyone: in arrears it is due later."""
    last = due.days.last_day
    for holder in holders:
        view = holder.view(last)
        counts = view.plan != "one_time" and (view.plan != "usage" or due.minimum.eligible != "recurring")
        if not counts or not _is_under(due, view, last, ground):
            continue
        if not is_due(view, due.contract, cycle_on(view, due.contract, last), as_of=as_of):
            return False
    return True


def _is_under(due: _Due, subscription: Subscription, day: date, ground: Ground) -> bool:
    contract = ground.calendar.agreements.of(subscription, day)
    return contract is not None and contract.code == due.contract.code


def _fees(due: _Due, charges: Iterable[Charge]) -> Fees:
    kinds = {"recurring"} if due.minimum.eligible == "recurring" else {"recurring", "usage"}
    fees: dict[str, int] = {}
    for charge in charges:
        if charge.contract != due.contract.code or charge.kind not in kinds:
            continue
        is_refunded = charge.net.minor >= 0 or charge.true_up or charge.terms.refund_method != "none"
        if charge.service.start in due.days and is_refunded:
            fees[charge.party] = fees.get(charge.party, 0) + charge.net.minor
    return fees


def _figures(due: _Due, fees: Fees, holders: Sequence[Holder], ground: Ground) -> Mapping[str, Money]:
    """What each party owes of the shortfall, by party code."""
    minimum = due.amount.minor
    if due.minimum.scope == "entity":
        parties = sorted({*fees, *_holding(due, holders, ground)})
        short = {party: max(0, minimum - fees.get(party, 0)) for party in parties}
    else:
        whole = max(0, minimum - sum(fees.values()))
        paying = [party for party in sorted(fees) if fees[party] > 0]
        total = sum(fees[party] for party in paying)
        parts = apportion(whole, [Fraction(whole * fees[party], total) for party in paying]) if paying else ()
        short = dict(zip(paying, parts, strict=True)) if paying else {due.contract.party: whole}
    return {party: Money(minor, due.currency) for party, minor in short.items()}


def _holding(due: _Due, holders: Sequence[Holder], ground: Ground) -> Iterator[str]:
    """The parties that hold something under the contract in the period."""
    for holder in holders:
        for span in holder.timeline.spans(due.days):
            day = span.period.start
            if span.quantity and _is_under(due, holder.view(day), day, ground):
                yield holder.subscription.party_on(day)


def _settled(
    due: _Due,
    party: str,
    figure: Money,
    fees: Fees,
    billed: Sequence[BilledCharge],
    *,
    ground: Ground,
    as_of: date,
) -> Iterator[tuple[Charge, Check | None]]:
    """The difference to what was billed of the shortfall, newest charge back first."""
    code = reference(due.contract.code, party)
    standing = tuple(
        one
        for one in billed
        if (one.charge.ref.subscription, one.charge.ref.cycle_start) == (code, due.days.start)
    )
    missing = figure.minor - sum(one.charge.net.minor for one in standing)
    revision = next_revision(standing)
    if missing > 0:
        yield _shortfall(due, party, Money(missing, due.currency), fees, revision, ground, as_of)
    for original, left in credit_left(standing) if missing < 0 else ():
        taken = min(left, -missing)
        missing += taken
        if taken:
            net = Money(-taken, due.currency)
            yield _less(original, net, ChargeRef(code, due.days.start, revision), figure), None
            revision += 1


def _shortfall(
    due: _Due, party: str, net: Money, fees: Fees, revision: int, ground: Ground, as_of: date
) -> tuple[Charge, Check | None]:
    contract, catalog = due.contract, ground.catalog
    issuer = catalog.issuers[contract.issuer]
    bill_to = payer(contract, party, day=due.days.start, tree=catalog.tree)
    product = catalog.products[due.minimum.product]
    day = tax_day(issuer, due.days, document_date=ground.document_date(issuer, as_of=as_of))
    tax = tax_of(contract, issuer, catalog.tree[bill_to], product, on=day)
    price = PriceFacts("per_unit", (Tier(None, net.decimal),), "period", f"minimum of {contract.code}")
    one = Decimal(1)
    facts = CycleFacts(price, (Span(due.days, one),), str(Fraction(net.decimal)), 0, as_of)
    charge = Charge(
        ref=ChargeRef(reference(contract.code, party), due.days.start, revision),
        kind="commitment",
        issuer=issuer.code,
        contract=contract.code,
        party=party,
        bill_to=bill_to,
        product=due.minimum.product,
        currency=due.currency,
        service=due.days,
        cycle=due.days,
        quantity=one,
        unit_price=net.decimal,
        net=net,
        tax_code=tax.code,
        tax_percent=tax.percent,
        tax_treatment=tax.treatment,
        tax_reason=tax.reason,
        basis=tuple(_basis(due, party, net, fees)),
        facts=facts,
        terms=terms_of(contract, issuer),
    )
    return charge, next(iter(tax.checks), None)


def _basis(due: _Due, party: str, net: Money, fees: Fees) -> Iterator[str]:
    minimum, days = due.amount, due.days
    cut = "" if days == due.period else f", {days.days}/{due.period.days} days of {due.period}"
    yield f"minimum of contract {due.contract.code} for {days}{cut}: {minimum}"
    if due.minimum.scope == "entity":
        yield f"eligible fees of {party}: {Money(fees.get(party, 0), due.currency)}"
    else:
        each = ", ".join(f"{code} {Money(fees[code], due.currency)}" for code in sorted(fees))
        yield f"eligible fees: {Money(sum(fees.values()), due.currency)}{f' ({each})' if each else ''}"
    yield f"{party} bears {net} of the shortfall"


def _less(original: BilledCharge, net: Money, ref: ChargeRef, figure: Money) -> Charge:
    """A part of a shortfall taken back, because eligible fees came later."""
    charge = original.charge
    words = (
        f"with later fees the shortfall is {figure}",
        f"takes back {-net} of {original.number} of {original.document_date}",
    )
    return replace(
        charge,
        ref=ref,
        quantity=Decimal(1),
        unit_price=net.decimal,
        net=net,
        basis=words,
        original=Original(original.number, original.document_date, charge.service),
        exchange=original.exchange,
        reverses=charge.ref.revision,
    )
