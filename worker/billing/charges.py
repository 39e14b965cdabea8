"""What a (subscription, cycle) costs in all, exactly: versions x contract x period, before anything billed.

A cycle is priced once: by its contract when it is first charged, later by the facts of that charge
(billing rules, "One figure per subscription and cycle").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from mappings.canonical.contract import Proration
from mappings.canonical.money import Money, Rounding, apportion, minor_digits, round_half, to_money
from mappings.canonical.period import Period
from mappings.lean import lean, replace
from worker.billing.cycles import DueCycle
from worker.billing.discounts import day_prices, spans_from
from worker.billing.periods import weight
from worker.billing.pricing import cut_per_unit, exact_amount, fraction
from worker.billing.tariff import tariff_of, whole_number
from worker.billing.values import BilledCharge, ChargeKind, CycleFacts, PriceFacts, Span, SplitPart, Terms

NOTHING = Fraction(0)
WHOLE = Fraction(1)
KEPT_MINOR = 2
"""A member of a blended pool differs from its own rounding by less than this many minor units."""


@lean
@dataclass(frozen=True, slots=True)
class Deal:
    """Who sells what to whom at which price: decided on the cycle's first day, kept by its charges."""

    issuer: str
    contract: str
    party: str
    bill_to: str
    product: str
    currency: str
    kind: ChargeKind
    terms: Terms
    price: PriceFacts
    months: int
    proration: Proration
    rounding: Rounding
    split: tuple[SplitPart, ...] = ()


@lean
@dataclass(frozen=True, slots=True)
class Owed:
    """What one cycle of one subscription costs: `exact` at the tier billed so far (or known now).

    `settled` is the price with the tier its pool has settled on, `settled_exact` the cost at it; without
    a settlement they equal price and `exact`.
    """

    subscription: str
    start: date
    cycle: Period
    deal: Deal
    spans: tuple[Span, ...]
    exact: Fraction
    settled: PriceFacts
    settled_exact: Fraction
    known_until: date
    billed: tuple[BilledCharge, ...] = ()

    @property
    def key(self) -> tuple[str, date]:
        """What a figure belongs to: the subscription and the day that names its cycle."""
        return self.subscription, self.start

    @property
    def newest(self) -> CycleFacts | None:
        """The facts of the cycle's newest charge."""
        return self.billed[-1].charge.facts if self.billed else None

    @property
    def is_unchanged(self) -> bool:
        """Whether the newest charge already knew exactly this figure."""
        return self.newest is not None and self.newest.exact == str(self.settled_exact)

    def facts(self, *, settled: bool) -> CycleFacts:
        """The facts a new charge of this cycle keeps."""
        return CycleFacts(
            price=self.settled if settled else self.deal.price,
            spans=self.spans,
            exact=str(self.settled_exact if settled else self.exact),
            months=self.deal.months,
            known_until=self.known_until,
            proration=self.deal.proration,
            rounding=self.deal.rounding,
            split=self.deal.split,
        )


def owed(
    subscription: str,
    due: DueCycle,
    deal: Deal,
    spans: tuple[Span, ...],
    *,
    known_until: date,
    settled: PriceFacts | None = None,
) -> Owed:
    """The figure of a cycle from what is held in it. `settled` is the price at the pool's settled tier.

    Where charges stand, only what changed since is priced: so an opening charge, whose price we do not
    know to the last digit, stays what it was.
    """
    billed, cycle = due.billed, due.cycle
    if billed:
        before = billed[-1].charge.facts
        exact = Fraction(before.exact)
        if spans != before.spans:
            exact += exact_cost(deal, spans, cycle) - exact_cost(deal, before.spans, cycle)
    else:
        exact = exact_cost(deal, spans, cycle)
    settled_exact = exact
    if settled is not None and settled != deal.price:
        settled_exact = exact_cost(replace(deal, price=settled), spans, cycle)
    return Owed(
        subscription=subscription,
        start=due.start,
        cycle=cycle,
        deal=deal,
        spans=spans,
        exact=exact,
        settled=settled or deal.price,
        settled_exact=settled_exact,
        known_until=known_until,
        billed=billed,
    )


def exact_cost(deal: Deal, spans: tuple[Span, ...], cycle: Period) -> Fraction:
    """The unrounded cost of what is held over the spans (adjoining, in order).

    The opening quantity weighs the whole span of days, every change its remaining days; for the cycle's
    own days that is the same as each span at its own quantity.
    """
    if not spans:
        return NOTHING
    ratio = ratio_by_days(deal, spans, cycle)
    if ratio is not None:
        return Fraction(*ratio)
    if deal.price.later and deal.proration != "none_full_period":
        return _cost_by_day(deal, spans, cycle)
    if len(spans) == 1 and spans[0].period == cycle:
        return _cost(deal, fraction(spans[0].quantity), WHOLE)
    if deal.proration == "none_full_period":
        most = max(Fraction(span.quantity) for span in spans)
        return _cost(deal, most, WHOLE)
    end = spans[-1].period.until
    total, before = NOTHING, NOTHING
    for span in spans:
        quantity = Fraction(span.quantity)
        if quantity != before:
            rest = Period(span.period.start, end)
            part = weight(deal.proration, cycle=cycle, rest=rest, months=deal.months)
            total += _cost(deal, quantity, part) - _cost(deal, before, part)
            before = quantity
    return total


