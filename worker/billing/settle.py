"""Owed - billed = outstanding, as charges (billing rules, "One figure per subscription and cycle").

Run twice with its own result counted as billed, it returns nothing: that is what makes a repeated run
harmless. A reduction takes back the newest charge of the cycle first, at that charge's own terms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from mappings.canonical.document import ChargeRef, Original
from mappings.canonical.money import Money, minor_digits, minor_units, to_money, zero
from mappings.canonical.period import Period
from mappings.lean import lean, replace
from worker.billing.charges import Owed, billed_net
from worker.billing.pricing import pieces
from worker.billing.tariff import tariff_of, whole_number
from worker.billing.taxes import TaxChoice, tax_of_charge
from worker.billing.values import BilledCharge, Charge, Span
from worker.billing.words import change_basis, changed_runs, first_basis, true_up_basis


@lean
@dataclass(frozen=True, slots=True)
class _Reason:
    """What a new charge of a cycle is about; `is_settled` where it brings the cycle to its pool's tier."""

    service: Period
    basis: tuple[str, ...]
    is_true_up: bool = False
    is_settled: bool = False


def settle(one: Owed, figure: Money, *, tax: TaxChoice) -> tuple[Charge, ...]:
    """The charges that bring a cycle from what stands billed to its figure.

    `tax` is for what is added; what is taken back keeps the tax of its original. A cycle never billed
    that comes to zero gives one charge of zero.
    """
    if not one.billed:
        if not any(span.quantity for span in one.spans) and not one.deal.price.charges_zero:
            return ()
        reason = _Reason(_hull_of_held(one), first_basis(one, figure))
        quantity, unit_price = _printed(one, figure)
        return (_added(one, figure, reason, tax=tax, revision=0, quantity=quantity, unit_price=unit_price),)
    ordinary, true_up = _outstanding(one, figure)
    charges: list[Charge] = []
    if ordinary:
        before = one.billed[-1].charge.facts.spans
        basis = change_basis(one, before, ordinary, billed=billed_net(one))
        # What is left to settle may have gone into this difference: then the tier is reached with it.
        reason = _Reason(_hull_of_change(one, before), basis, is_settled=not true_up)
        charges.extend(_difference(one, ordinary, reason, tax=tax, revision=next_revision(one.billed)))
    if true_up:
        reason = _Reason(_hull_of_held(one), true_up_basis(one, true_up), is_true_up=True, is_settled=True)
        revision = next_revision(one.billed) + len(charges)
        charges.extend(_difference(one, true_up, reason, tax=tax, revision=revision))
    return tuple(charges)


def next_revision(billed: tuple[BilledCharge, ...]) -> int:
    """The revision of the next charge of a cycle: the number of charges before it."""
    return billed[-1].charge.ref.revision + 1 if billed else 0


def credit_left(billed: tuple[BilledCharge, ...]) -> tuple[tuple[BilledCharge, int], ...]:
    """The charges of a cycle that can still be taken back, newest first, with minor units left."""
    taken: dict[int, int] = {}
    for one in billed:
        if one.charge.reverses is not None:
            taken[one.charge.reverses] = taken.get(one.charge.reverses, 0) + one.charge.net.minor
    left = (
        (one, one.charge.net.minor + taken.get(one.charge.ref.revision, 0))
        for one in reversed(billed)
        if one.charge.net.minor > 0
    )
    return tuple((one, minor) for one, minor in left if minor > 0)


def _outstanding(one: Owed, figure: Money) -> tuple[Money, Money]:
    """What is outstanding by itself, and by the settlement of the pool's tier."""
    whole = figure - billed_net(one)
    if one.settled == one.deal.price:
        # What is left of a settlement that waits for an invoice is still of the settlement.
        is_left = one.is_unchanged and any(billed.charge.true_up for billed in one.billed)
        return (zero(figure.currency), whole) if is_left else (whole, zero(figure.currency))
    mode, currency = one.deal.rounding.mode, one.deal.currency
    before = Fraction(one.billed[-1].charge.facts.exact)
    ordinary = zero(currency)
    if before != one.exact:
        ordinary = to_money(one.exact, currency, mode) - to_money(before, currency, mode)
    true_up = whole - ordinary
    room = sum(minor for _, minor in credit_left(one.billed))
    if min(ordinary.minor, 0) + min(true_up.minor, 0) < -room:
        return whole, zero(currency)
    return ordinary, true_up


