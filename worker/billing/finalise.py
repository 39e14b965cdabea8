"""Release decides what a draft cannot know: number, dates and the exchange rate of the day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from mappings.canonical.document import ConvertedTax, Document
from mappings.canonical.money import to_money, total
from mappings.canonical.party import FxRate, Issuer
from mappings.lean import replace
from worker.billing.tax_points import tax_day, tax_point_of
from worker.billing.taxes import rate_of
from worker.billing.values import Check, Exchange


def finalise(
    document: Document,
    *,
    number: str,
    series: str,
    on: date,
    as_of: date,
    issuer: Issuer,
    rates: Iterable[FxRate],
) -> Document | Check:
    """The document as it is frozen, or the check `rate_missing` or `tax_rate_changed`.

    `on` is the day of release in the issuer's zone. The tax point is by the issuer's country. A credit note
    that brought its original's exchange rate keeps it; otherwise the rate of exactly the issuer's day counts
    (`rate_day`).
    """
    document_date = on if issuer.document_date == "release_date" else as_of
    tax_point = tax_day(issuer, document.service, document_date=document_date)
    changed = _tax_rate_changed(document, issuer, on=document_date)
    if changed is not None:
        return changed
    rates = tuple(rate for rate in rates if issuer.fx.source in ("", rate.source))
    day = rate_day(issuer, tax_point=tax_point, document_date=document_date)
    exchange = exchange_of(document, rates, on=day)
    converted = converted_tax(document, issuer, rates, exchange, on=day)
    if isinstance(converted, Check):
        return converted
    if exchange is None:
        return _rate_missing(document, document.home_currency, day)
    return replace(
        document,
        number=number,
        series=series,
        document_date=document_date,
        due_date=document_date + timedelta(days=document.payment_terms_days),
        tax_point=tax_point,
        converted_tax=converted,
        exchange_rate=exchange.rate,
        exchange_rate_on=exchange.on,
        exchange_rate_source=exchange.source,
    )


def rate_day(issuer: Issuer, *, tax_point: date, document_date: date) -> date:
    """The day whose exchange rate counts, as the issuer's `fx.date` says.

    Never after the document date: where the tax point is still to come, its rate does not exist yet.
    """
    match issuer.fx.date:
        case "document_date":
            return document_date
        case "month_fixed":
            return min(tax_point, document_date).replace(day=1)
        case "tax_point":
            return min(tax_point, document_date)


def _tax_rate_changed(document: Document, issuer: Issuer, *, on: date) -> Check | None:
    """Where the document date decides the rate, a draft that waited for longer than its rate held.

    What takes an earlier line back keeps that line's rate.
    """
    if tax_point_of(issuer, on=on) not in (None, "document_date"):
        return None
    for line in document.lines:
        percent = rate_of(issuer, line.tax_code, on=on) if line.tax_code else None
        if line.original is None and percent is not None and percent != line.tax_percent:
            return Check(
                "tax_rate_changed",
                f"Tax {line.tax_code} is {percent:f} % on {on}, the date of the {_named(document)};"
                f" it was computed with {line.tax_percent:f} %. The next bill computes it anew.",
            )
    return None


def converted_tax(
    document: Document, issuer: Issuer, rates: Iterable[FxRate], exchange: Exchange | None, *, on: date
) -> ConvertedTax | Check | None:
    """The tax in the issuer's tax currency where the document has another one, or the check `rate_missing`.

    The home currency takes the document's own rate. Tax of nothing, and what the ledger taxes, is converted
    by nobody.
    """
    currency = issuer.tax_currency or issuer.home_currency
    if currency == document.currency or not document.tax or document.tax_mode == "ledger":
        return None
    if currency != document.home_currency:
        wanted = (document.currency, currency, on)
        found = next((one for one in rates if (one.currency, one.home, one.on) == wanted), None)
        exchange = None if found is None else Exchange(Decimal(found.rate), on, found.source)
        if exchange is None:
            return _rate_missing(document, currency, on)
    if exchange is None:
        return None
    by_total = tuple(
        to_money(Fraction(one.tax.decimal) * Fraction(exchange.rate), currency, "half_up")
        for one in document.taxes
    )
    return ConvertedTax(total(by_total, currency), by_total, exchange.rate, exchange.on, exchange.source)


def exchange_of(document: Document, rates: Iterable[FxRate], *, on: date) -> Exchange | None:
    """The exchange rate a document is issued at, or None where the day has none."""
    if document.exchange_rate_on is not None:
        return Exchange(document.exchange_rate, document.exchange_rate_on, document.exchange_rate_source)
    if document.currency == document.home_currency:
        return Exchange(Decimal(1), None, "")
    for rate in rates:
        if (rate.currency, rate.home, rate.on) == (document.currency, document.home_currency, on):
            return Exchange(Decimal(rate.rate), on, rate.source)
    return None


def _rate_missing(document: Document, to_currency: str, on: date) -> Check:
    return Check(
        "rate_missing",
        f"There is no exchange rate from {document.currency} to {to_currency} on {on} for the"
        f" {_named(document)}. Add the rate of that day; it is released with the next run. No other day's"
        " rate is used.",
    )


def _named(document: Document) -> str:
    return f"{document.kind.replace('_', ' ')} to {document.bill_to.code}"
