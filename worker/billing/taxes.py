"""Tax of charges and documents: codes and rates are data of the issuer, the arithmetic is ours.

Legal tax belongs to the document; a section's tax is its share by largest remainder (billing rules, "Tax").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from mappings.canonical.contract import Contract
from mappings.canonical.document import TaxTotal
from mappings.canonical.money import Money, RoundingMode, apportion, round_half, round_ratio
from mappings.canonical.party import Issuer, Party
from mappings.lean import lean
from worker.billing.values import Check

PER_CENT = Fraction(1, 100)


@lean
@dataclass(frozen=True, slots=True)
class TaxChoice:
    """The tax code and rate of a charge; "" is out of scope or exempt, at 0 percent."""

    code: str
    percent: Decimal


NO_TAX = TaxChoice("", Decimal(0))


@lean
@dataclass(frozen=True, slots=True)
class Taxed:
    """One line as the tax sees it: its section, code and rate, and its net in minor units."""

    section: int
    code: str
    percent: Decimal
    net: int


def tax_of(contract: Contract, issuer: Issuer, bill_to: Party, *, on: date) -> TaxChoice | Check:
    """The contract's own code, else none by certificate, else domestic or export by the payer's country."""
    if contract.tax_code:
        return rate_of(issuer, contract.tax_code, on=on)
    if any(
        exemption.country in {"", issuer.country} and (exemption.expires is None or on <= exemption.expires)
        for exemption in bill_to.exemptions
    ):
        return NO_TAX
    if not (issuer.domestic_tax_code or issuer.export_tax_code):
        return NO_TAX
    country = bill_to.bill_to_address.country
    if not country:
        return Check(
            "missing_address",
            f"{bill_to.code} has no country in its bill-to address, so it cannot be told whether"
            f" {issuer.code}"
            " charges domestic tax. Add the address; the next run bills it.",
        )
    code = issuer.domestic_tax_code if country == issuer.country else issuer.export_tax_code
    return rate_of(issuer, code, on=on)


def rate_of(issuer: Issuer, code: str, *, on: date) -> TaxChoice | Check:
    """A code with its rate on a day; the check `tax_rate_missing` where the issuer has none."""
    if not code:
        return NO_TAX
    for rate in issuer.tax_rates:
        starts = rate.from_ is None or rate.from_ <= on
        ends = rate.until is not None and rate.until <= on
        if rate.code == code and starts and not ends:
            return TaxChoice(code, Decimal(rate.percent))
    return Check(
        "tax_rate_missing",
        f"Issuer {issuer.code} has no rate for tax code {code} on {on}. Add it to its tax rates; the next run"
        " bills the document.",
    )


def tax_totals(
    lines: Sequence[Taxed], issuer: Issuer, currency: str, *, sections: int
) -> tuple[tuple[TaxTotal, ...], tuple[Money, ...]]:
    """Tax per code and rate over a document, and each section's share of it."""
    by_rate: dict[tuple[str, Decimal], list[Taxed]] = {}
    for line in lines:
        by_rate.setdefault((line.code, line.percent), []).append(line)
    rates = sorted(by_rate) if len(by_rate) > 1 else list(by_rate)
    taxes = _per_rate_taxes([by_rate[rate] for rate in rates], issuer)
    shares = [0] * sections
    totals = []
    for rate, tax in zip(rates, taxes, strict=True):
        base = sum([line.net for line in by_rate[rate]])
        totals.append(TaxTotal(*rate, base=Money(base, currency), tax=Money(tax, currency)))
        for section, part in _section_shares(by_rate[rate], tax).items():
            shares[section] += part
    return tuple(totals), tuple([Money(share, currency) for share in shares])


def _per_rate_taxes(groups: list[list[Taxed]], issuer: Issuer) -> list[int]:
    """The tax of each rate by the issuer's policy. The `ledger` policy is provisional, as per_rate."""
    mode: RoundingMode = issuer.tax_rounding_mode
    if issuer.tax_rounding == "per_line":
        return [
            sum([round_ratio(line.net * part, whole, mode) for line in lines])
            for lines in groups
            for part, whole in (_rate(lines[0].percent),)
        ]
    bases = [(sum([line.net for line in lines]), *_rate(lines[0].percent)) for lines in groups]
    if issuer.tax_rounding == "per_document" and bases:
        exact = [Fraction(base * part, whole) for base, part, whole in bases]
        return list(apportion(round_half(sum(exact, Fraction(0)), mode), exact))
    return [round_ratio(base * part, whole, mode) for base, part, whole in bases]


def _section_shares(lines: list[Taxed], tax: int) -> dict[int, int]:
    """The tax of one rate by section: in proportion to the nets, largest remainder."""
    bases: dict[int, int] = {}
    for line in lines:
        bases[line.section] = bases.get(line.section, 0) + line.net
    if len(bases) == 1:
        return dict.fromkeys(bases, tax)
    part, whole = _rate(lines[0].percent)
    exact = [Fraction(base * part, whole) for base in bases.values()]
    return dict(zip(bases, apportion(tax, exact), strict=True))


@lru_cache(maxsize=512)
def _rate(percent: Decimal) -> tuple[int, int]:
    """A percent as the part of a base: 19 is (19, 100)."""
    return (Fraction(percent) * PER_CENT).as_integer_ratio()
