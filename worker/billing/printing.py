"""How a change of a billed cycle is printed: three forms, one total (billing rules, `change_form`).

`difference` is one line. `reverse_and_recharge` takes back the changed days at the old quantity and charges
them at the new one, as the provider does (csp_billing A3, rule 6). `spans` takes back what was billed for
the whole cycle and charges each span of days anew (rule 7). The last line takes what rounding leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from mappings.canonical.money import Money, minor_digits, minor_units, round_ratio
from mappings.canonical.period import Period
from mappings.lean import lean, replace
from worker.billing.charges import Owed, billed_net, exact_ratio
from worker.billing.tariff import whole_number
from worker.billing.values import Charge, PrintedPart, Span
from worker.billing.words import changed_runs, first_basis


@lean
@dataclass(frozen=True, slots=True)
class _Part:
    """A line before rounding; `exact` is signed: numerator and denominator."""

    words: str
    service: Period
    quantity: Decimal
    exact: tuple[int, int]
    basis: tuple[str, ...]


def in_form(one: Owed, charges: tuple[Charge, ...]) -> tuple[Charge, ...]:
    """The new charges of a cycle with their printed lines, in the form its contract asks for.

    A change that takes back several originals prints its differences, for no line may mix two originals.
    """
    form = one.deal.terms.change_form
    own = [at for at, charge in enumerate(charges) if not charge.true_up]
    if form == "difference" or len(own) != 1:
        return charges
    if not one.billed:
        has_spans = form == "spans" and len(one.spans) > 1 and _adds_up(one)
        parts = list(_span_parts(one)) if has_spans else []
    elif form == "spans":
        parts = list(_anew(one))
    else:
        parts = list(_reversals(one))
    if len(parts) < 2:
        return charges
    at = own[0]
    printed = rounded(parts, charges[at].net, one)
    return (*charges[:at], replace(charges[at], printed=printed), *charges[at + 1 :])


def rounded(parts: Sequence[_Part], net: Money, one: Owed) -> tuple[PrintedPart, ...]:
    """The parts in minor units; the last one takes the rest, so that they come to the charge's net."""
    scale, mode = minor_units(net.currency), one.deal.rounding.mode
    exact = [part.exact for part in parts[:-1]]
    amounts = [Money(round_ratio(above * scale, below, mode), net.currency) for above, below in exact]
    amounts.append(net - Money(sum(amount.minor for amount in amounts), net.currency))
    return tuple(_printed(part, amount) for part, amount in zip(parts, amounts, strict=True))


def quantity_and_price(quantity: Decimal, net: Money) -> tuple[Decimal, Decimal]:
    """A quantity and unit price that give a net exactly in minor units, else 1 at the net."""
    units = whole_number(quantity)
    if units is not None and units > 0:
        each_minor, rest = divmod(net.minor, units)
        if rest == 0:
            return quantity, Decimal(each_minor).scaleb(-minor_digits(net.currency))
    elif quantity > 0:
        each = Fraction(net.minor) / Fraction(quantity)
        if each.denominator == 1:
            return quantity, Decimal(each.numerator).scaleb(-minor_digits(net.currency))
    return Decimal(1), net.decimal


def _printed(part: _Part, net: Money) -> PrintedPart:
    quantity, unit_price = quantity_and_price(part.quantity, net)
    return PrintedPart(part.words, part.service, quantity, unit_price, net, part.basis)


def _adds_up(one: Owed) -> bool:
    """Whether the days of a cycle cost what their sum costs: not where only changes are prorated."""
    return one.deal.proration == "actual_days_of_cycle" and one.deal.rounding.basis == "per_line"


def _span_parts(one: Owed) -> Iterator[_Part]:
    for span in one.spans:
        if span.quantity:
            yield _part(one, span, "")


def _anew(one: Owed) -> Iterator[_Part]:
    """The whole cycle back as it was billed, then each of its spans; one span where days do not add up."""
    billed = billed_net(one)
    basis = (f"takes back the cycle {one.cycle}: {billed}",)
    yield _Part("reversal", _held(one), Decimal(1), (-billed.minor, minor_units(billed.currency)), basis)
    if _adds_up(one):
        yield from _span_parts(one)
    elif any(span.quantity for span in one.spans):
        yield _Part("recharge", _held(one), Decimal(1), (0, 1), first_basis(one, billed)[:-1])


def _reversals(one: Owed) -> Iterator[_Part]:
    before = one.billed[-1].charge.facts.spans
    runs = changed_runs(before, one.spans)
    end = max(span.period.until for span in (*before, *one.spans))
    is_one_to_the_end = len(runs) == 1 and runs[0][0].until == end
    if not _adds_up(one) and not is_one_to_the_end:
        yield from _anew(one)
        return
    for days, was, now in runs:
        if was:
            part = _part(one, Span(days, was), "reversal")
            yield replace(part, exact=(-part.exact[0], part.exact[1]))
        if now:
            yield _part(one, Span(days, now), "recharge")


def _part(one: Owed, span: Span, words: str) -> _Part:
    alone, currency = replace(one, spans=(span,)), one.deal.currency
    exact = exact_ratio(one.deal, alone.spans, one.cycle)
    amount = round_ratio(exact[0] * minor_units(currency), exact[1], one.deal.rounding.mode)
    basis = first_basis(alone, Money(amount, currency))
    return _Part(words, span.period, span.quantity, exact, basis)


def _held(one: Owed) -> Period:
    held = [span.period for span in one.spans if span.quantity] or [one.cycle]
    return Period(held[0].start, held[-1].until)
