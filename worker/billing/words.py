"""The basis of a charge in words: every step of the calculation, as an accountant would write it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from mappings.canonical.money import Money, minor_digits
from mappings.canonical.period import Period
from mappings.lean import replace
from worker.billing.charges import Deal, Owed, exact_ratio
from worker.billing.discounts import price_runs
from worker.billing.memo import remembered
from worker.billing.periods import weight_words
from worker.billing.pricing import Piece, ends, exact_amount, pieces, plain_number, tier_number
from worker.billing.tariff import Tariff, tariff_of, whole_number
from worker.billing.values import PriceFacts, Span


def first_basis(one: Owed, net: Money) -> tuple[str, ...]:
    """The steps of a cycle that is charged for the first time."""
    deal = one.deal
    steps = _plain_steps(deal, one.spans, one.cycle) or tuple(_span_steps(deal, one.spans, one.cycle))
    together = (f"together, rounded once: {net}",) if len(steps) > 1 else ()
    return (*steps, *together, *_sources(deal.price))


@remembered
def _sources(price: PriceFacts) -> tuple[str, ...]:
    """Where the prices of a cycle come from, each told once."""
    sources = dict.fromkeys((price.source, *(step.source for step in price.later)))
    return tuple(f"price: {source}" for source in sources)


def change_basis(one: Owed, before: tuple[Span, ...], net: Money, *, billed: Money) -> tuple[str, ...]:
    """The steps of a difference: what changed since the charges that stand, at the cycle's price."""
    deal = one.deal
    steps = tuple(_change_steps(deal, before, one.spans, one.cycle))
    return (
        *steps,
        f"cycle {one.cycle}: billed before {billed}, now {billed + net}",
        f"price: {deal.price.source}",
    )


def true_up_basis(one: Owed, net: Money) -> tuple[str, ...]:
    """The settlement of a pool's tier: from the tier billed to the one reached, or what of it had to wait."""
    if one.settled == one.deal.price:
        return f"rest of the settlement at {_tier_words(one.settled)}, which waited", f"difference {net}"
    return (
        f"pool settled: {_tier_words(one.deal.price)} was billed, {_tier_words(one.settled)} was reached",
        f"cycle {one.cycle} at the settled tier: {_exact(one.settled_exact, one.deal.currency)}"
        f" instead of {_exact(one.exact, one.deal.currency)}",
        f"difference {net}",
    )


def quantity_words(price: PriceFacts, quantity: Decimal, currency: str) -> str:
    """A quantity at its price for one whole cycle: "12 seats x 8.40 EUR"."""
    tariff, number = tariff_of(price), whole_number(quantity)
    said = None if tariff is None or number is None else _whole_words(tariff, number, price, currency)
    return said or words_in_general(price, quantity, currency)


def words_in_general(price: PriceFacts, quantity: Decimal, currency: str) -> str:
    """The same for every price and quantity, piece by piece."""
    found = pieces(price, Fraction(quantity))
    if not found:
        return f"no {price.unit}"
    return " + ".join(_piece_words(piece, price, currency) for piece in found)


def _whole_words(tariff: Tariff, number: int, price: PriceFacts, currency: str) -> str | None:
    """The same of a whole quantity without fees, which is nearly always; else None."""
    if number <= 0:
        return None
    if tariff.each is not None:
        return f"{unit_words(number, price.unit)} x {scaled_price(tariff.each, tariff.scale, currency)}"
    if tariff.group is not None and price.pool is not None:
        total = units(price.pool.total, price.unit)
        return f"{scaled_price(tariff.group, tariff.group_scale, currency)} x {number}/{total}"
    parts = tariff.parts(number)
    if parts is None:
        return None
    return " + ".join(
        [
            f"{unit_words(units, price.unit)} x {scaled_price(each, tariff.scale, currency)}"
            for units, each in parts
        ]
    )


def unit_words(number: int, unit: str) -> str:
    """`units` of a whole number."""
    return f"{number} {unit}" if number == 1 or unit.isupper() or unit.endswith("s") else f"{number} {unit}s"


