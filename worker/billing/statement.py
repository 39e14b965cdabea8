"""A consolidated statement: several legal documents of one group summed up in one reporting currency.

It is a summary, no document: it has no tax number of its own and changes nothing (csp_billing B6). Every
amount keeps the rate, its day and source that led to the reporting currency; a missing rate is said, never
guessed, never made of two others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from mappings.canonical.document import Document, DocumentKind
from mappings.canonical.money import Money, to_money, total
from mappings.canonical.party import FxRate
from worker.billing.values import Check, Exchange

RateDate = Literal["statement_date", "document_date"]


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """One legal document. Amounts of a credit note are negative; `reported` is the gross converted."""

    number: str
    kind: DocumentKind
    issuer: str
    bill_to: str
    document_date: date
    due_date: date | None
    net: Money
    tax: Money
    gross: Money
    exchange: Exchange
    reported: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """What a group was billed, by document; `total` is the sum of the entries' reported amounts.

    `by_currency` are the gross amounts of each document currency, unconverted.
    """

    group: str
    on: date
    currency: str
    rate_date: RateDate
    entries: tuple[StatementEntry, ...]
    by_currency: tuple[Money, ...]
    total: Money


def statement(
    documents: Iterable[Document],
    *,
    group: str,
    currency: str,
    on: date,
    rates: Iterable[FxRate],
    rate_date: RateDate = "statement_date",
) -> Statement | tuple[Check, ...]:
    """The statement of released documents as of a day, or every `rate_missing` at once.

    Entries stand by issuer, date and number, whatever the order they came in. Raises `ValueError` for a
    document without a number: a draft is nothing that was billed.
    """
    rates = tuple(rates)
    entries: list[StatementEntry] = []
    missing: dict[tuple[str, date], Check] = {}
    for document in documents:
        if document.document_date is None or not document.number:
            raise ValueError(f"document {document.ref} is not released: a statement lists released documents")
        day = on if rate_date == "statement_date" else document.document_date
        exchange = _exchange(document, currency, day, rates, rate_date)
        if exchange is None:
            missing[document.currency, day] = _rate_missing(document.currency, currency, day, group)
        else:
            entries.append(_entry(document, document.document_date, exchange, currency))
    if missing:
        return tuple(missing[key] for key in sorted(missing))
    entries.sort(key=lambda entry: (entry.issuer, entry.document_date, entry.number))
    return Statement(
        group=group,
        on=on,
        currency=currency,
        rate_date=rate_date,
        entries=tuple(entries),
        by_currency=tuple(
            total((entry.gross for entry in entries if entry.gross.currency == each), each)
            for each in sorted({entry.gross.currency for entry in entries})
        ),
        total=total((entry.reported for entry in entries), currency),
    )


def _entry(document: Document, issued_on: date, exchange: Exchange, currency: str) -> StatementEntry:
    sign = -1 if document.kind == "credit_note" else 1
    net, tax, gross = (
        Money(sign * amount.minor, amount.currency) for amount in (document.net, document.tax, document.gross)
    )
    return StatementEntry(
        number=document.number,
        kind=document.kind,
        issuer=document.issuer.code,
        bill_to=document.bill_to.code,
        document_date=issued_on,
        due_date=document.due_date,
        net=net,
        tax=tax,
        gross=gross,
        exchange=exchange,
        reported=to_money(Fraction(gross.decimal) * Fraction(exchange.rate), currency, "half_up"),
    )


def _exchange(
    document: Document, currency: str, day: date, rates: tuple[FxRate, ...], rate_date: RateDate
) -> Exchange | None:
    """The rate of exactly the day; by document date the document's own frozen rate where it fits."""
    if document.currency == currency:
        return Exchange(Decimal(1), None, "")
    if rate_date == "document_date" and document.home_currency == currency and document.exchange_rate_on:
        return Exchange(document.exchange_rate, document.exchange_rate_on, document.exchange_rate_source)
    for rate in rates:
        if (rate.currency, rate.home, rate.on) == (document.currency, currency, day):
            return Exchange(Decimal(rate.rate), day, rate.source)
    return None


def _rate_missing(currency: str, reporting: str, day: date, group: str) -> Check:
    return Check(
        "rate_missing",
        f"The statement of {group} cannot be summed up in {reporting}: there is no exchange rate from"
        f" {currency} on {day}. Add the rate of that day; no other day's rate is used, none is made of two.",
    )
