"""How a line's amount came about, as steps that sum to it; from what its charge kept, not today's set-up.

An exact figure has no end sometimes (1/3): steps are told to six more digits than money has, and the last
step of a line says what rounding, other lines or other parties take of the figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from mappings.canonical.document import Document, Line
from mappings.canonical.money import Money, minor_digits
from worker.billing.charges import Deal, exact_cost
from worker.billing.cycles import DueCycle
from worker.billing.deals import standing_deal
from worker.billing.periods import weight_words
from worker.billing.values import BilledCharge, Charge
from worker.billing.words import quantity_words

MORE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One step in words with its amount (major units, exact to six more digits than the currency has)."""

    words: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Derived:
    """A line of a document with its charge and the steps that sum to its net."""

    position: int
    line: Line
    charge: Charge
    steps: tuple[Step, ...]


def derived(document: Document, charges: Sequence[BilledCharge]) -> tuple[Derived, ...]:
    """Every line of a document in order. `charges` are all of the cycles it bills, also on other documents.

    Lines whose charge is not among them are left out.
    """
    known = {one.charge.ref: one.charge for one in charges}
    cycles: dict[tuple[str, object], list[Charge]] = {}
    for charge in sorted(known.values(), key=lambda one: one.ref.revision):
        cycles.setdefault((charge.ref.subscription, charge.ref.cycle_start), []).append(charge)
    sign = -1 if document.kind == "credit_note" else 1
    found = []
    for position, line in enumerate(document.lines, 1):
        own = known.get(line.charge)
        if own is None:
            continue
        cycle = cycles[line.charge.subscription, line.charge.cycle_start]
        before = [
            one
            for one in cycle
            if one.ref.revision < own.ref.revision and (not own.facts.split or one.party == own.party)
        ]
        steps = _as_told(line) if _is_single(own) else tuple(_steps(own, before, sign))
        found.append(Derived(position, line, own, steps))
    return tuple(found)


def _is_single(charge: Charge) -> bool:
    """Charges that are one step: printed in parts, of no cycle, or repeated from the provider."""
    is_of_cycle = bool(charge.facts.months) or charge.kind == "usage"
    return bool(charge.printed or charge.provider_keys) or not is_of_cycle


def _as_told(line: Line) -> tuple[Step, ...]:
    return (Step("; ".join(line.basis), line.net.decimal),)


def _steps(charge: Charge, before: Sequence[Charge], sign: int) -> Iterator[Step]:
    """What the cycle costs, less what stands billed, less what this line does not bear."""
    currency = charge.currency
    left = sign * Fraction(charge.net.decimal)
    for words, exact in _of_cycle(charge):
        amount = sign * _told(exact, currency)
        left -= Fraction(amount)
        yield Step(words, amount)
    billed = Money(sum(one.net.minor for one in before), currency)
    if billed:
        left += sign * Fraction(billed.decimal)
        yield Step("billed before for this cycle", -sign * billed.decimal)
    if left:
        rest = Decimal(left.numerator) / Decimal(left.denominator)
        yield Step(_rest_words(charge, before, left), rest)


def _of_cycle(charge: Charge) -> Iterator[tuple[str, Fraction]]:
    """The whole cycle as its charge knew it: by spans where their days add up, else in one."""
    facts = charge.facts
    whole = Fraction(facts.exact)
    deal = standing_deal(
        DueCycle(charge.ref.cycle_start, charge.cycle, charge.service, None, (_alone(charge),))
    )
    held = [span for span in facts.spans if span.quantity]
    amounts = [exact_cost(deal, (span,), charge.cycle) for span in held]
    if held and sum(amounts, Fraction(0)) == whole:
        for span, amount in zip(held, amounts, strict=True):
            part = weight_words(facts.proration, cycle=charge.cycle, rest=span.period, months=facts.months)
            calculation = quantity_words(facts.price, span.quantity, charge.currency)
            yield f"{calculation}{f' x {part}' if part else ''} ({span.period})", amount
        return
    yield f"the cycle {charge.cycle} by its changes: {_changes(deal, charge)}", whole


def _changes(deal: Deal, charge: Charge) -> str:
    steps = [step for step in charge.basis if not step.startswith("price:")]
    return "; ".join(steps) or deal.price.source


def _alone(charge: Charge) -> BilledCharge:
    return BilledCharge(charge, "", "", charge.service.start)


def _rest_words(charge: Charge, before: Sequence[Charge], rest: Fraction) -> str:
    if charge.facts.split:
        return "borne by the other parties, and rounding"
    smallest = Fraction(2, 10 ** minor_digits(charge.currency))
    if abs(rest) < smallest:
        return f"rounding ({charge.facts.rounding})"
    if charge.net.minor < 0 or before:
        return "on other lines of the same change"
    return "shared with the other members of its pool"


def _told(exact: Fraction, currency: str) -> Decimal:
    """An exact figure to a number of digits, toward zero; what is cut goes into the last step."""
    digits = minor_digits(currency) + MORE_DIGITS
    scaled = exact * 10**digits
    whole = abs(scaled).numerator // scaled.denominator
    return Decimal(whole if exact >= 0 else -whole).scaleb(-digits).normalize() + Decimal(0)
