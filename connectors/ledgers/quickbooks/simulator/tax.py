"""Sales tax as QuickBooks computes it: once per rate on the summed net amounts, rounded half up.

Three lines of 10.10 at 15 % give 4.55 (per rate), not 4.56 (per line).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.ledgers.quickbooks.simulator.company import ZERO, Company, reference_id
from connectors.ledgers.quickbooks.simulator.currencies import decimal_in, rounded
from connectors.ledgers.quickbooks.simulator.problems import (
    broken_rule,
    unknown_reference,
)
from connectors.ledgers.quickbooks.simulator.validation import Body

TAXABLE = "TAX"
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Taxed:
    """The net amount of one line, its tax code, and its amount with tax where the caller gave one."""

    code: str
    net: Decimal
    gross: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    id: str
    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Override:
    """Tax the caller wants: in total, or per rate id."""

    total: Decimal | None = None
    by_rate: Mapping[str, Decimal] | None = None


def override_in(body: Body) -> Override:
    """What a request's TxnTaxDetail asks for. Raises a refusal for a rate listed twice."""
    detail = body.get("TxnTaxDetail")
    if not isinstance(detail, dict):
        return Override()
    by_rate: dict[str, Decimal] = {}
    for line in detail.get("TaxLine") or []:
        rate = reference_id(line.get("TaxLineDetail") or {}, "TaxRateRef")
        if rate in by_rate:
            raise broken_rule(f"Tax rate {rate} is listed twice.")
        if rate and "Amount" in line:
            by_rate[rate] = decimal_in(line["Amount"])
    total = decimal_in(detail["TotalTax"]) if "TotalTax" in detail else None
    return Override(total=total, by_rate=by_rate or None)


def rates_of(company: Company, code: str) -> tuple[Rate, ...]:
    """The sales rates of a tax code; a refusal (2500) for an unknown code."""
    row = company.get("TaxCode", code)
    if row is None:
        raise unknown_reference("TaxCode", code, member="TaxCodeRef")
    listed = row.body.get("SalesTaxRateList")
    details = listed.get("TaxRateDetail", []) if isinstance(listed, dict) else []
    found = (company.get("TaxRate", reference_id(detail, "TaxRateRef")) for detail in details)
    return tuple(
        Rate(rate.id, str(rate.body["Name"]), decimal_in(rate.body["RateValue"])) for rate in found if rate
    )


def us_tax(
    company: Company, lines: Sequence[Taxed], *, override: Override, code: str, is_exempt: bool, currency: str
) -> Body:
    """US: one code for the document (the engine's own under automated sales tax), TAX or NON per line.

    A total sent by the caller is honoured and spread over the rates; without taxable lines there is no
    tax, whatever was sent.
    """
    base = sum((line.net for line in lines if line.code == TAXABLE), ZERO)
    rates = rates_of(company, code) if code and base and not is_exempt else ()
    if not rates:
        return {"TotalTax": ZERO}
    computed = [rounded(base * rate.percent / HUNDRED, currency) for rate in rates]
    amounts = computed if override.total is None else _spread(override.total, rates, currency)
    detail: Body = {"TxnTaxCodeRef": {"value": code}, "TotalTax": sum(amounts, ZERO)}
    detail["TaxLine"] = [
        _tax_line(rate, amount=amount, net=base, asked_for=amount - own)
        for rate, amount, own in zip(rates, amounts, computed, strict=True)
    ]
    return detail


def global_tax(
    company: Company, lines: Sequence[Taxed], *, override: Override, inclusive: bool, currency: str
) -> Body:
    """Outside the US: the code of each line gives its rates; one tax line per rate.

    In inclusive documents the difference of a line's two amounts is its tax, shared by the code's rates.
    """
    nets: dict[Rate, Decimal] = {}
    own: dict[Rate, Decimal] = {}
    for line in lines:
        rates = rates_of(company, line.code)
        percents = sum((rate.percent for rate in rates), ZERO)
        for rate in rates:
            nets[rate] = nets.get(rate, ZERO) + line.net
            tax = line.net * rate.percent / HUNDRED
            if inclusive and line.gross is not None:
                tax = (line.gross - line.net) * rate.percent / percents if percents else ZERO
            own[rate] = own.get(rate, ZERO) + tax
    computed = [rounded(tax, currency) for tax in own.values()]
    amounts = _overridden(list(nets), computed, override)
    return {
        "TotalTax": sum(amounts, ZERO),
        "TaxLine": [
            _tax_line(rate, amount=amount, net=net, asked_for=amount - usual)
            for (rate, net), amount, usual in zip(nets.items(), amounts, computed, strict=True)
        ],
    }


def _overridden(rates: Sequence[Rate], computed: Sequence[Decimal], override: Override) -> list[Decimal]:
    """The computed amounts, or the caller's: per rate, else a total whose difference the last rate takes."""
    by_rate = override.by_rate
    if by_rate is not None:
        stranger = next((rate_id for rate_id in by_rate if rate_id not in {rate.id for rate in rates}), None)
        if stranger is not None:
            raise broken_rule(f"Tax rate {stranger} does not belong to the lines' codes.")
        return [by_rate.get(rate.id, usual) for rate, usual in zip(rates, computed, strict=True)]
    if override.total is None or not computed:
        return list(computed)
    return [*computed[:-1], override.total - sum(computed[:-1], ZERO)]


def _spread(total: Decimal, rates: Sequence[Rate], currency: str) -> list[Decimal]:
    """A total over several rates in proportion to their percents; the last takes what is left."""
    percents = sum((rate.percent for rate in rates), ZERO)
    amounts: list[Decimal] = []
    for rate in rates[:-1]:
        share = rate.percent / percents if percents else ZERO
        amounts.append(rounded(total * share, currency))
    return [*amounts, total - sum(amounts, ZERO)]


def _tax_line(rate: Rate, *, amount: Decimal, net: Decimal, asked_for: Decimal) -> Body:
    detail: Body = {
        "TaxRateRef": {"value": rate.id},
        "PercentBased": True,
        "TaxPercent": rate.percent,
        "NetAmountTaxable": net,
    }
    if asked_for:
        detail["OverrideDeltaAmount"] = asked_for
    return {"Amount": amount, "DetailType": "TaxLineDetail", "TaxLineDetail": detail}
