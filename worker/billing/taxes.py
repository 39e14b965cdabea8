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

from mappings.canonical.catalog import Product
from mappings.canonical.contract import Contract
from mappings.canonical.document import TaxTotal
from mappings.canonical.money import Money, RoundingMode, apportion, round_half, round_ratio
from mappings.canonical.party import Issuer, Party, Treatment
from mappings.lean import lean, replace
from worker.billing.treatments import Treated, treatment_by_code, treatment_of
from worker.billing.values import Charge, Check

PER_CENT = Fraction(1, 100)


@lean
@dataclass(frozen=True, slots=True)
class TaxChoice:
    """The tax code, rate and treatment of a charge; `checks` are what a person should decide first."""

    code: str
    percent: Decimal
    treatment: Treatment = ""
    reason: str = ""
    checks: tuple[Check, ...] = ()


NO_TAX = TaxChoice("", Decimal(0))


@lean
@dataclass(frozen=True, slots=True)
class Taxed:
    """One line as the tax sees it: its section, code and rate, and its net in minor units."""

    section: int
    code: str
    percent: Decimal
    net: int
    treatment: Treatment = ""
    reason: str = ""


def tax_of(contract: Contract, issuer: Issuer, bill_to: Party, product: Product, *, on: date) -> TaxChoice:
    """The contract's own code, else what the treatment of the line asks for, at the rate of its tax day."""
    if contract.tax_code:
        percent = rate_of(issuer, contract.tax_code, on=on)
        treated = treatment_by_code(issuer, bill_to, is_taxed=bool(percent))
        return _choice(issuer, replace(treated, code=contract.tax_code), percent, on)
    treated = treatment_of(issuer, bill_to, product, on=on)
    return _choice(issuer, treated, rate_of(issuer, treated.code, on=on), on)


def standing_tax(charge: Charge, issuer: Issuer, *, on: date) -> TaxChoice:
    """The tax of what is added to a cycle that has charges: their code, at the rate of the new tax day."""
    before = tax_of_charge(charge)
    percent = rate_of(issuer, charge.tax_code, on=on) if charge.tax_code else None
    return before if percent is None else replace(before, percent=percent)


def tax_of_charge(charge: Charge) -> TaxChoice:
    """The tax a charge was made with."""
    return TaxChoice(charge.tax_code, charge.tax_percent, charge.tax_treatment, charge.tax_reason)


def rate_of(issuer: Issuer, code: str, *, on: date) -> Decimal | None:
    """The percent of a code on a day, 0 of no code, None where the issuer has none."""
    if not code:
        return Decimal(0)
    for rate in issuer.tax_rates:
        starts = rate.from_ is None or rate.from_ <= on
        ends = rate.until is not None and rate.until <= on
        if rate.code == code and starts and not ends:
            return Decimal(rate.percent)
    return None


def _choice(issuer: Issuer, treated: Treated, percent: Decimal | None, on: date) -> TaxChoice:
    checks = treated.checks
    if percent is None:
        missing = Check(
            "tax_rate_missing",
            f"Issuer {issuer.code} has no rate for tax code {treated.code} on {on}. Add it to its tax rates;"
            " the next run bills the document.",
        )
        checks = (*checks, missing)
    return TaxChoice(treated.code, percent or Decimal(0), treated.treatment, treated.reason, checks)


def tax_totals(
    lines: Sequence[Taxed], issuer: Issuer, currency: str, *, sections: int
) -> tuple[tuple[TaxTotal, ...], tuple[Money, ...]]:
    """Tax per code, rate and treatment over a document, and each section's share of it."""
    by_rate: dict[tuple[str, Decimal, Treatment, str], list[Taxed]] = {}
    for line in lines:
        by_rate.setdefault((line.code, line.percent, line.treatment, line.reason), []).append(line)
    rates = sorted(by_rate) if len(by_rate) > 1 else list(by_rate)
    taxes = _per_rate_taxes([by_rate[rate] for rate in rates], issuer)
    shares = [0] * sections
    totals = []
    for rate, tax in zip(rates, taxes, strict=True):
        base = sum([line.net for line in by_rate[rate]])
        code, percent, treatment, reason = rate
        amounts = (Money(base, currency), Money(tax, currency))
        totals.append(TaxTotal(code, percent, *amounts, treatment=treatment, reason=reason))
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