@lru_cache(maxsize=16384)
def scaled_price(amount: int, scale: int, currency: str) -> str:
    """`price_words` of a price in parts of a scale."""
    return price_words(Fraction(amount, scale), currency)


@lru_cache(maxsize=4096)
def units(quantity: Decimal | Fraction, unit: str) -> str:
    """A quantity with its unit: "1 seat", "12 seats"; a unit in capitals (GB) has no plural."""
    text = plain_number(Fraction(quantity))
    return f"{text} {unit}" if text == "1" or unit.isupper() or unit.endswith("s") else f"{text} {unit}s"


@lru_cache(maxsize=4096)
def price_words(price: Fraction, currency: str) -> str:
    """A price with at least the digits of its currency, at most twelve."""
    digits = minor_digits(currency)
    if price.denominator == 1 or ends(price):
        decimal = Decimal(price.numerator) / Decimal(price.denominator)
        exponent = decimal.normalize().as_tuple().exponent
        places = max(digits, -int(exponent)) if isinstance(exponent, int) else digits
        return f"{decimal:.{places}f} {currency}"
    return f"{price.numerator}/{price.denominator} {currency}"


def _piece_words(piece: Piece, price: PriceFacts, currency: str) -> str:
    if piece.is_fee:
        return f"{piece.words} {price_words(piece.price, currency)}"
    if piece.shared is not None:
        group, quantity = piece.shared
        return f"{price_words(group, currency)} x {plain_number(piece.units)}/{units(quantity, price.unit)}"
    if piece.words:
        return f"{plain_number(piece.units)} {piece.words} x {price_words(piece.price, currency)}"
    return f"{units(piece.units, price.unit)} x {price_words(piece.price, currency)}"


def _span_steps(deal: Deal, spans: tuple[Span, ...], cycle: Period) -> Iterator[str]:
    """One step per span with something held; other proration bases tell the change instead."""
    held = [span for span in spans if span.quantity or deal.price.charges_zero]
    if deal.proration not in {"actual_days_of_cycle", "none_full_period"} and len(spans) > 1:
        yield from _change_steps(deal, (), spans, cycle)
        return
    if deal.proration == "none_full_period":
        held = [max(held, key=lambda span: span.quantity)] if held else []
    runs = [(span, *run) for span in held for run in price_runs(deal.price, span.period)]
    for span, price, days in runs:
        at_price = deal if price is deal.price else replace(deal, price=price)
        weighed = weight_words(deal.proration, cycle=cycle, rest=days, months=deal.months)
        calculation = quantity_words(price, span.quantity, deal.currency)
        result = _result(at_price, Span(days, span.quantity), cycle) if len(runs) > 1 else ""
        yield _step(calculation, weighed, at_price, result)


def _plain_steps(deal: Deal, spans: tuple[Span, ...], cycle: Period) -> tuple[str, ...] | None:
    """The same of whole quantities that weigh their own days, which is nearly always; else None."""
    tariff = tariff_of(deal.price)
    if tariff is None or deal.proration != "actual_days_of_cycle" or deal.rounding.basis != "per_line":
        return None
    held = [span for span in spans if span.quantity]
    tier = _tier_words(deal.price)
    ending = f", {tier}" if tier else ""
    whole, steps = cycle.days, []
    for span in held:
        number = whole_number(span.quantity)
        said = None if number is None else _whole_words(tariff, number, deal.price, deal.currency)
        if said is None or number is None:
            return None
        days = span.period.days
        if span.period != cycle:
            said = f"({said})" if " + " in said else said
            said = f"{said} x {days}/{whole} days"
        if len(held) > 1:
            exact = _exact_ratio(tariff.amount(number) * days, tariff.scale * whole, deal.currency)
            said = f"{said} = {exact}"
        steps.append(said + ending)
    return tuple(steps)


def _result(deal: Deal, span: Span, cycle: Period) -> str:
    """What a span's days cost, unrounded, as the end of its step."""
    return f" = {_exact_ratio(*exact_ratio(deal, (span,), cycle), deal.currency)}"