def _difference(one: Owed, net: Money, reason: _Reason, *, tax: TaxChoice, revision: int) -> Iterator[Charge]:
    if net.minor > 0:
        yield _added(
            one, net, reason, tax=tax, revision=revision, quantity=Decimal(1), unit_price=net.decimal
        )
        return
    wanted = -net.minor
    for original, left in credit_left(one.billed):
        if not wanted:
            return
        taken = min(wanted, left)
        wanted -= taken
        yield _taken_back(one, Money(-taken, net.currency), reason, original=original, revision=revision)
        revision += 1
    if wanted:
        raise AssertionError(f"{one.subscription} {one.cycle}: a credit of {wanted} more than was charged")


def _added(
    one: Owed,
    net: Money,
    reason: _Reason,
    *,
    tax: TaxChoice,
    revision: int,
    quantity: Decimal,
    unit_price: Decimal,
) -> Charge:
    deal = one.deal
    return Charge(
        ref=ChargeRef(*one.key, revision),
        kind=deal.kind,
        issuer=deal.issuer,
        contract=deal.contract,
        party=deal.party,
        bill_to=deal.bill_to,
        product=deal.product,
        currency=deal.currency,
        service=reason.service,
        cycle=one.cycle,
        quantity=quantity,
        unit_price=unit_price,
        net=net,
        tax_code=tax.code,
        tax_percent=tax.percent,
        tax_treatment=tax.treatment,
        tax_reason=tax.reason,
        basis=reason.basis,
        facts=one.facts(settled=reason.is_settled or not one.billed),
        terms=deal.terms,
        true_up=reason.is_true_up,
    )


def _taken_back(one: Owed, net: Money, reason: _Reason, *, original: BilledCharge, revision: int) -> Charge:
    charge = original.charge
    tax = tax_of_charge(charge)
    is_whole = net == -charge.net
    credit = _added(
        one,
        net,
        reason,
        tax=tax,
        revision=revision,
        quantity=charge.quantity if is_whole else Decimal(1),
        unit_price=-charge.unit_price if is_whole else net.decimal,
    )
    words = f"takes back {-net} of {original.number} of {original.document_date}"
    return replace(
        credit,
        basis=(*credit.basis, words),
        bill_to=charge.bill_to,
        party=charge.party,
        original=Original(original.number, original.document_date, charge.service),
        exchange=original.exchange,
        reverses=charge.ref.revision,
    )


def _printed(one: Owed, net: Money) -> tuple[Decimal, Decimal]:
    """Quantity and unit price that give the net exactly, or 1 at the net (design section 5)."""
    held = {span.quantity for span in one.spans if span.quantity}
    if len(held) == 1:
        quantity = held.pop()
        tariff, units = tariff_of(one.deal.price), whole_number(quantity)
        if tariff is not None and tariff.each is not None and units is not None:
            if units * tariff.each * minor_units(net.currency) == net.minor * tariff.scale:
                return quantity, scaled_unit_price(tariff.each, tariff.scale, net.currency)
            return Decimal(1), net.decimal
        found = pieces(one.deal.price, Fraction(quantity))
        if len(found) == 1 and found[0].units == quantity:
            unit_price = Decimal(found[0].price.numerator) / Decimal(found[0].price.denominator)
            if quantity * unit_price == net.decimal:
                return quantity, _with_cents(unit_price, net)
    return Decimal(1), net.decimal


@lru_cache(maxsize=16384)
def scaled_unit_price(amount: int, scale: int, currency: str) -> Decimal:
    """The unit price of a line from a price in parts of a scale."""
    return _with_cents((Decimal(amount) / Decimal(scale)), zero(currency))


def _with_cents(unit_price: Decimal, net: Money) -> Decimal:
    """A unit price with at least the digits of its currency: 8.40, not 8.4."""
    cents = Decimal(1).scaleb(-minor_digits(net.currency))
    return unit_price.quantize(cents) if unit_price == unit_price.quantize(cents) else unit_price


def _hull_of_held(one: Owed) -> Period:
    held = [span.period for span in one.spans if span.quantity]
    return Period(held[0].start, held[-1].until) if held else one.cycle


def _hull_of_change(one: Owed, before: tuple[Span, ...]) -> Period:
    runs = changed_runs(before, one.spans)
    return Period(runs[0][0].start, runs[-1][0].until) if runs else _hull_of_held(one)
