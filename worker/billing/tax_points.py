"""Tax points by issuer country: dated rows of data, each with its source (billing rules, "Tax").

A change of law is a new row. Where the table has no row the document date counts, and the run says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from mappings.canonical.party import Issuer, TaxPoint
from mappings.canonical.period import Period
from worker.billing.values import Notice


@dataclass(frozen=True, slots=True)
class TaxPointRow:
    """What the law of a country says from a day on."""

    country: str
    from_: date
    point: TaxPoint
    source: str


TABLE: tuple[TaxPointRow, ...] = (
    TaxPointRow(
        "GB",
        date(1994, 9, 1),
        "document_date",
        "Value Added Tax Act 1994, s. 6(4): an invoice issued before the service is done is the tax point",
    ),
    TaxPointRow(
        "DE",
        date(1980, 1, 1),
        "service_end",
        "UStG s. 27(1) with s. 13(1) no. 1 a: the rate of the day on which the (part of the) service is done,"
        " also for what was billed in advance",
    ),
    TaxPointRow(
        "AT",
        date(1995, 1, 1),
        "service_end",
        "UStG 1994 s. 19(2) no. 1 a: the tax arises with the end of the month in which the service is done",
    ),
    TaxPointRow(
        "US",
        date(1900, 1, 1),
        "document_date",
        "sales taxes of the states fall due with the sale as invoiced; there is no tax point of its own",
    ),
    TaxPointRow(
        "AU",
        date(2000, 7, 1),
        "document_date",
        "A New Tax System (Goods and Services Tax) Act 1999, s. 29-5: the earlier of invoice and payment",
    ),
    TaxPointRow(
        "NZ",
        date(1986, 10, 1),
        "document_date",
        "Goods and Services Tax Act 1985, s. 9(1): the earlier of invoice and payment",
    ),
)


def tax_point_of(issuer: Issuer, *, on: date) -> TaxPoint | None:
    """The issuer's own word, else the newest row of its country on a day, or None where there is none."""
    if issuer.tax_point:
        return issuer.tax_point
    return _point_in(issuer.country, on)


@lru_cache(maxsize=4096)
def _point_in(country: str, on: date) -> TaxPoint | None:
    rows = (row for row in TABLE if row.country == country and row.from_ <= on)
    newest = max(rows, key=lambda row: row.from_, default=None)
    return None if newest is None else newest.point


def tax_day(issuer: Issuer, service: Period, *, document_date: date) -> date:
    """The day whose tax rate counts for a service."""
    match tax_point_of(issuer, on=document_date):
        case "service_from":
            return service.start
        case "service_end":
            return service.last_day if service.days else service.start
        case _:
            return document_date


def tax_point_notice(issuer: Issuer, *, on: date) -> Notice | None:
    """What the run says of an issuer whose country has no row."""
    if tax_point_of(issuer, on=on) is not None:
        return None
    return Notice(
        "tax_point_assumed",
        f"The table of tax points has no row for {issuer.country}: issuer {issuer.code} takes the tax rate of"
        " the document date. Set tax_point of the issuer to what its law says; document_date confirms it.",
    )