def changed_runs(
    before: tuple[Span, ...], after: tuple[Span, ...]
) -> tuple[tuple[Period, Decimal, Decimal], ...]:
    """The runs of days whose quantity is not what it was: (days, was, is now)."""
    days = sorted({day for span in (*before, *after) for day in (span.period.start, span.period.until)})
    runs: list[tuple[Period, Decimal, Decimal]] = []
    for start, until in pairwise(days):
        was, now = _held(before, start), _held(after, start)
        if was == now:
            continue
        if runs and runs[-1][0].until == start and runs[-1][1:] == (was, now):
            runs[-1] = (Period(runs[-1][0].start, until), was, now)
        else:
            runs.append((Period(start, until), was, now))
    return tuple(runs)


def _change_steps(
    deal: Deal, before: tuple[Span, ...], after: tuple[Span, ...], cycle: Period
) -> Iterator[str]:
    """One step per run of days whose quantity is not what it was."""
    end = max(span.period.until for span in (*before, *after))
    for period, was, now in changed_runs(before, after):
        for price, days in price_runs(deal.price, period):
            at_price = deal if price is deal.price else replace(deal, price=price)
            rest = days if deal.proration == "actual_days_of_cycle" else Period(days.start, end)
            part = weight_words(deal.proration, cycle=cycle, rest=rest, months=deal.months)
            yield _change_words(at_price, was, now, part, since=days)


def _change_words(deal: Deal, was: Decimal, now: Decimal, part: str, *, since: Period) -> str:
    price = deal.price
    verb = "added" if now > was else "removed"
    change = units(abs(now - was), price.unit)
    if price.model == "per_unit" and price.pool is None and not price.tiers[0].flat:
        calculation = f"{change} {verb} x {price_words(Fraction(price.tiers[0].price), deal.currency)}"
    else:
        amounts = [exact_amount(price, Fraction(quantity)) for quantity in (now, was)]
        calculation = (
            f"{change} {verb}: {units(now, price.unit)} at {_exact(amounts[0], deal.currency)}"
            f" instead of {units(was, price.unit)} at {_exact(amounts[1], deal.currency)}"
        )
    step = f"{calculation} x {part}" if part else calculation
    tier = f", {_tier_words(price)}" if price.pool else ""
    return f"{step} ({since}){tier}"


def _step(calculation: str, days: str, deal: Deal, result: str) -> str:
    if days:
        calculation = f"({calculation}) x {days}" if " + " in calculation else f"{calculation} x {days}"
        if deal.rounding.basis == "per_unit":
            calculation += (
                f", one {deal.price.unit}'s part rounded {deal.rounding.mode.replace('_', ' ')} first"
            )
    tier = _tier_words(deal.price)
    return f"{calculation}{result}{', ' + tier if tier else ''}"


@remembered
def _tier_words(price: PriceFacts) -> str:
    """The tier reached: by the pool where there is one, as in "tier 2 of pool ACME-M365 at 412 seats"."""
    if price.pool is None:
        return ""
    number = tier_number(price.tiers, Fraction(price.pool.total))
    return f"tier {number} of pool {price.pool.pool} at {units(price.pool.total, price.unit)}"


def _exact(amount: Fraction, currency: str) -> str:
    """An unrounded amount to four more digits than money has, with dots where digits go on."""
    return _exact_ratio(amount.numerator, amount.denominator, currency)


def _exact_ratio(numerator: int, denominator: int, currency: str) -> str:
    least = minor_digits(currency)
    digits = least + 4
    whole, rest = divmod(abs(numerator) * 10**digits, denominator)
    units, decimals = divmod(whole, 10**digits)
    shown = f"{decimals:0{digits}}".rstrip("0").ljust(least, "0")
    sign = "-" if numerator < 0 and whole else ""
    return f"{sign}{units}{'.' if shown else ''}{shown}{'...' if rest else ''} {currency}"


def _held(spans: tuple[Span, ...], day: date) -> Decimal:
    return next((span.quantity for span in spans if day in span.period), Decimal(0))