def _cost_by_day(deal: Deal, spans: tuple[Span, ...], cycle: Period) -> Fraction:
    """Every change of price inside a cycle weighs its remaining days, as a change of quantity does."""
    (_, first), *later = day_prices(deal.price)
    before = replace(deal, price=first)
    total = exact_cost(before, spans, cycle)
    for day, price in later:
        rest, now = spans_from(spans, day), replace(deal, price=price)
        total += exact_cost(now, rest, cycle) - exact_cost(before, rest, cycle)
        before = now
    return total


def exact_ratio(deal: Deal, spans: tuple[Span, ...], cycle: Period) -> tuple[int, int]:
    """The same as numerator and denominator, not always in lowest terms."""
    return ratio_by_days(deal, spans, cycle) or exact_cost(deal, spans, cycle).as_integer_ratio()


def ratio_by_days(deal: Deal, spans: tuple[Span, ...], cycle: Period) -> tuple[int, int] | None:
    """The cost as numerator and denominator where whole quantities weigh their own days and nothing is
    rounded in between, which is nearly always; else None."""
    if deal.proration != "actual_days_of_cycle" or deal.rounding.basis != "per_line":
        return None
    tariff = tariff_of(deal.price)
    if tariff is None:
        return None
    total = 0
    for span in spans:
        units = whole_number(span.quantity)
        if units is None:
            return None
        total += tariff.amount(units) * span.period.days
    return total, tariff.scale * cycle.days


def figures(
    owed_cycles: tuple[Owed, ...], shared: dict[tuple[str, date], tuple[str, ...]]
) -> dict[tuple[str, date], Money]:
    """One rounding per subscription and cycle; members of a blended pool share one subtotal.

    `shared` names the subtotal of a cycle: cycles with the same name are rounded once together, largest
    remainder inside. A cycle whose exact figure did not change keeps what was billed, so that a change of
    one member never moves a cent of another.
    """
    result: dict[tuple[str, date], Money] = {}
    groups: dict[tuple[str, ...], list[Owed]] = {}
    for one in owed_cycles:
        name = shared.get(one.key)
        if name is None:
            result[one.key] = to_money(one.settled_exact, one.deal.currency, one.deal.rounding.mode)
        else:
            groups.setdefault(name, []).append(one)
    for members in groups.values():
        result.update(_shared_figures(sorted(members, key=_member_order)))
    return result


def billed_net(one: Owed) -> Money:
    """What stands billed for a cycle, credits deducted."""
    return Money(sum(billed.charge.net.minor for billed in one.billed), one.deal.currency)


def _cost(deal: Deal, quantity: Fraction, part: Fraction) -> Fraction:
    if quantity <= 0 and not deal.price.charges_zero:
        return NOTHING
    if deal.rounding.basis == "per_unit":
        return cut_per_unit(deal.price, quantity, part, currency=deal.currency, mode=deal.rounding.mode)
    amount = exact_amount(deal.price, quantity)
    return amount if part is WHOLE else amount * part


def _shared_figures(members: list[Owed]) -> dict[tuple[str, date], Money]:
    """The figures of cycles that are rounded once together.

    Where what the others keep leaves those that changed no fair part, all are shared out anew.
    """
    deal = members[0].deal
    scale = 10 ** minor_digits(deal.currency)
    exact = {one.key: one.settled_exact * scale for one in members}
    subtotal = round_half(sum(exact.values(), NOTHING), deal.rounding.mode)
    minors = {one.key: billed_net(one).minor for one in members if _stays(one, exact[one.key])}
    changed = [one.key for one in members if one.key not in minors]
    if changed:
        parts = apportion(subtotal - sum(minors.values()), [exact[key] for key in changed])
        minors.update(zip(changed, parts, strict=True))
        if not all(_is_fair(minors[key], exact[key]) for key in changed):
            minors = dict(zip(exact, apportion(subtotal, list(exact.values())), strict=True))
    return {key: Money(minor, deal.currency) for key, minor in minors.items()}


def _stays(one: Owed, exact: Fraction) -> bool:
    """An unchanged figure keeps what was billed, unless part of that is still waiting to be issued."""
    return one.is_unchanged and _is_fair(billed_net(one).minor, exact)


def _is_fair(minor: int, exact: Fraction) -> bool:
    """Whether a part is near its own rounding; of nothing, only nothing is."""
    return abs(exact - minor) < KEPT_MINOR if exact else not minor


def _member_order(one: Owed) -> tuple[str, str, date]:
    """Ties of the largest remainder go to the smaller party code of the workspace file."""
    return one.deal.party, one.subscription, one.start
