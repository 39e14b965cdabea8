"""Which document a charge goes on: an invoice, the next invoice as a negative line, or a credit note.

`refund_method` decides for refunds; the settlement of a pool's tier always goes on an invoice where one
comes (billing rules, "Groups, payers, documents" and "Pools").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from mappings.canonical.document import ChargeRef
from mappings.canonical.money import Money, round_half
from mappings.lean import replace
from worker.billing.documents import Catalog, Key, document_key, kind_of
from worker.billing.values import Charge, Notice


@dataclass(frozen=True, slots=True)
class Placed:
    """Charges by document key, and what was said about those that wait or are not refunded."""

    by_key: dict[Key, list[Charge]]
    notices: tuple[Notice, ...]


def place(charges: Iterable[Charge], catalog: Catalog, *, goes_on: Callable[[Charge], bool]) -> Placed:
    """Put every charge on a document. `goes_on` tells whether an invoice is still to come for a charge."""
    ordered = sorted(
        charges, key=lambda charge: (charge.ref.subscription, charge.ref.cycle_start, charge.ref.revision)
    )
    by_key: dict[Key, list[Charge]] = {}
    for charge in ordered:
        if charge.net.minor >= 0:
            by_key.setdefault(document_key(charge, "invoice", catalog), []).append(charge)
    room = {key: sum(charge.net.minor for charge in charges) for key, charges in by_key.items()}
    revisions = {(one.ref.subscription, one.ref.cycle_start): one.ref.revision for one in ordered}
    notices: list[Notice] = []
    for charge in ordered:
        if charge.net.minor >= 0:
            continue
        if charge.terms.refund_method == "none" and not charge.true_up:
            notices.append(_not_refunded(charge))
            continue
        rest: Charge | None = charge
        if _is_netted(charge, catalog):
            invoice = _invoice_with_room(charge, room, catalog)
            if invoice is None and goes_on(charge) and _may_wait(charge):
                notices.append(_waits(charge))
                continue
            if invoice is not None:
                on_invoice, rest = _cut(charge, room[invoice], revisions)
                by_key[invoice].append(on_invoice)
                room[invoice] += on_invoice.net.minor
        if rest is not None:
            by_key.setdefault(document_key(rest, "credit_note", catalog), []).append(rest)
    return Placed(by_key, tuple(notices))


def _by_ref(charge: Charge) -> tuple[str, date, int]:
    return charge.ref.subscription, charge.ref.cycle_start, charge.ref.revision


def _is_netted(charge: Charge, catalog: Catalog) -> bool:
    """A refund keeps its original's exchange rate, so in a foreign currency it cannot share an invoice's.

    Where the law or the invoice format wants credits on their own document, nothing is netted.
    """
    issuer = catalog.issuers[charge.issuer]
    if issuer.credits_need_own_document or charge.terms.invoice_format in issuer.own_credit_formats:
        return False
    if charge.true_up:
        return True
    is_home = charge.currency == issuer.home_currency
    is_linked = bool(charge.converted) and charge.terms.conversions == "together"
    return is_home and (is_linked or charge.terms.refund_method == "net_next")


def _may_wait(charge: Charge) -> bool:
    """Whether a refund waits for an invoice; that of a conversion only shares the one there is."""
    return charge.true_up or charge.terms.refund_method == "net_next"


def _invoice_with_room(charge: Charge, room: dict[Key, int], catalog: Catalog) -> Key | None:
    """The invoice a negative line goes on: of its own key, else the first of the same payer."""
    own = document_key(charge, "invoice", catalog)
    if room.get(own, 0) > 0:
        return own
    same_payer = (key for key in room if key[:3] == own[:3] and kind_of(key) == "invoice" and room[key] > 0)
    return min(same_payer, default=None)


def _cut(charge: Charge, room: int, revisions: dict[tuple[str, date], int]) -> tuple[Charge, Charge | None]:
    """The part of a negative charge that an invoice can bear, and the rest as a charge of its own."""
    if -charge.net.minor <= room:
        return charge, None
    cycle = (charge.ref.subscription, charge.ref.cycle_start)
    revisions[cycle] += 1
    rest_ref = ChargeRef(*cycle, revision=revisions[cycle])
    words = f"{-charge.net} in all: {Money(room, charge.currency)} on the invoice, the rest as a credit note"
    part = _at(charge, -room, words)
    rest = replace(_at(charge, charge.net.minor + room, words), ref=rest_ref)
    return part, rest


def _at(charge: Charge, minor: int, words: str) -> Charge:
    net = Money(minor, charge.currency)
    basis = (*charge.basis, words)
    return replace(
        charge,
        net=net,
        quantity=Decimal(1),
        unit_price=net.decimal,
        basis=basis,
        cost=_in_part(charge.cost, charge.net, net),
        retail=_in_part(charge.retail, charge.net, net),
        printed=(),
    )


def _in_part(amount: Money | None, whole: Money, part: Money) -> Money | None:
    """Cost or retail price of a part of a charge."""
    if amount is None:
        return None
    return Money(round_half(Fraction(amount.minor * part.minor, whole.minor), "half_up"), amount.currency)


def _not_refunded(charge: Charge) -> Notice:
    return Notice(
        "not_refunded",
        f"Subscription {charge.ref.subscription}: {-charge.net} of the cycle {charge.cycle} is"
        " not refunded, as"
        f" contract {charge.contract} says (refund_method: none).",
        charge.ref.subscription,
    )


def _waits(charge: Charge) -> Notice:
    return Notice(
        "credit_waits",
        f"Subscription {charge.ref.subscription}: a credit of {-charge.net} for the cycle"
        f" {charge.cycle} waits for"
        f" the next invoice to {charge.bill_to} in {charge.currency}.",
        charge.ref.subscription,
    )
