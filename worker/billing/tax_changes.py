"""A tax rate that changed inside a period billed in advance: the old rate is taken back, the new one charged.

Only where the tax point is a day of the service, for then the rate of that day counts, whatever was known
when the period was billed (billing rules, "Tax"). The nets cancel; what differs is the tax.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from mappings.canonical.document import ChargeRef, Original
from mappings.canonical.money import Money
from mappings.canonical.party import Issuer
from mappings.lean import replace
from worker.billing.settle import credit_left
from worker.billing.tax_points import tax_day
from worker.billing.taxes import rate_of
from worker.billing.values import BilledCharge, Charge


def retaxed(billed: tuple[BilledCharge, ...], new: Sequence[Charge], issuer: Issuer) -> Iterator[Charge]:
    """The charges that bring what stands billed for a cycle to the rate of its tax day.

    `new` are the charges this run makes of the cycle anyway: what they take back is not corrected.
    """
    revision = max(one.charge.ref.revision for one in billed) + len(new) + 1
    taken = {one.reverses: -one.net.minor for one in new if one.reverses is not None}
    for one, left in credit_left(billed):
        charge, minor = one.charge, left - taken.get(one.charge.ref.revision, 0)
        if not charge.tax_code or minor <= 0:
            continue
        day = tax_day(issuer, charge.service, document_date=one.document_date)
        percent = rate_of(issuer, charge.tax_code, on=day)
        if percent is None or percent == charge.tax_percent or day == one.document_date:
            continue
        words = (
            f"tax {charge.tax_code} is {percent:f} % on {day}, the tax point, not {charge.tax_percent:f} %"
            f" as billed with {one.number} of {one.document_date}"
        )
        yield _back(one, minor, words, revision)
        yield _again(one, minor, percent, words, revision + 1)
        revision += 2


def _back(one: BilledCharge, minor: int, words: str, revision: int) -> Charge:
    charge = one.charge
    return replace(
        _part(charge, -minor, words, revision),
        original=Original(one.number, one.document_date, charge.service),
        exchange=one.exchange,
        reverses=charge.ref.revision,
        terms=replace(charge.terms, refund_method="credit_note"),
    )


def _again(one: BilledCharge, minor: int, percent: Decimal, words: str, revision: int) -> Charge:
    return replace(_part(one.charge, minor, words, revision), tax_percent=percent)


def _part(charge: Charge, minor: int, words: str, revision: int) -> Charge:
    """The charge, or the part of it that still stands, under a new revision; without its printed lines."""
    net = Money(minor, charge.currency)
    is_whole = abs(minor) == charge.net.minor
    sign = 1 if minor > 0 else -1
    return replace(
        charge,
        ref=ChargeRef(charge.ref.subscription, charge.ref.cycle_start, revision),
        quantity=charge.quantity if is_whole else Decimal(1),
        unit_price=sign * charge.unit_price if is_whole else net.decimal,
        net=net,
        basis=(words,),
        original=None,
        exchange=None,
        reverses=None,
        cost=_share(charge.cost, minor, charge.net.minor),
        retail=_share(charge.retail, minor, charge.net.minor),
        printed=(),
        provider_keys=(),
    )


def _share(amount: Money | None, part: int, whole: int) -> Money | None:
    """The same part of a cost or retail price, toward zero, so that the two charges cancel."""
    if amount is None:
        return None
    share = amount.minor * abs(part) // whole
    return Money(share if part > 0 else -share, amount.currency)
