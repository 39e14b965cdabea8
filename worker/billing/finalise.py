"""Release decides what a draft cannot know: number, dates and the exchange rate of the day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from mappings.canonical.document import Document
from mappings.canonical.party import FxRate, Issuer
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
    """The document as it is frozen, or the check `rate_missing`.

    `on` is the day of release in the issuer's zone. The tax point is the document date. A credit note that
    brought its original's exchange rate keeps it; otherwise the rate of exactly the tax point counts.
    """
    document_date = on if issuer.document_date == "release_date" else as_of
    exchange = exchange_of(document, rates, on=document_date)
    if exchange is None:
        return Check(
            "rate_missing",
            f"There is no exchange rate from {document.currency} to {document.home_currency} on"
            f" {document_date} for"
            f" the {document.kind.replace('_', ' ')} to {document.bill_to.code}. Add the rate of"
            " that day; it is"
            " released with the next run. No other day's rate is used.",
        )
    return replace(
        document,
        number=number,
        series=series,
        document_date=document_date,
        due_date=document_date + timedelta(days=document.payment_terms_days),
        tax_point=document_date,
        exchange_rate=exchange.rate,
        exchange_rate_on=exchange.on,
        exchange_rate_source=exchange.source,
    )


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
