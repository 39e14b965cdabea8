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
    """What the law of a country says from a day on: the rule in our words, and where it can be read.

    `source` is a public page that was read; it is no tax advice.
    """

    country: str
    from_: date
    point: TaxPoint
    rule: str
    source: str


TABLE: tuple[TaxPointRow, ...] = (
    TaxPointRow(
        "GB",
        date(1995, 10, 20),
        "document_date",
        "VAT Regulations 1995, reg. 90: services for a period at periodic prices are supplied when the VAT"
        " invoice is issued or payment received, whichever is earlier; they have no basic tax point. (After"
        " a change of rate s. 88 lets the seller choose the rate of the service instead: VATTOS7210.)",
        "https://gov.uk/hmrc-internal-manuals/vat-time-of-supply/vattos9155",
    ),
    TaxPointRow(
        "DE",
        date(1980, 1, 1),
        "service_end",
        "UStG s. 27(1) with s. 13(1) no. 1 a: the rate of the day on which the service, or the agreed part"
        " of it, is done counts, also for what was paid or billed in advance (BMF of 30 June 2020,"
        " III C 2 - S 7030/20/10009, nos. 2 to 4)",
        "https://datenbank.nwb.de/Dokument/Anzeigen/827822/",
    ),
    TaxPointRow(
        "AT",
        date(1995, 1, 1),
        "service_end",
        "UStG 1994 s. 19(2) no. 1 a: the tax arises with the end of the month in which the service is done,"
        " which is when it is completed; an invoice a month later moves the month, not the rate",
        "https://www.ris.bka.gv.at/eli/bgbl/1994/663/P19/NOR40025069",
    ),
    TaxPointRow(
        "US",
        date(1900, 1, 1),
        "document_date",
        "No federal law. Where a period straddles a change, a decrease counts for bills rendered after it, an"
        " increase for the first billing period that begins after it (Ohio, Oklahoma, Nebraska and others"
        " alike). An invoice of the period's first day satisfies both; who bills further ahead sets"
        " service_from",
        "https://codes.ohio.gov/ohio-administrative-code/rule-5703-9-53",
    ),
    TaxPointRow(
        "AU",
        date(2000, 7, 1),
        "document_date",
        "GST Act 1999, s. 29-5: the period in which the invoice is issued or payment received, whichever is"
        " earlier; by s. 156-5 each part of a periodic supply is a supply of its own",
        "http://classic.austlii.edu.au/au/legis/cth/consol_act/antsasta1999402/s156.5.html",
    ),
    TaxPointRow(
        "NZ",
        date(1986, 10, 1),
        "document_date",
        "GST Act 1985, s. 9(1): the earlier of invoice and payment. Periodic payments under an agreement"
        " count by s. 9(3)(a) when they become due or are received; where that is not the invoice's day, the"
        " issuer says so",
        "http://www.legislation.govt.nz/act/public/1985/0141/latest/DLM82419.html",
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
