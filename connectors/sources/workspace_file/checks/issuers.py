"""Issuers: legal data, bank accounts, tax codes and number series."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import combinations

import msgspec

from connectors.sources.workspace_file.checks.countries import TAX_IDS, TAX_PREFIXES
from connectors.sources.workspace_file.checks.index import Index, reference, shares_days
from connectors.sources.workspace_file.checks.words import (
    code_problems,
    country_problems,
    currency_problems,
    duplicate_problems,
    language_problems,
    name_problems,
    number_problems,
    span_problems,
    timezone_problems,
)
from connectors.sources.workspace_file.finding import Path, Problem, shown
from connectors.sources.workspace_file.schema import WorkspaceFile
from connectors.sources.workspace_file.schema_parties import (
    AddressEntry,
    BankAccountEntry,
    IssuerEntry,
    RegistrationEntry,
    SeriesEntry,
)
from mappings.canonical.party import Series
from mappings.numbering import PatternRefused, render

NUMBER_LENGTH_MAX = 21
"""The shortest limit of the ledgers for a document number (QuickBooks Online: DocNumber)."""

TERMS_DAYS_MAX = 366
_NUMBER_EXPECTED = 999_999
_PRINTABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/#-]*")


def issuer_problems(file: WorkspaceFile, index: Index) -> Iterator[Problem]:
    """Everything wrong with the section `issuers`."""
    for position, issuer in enumerate(file.issuers):
        path = ("issuers", position)
        yield from code_problems((*path, "code"), issuer.code)
        yield from name_problems((*path, "name"), issuer.name)
        yield from name_problems((*path, "legal_name"), issuer.legal_name)
        yield from country_problems((*path, "country"), issuer.country)
        if not issuer.country:
            what = f"issuer {issuer.code} has no country, which decides how it is taxed."
            yield Problem((*path, "country"), what, "Write the two capital letters of ISO 3166, as in DE.")
        yield from currency_problems((*path, "home_currency"), issuer.home_currency)
        yield from timezone_problems((*path, "timezone"), issuer.timezone)
        yield from language_problems((*path, "language"), issuer.language)
        yield from terms_problems((*path, "payment_terms_days"), issuer.payment_terms_days)
        yield from address_problems((*path, "address"), issuer.address)
        yield from registration_problems((*path, "registrations"), issuer.registrations)
        for number, account in enumerate(issuer.bank_accounts):
            yield from _bank_problems((*path, "bank_accounts", number), account)
        yield from _tax_rate_problems(path, issuer)
        yield from _series_problems(path, issuer, index)
        yield from _legal_data_warnings(path, issuer)


def terms_problems(path: Path, days: int | None) -> Iterator[Problem]:
    if days is not None and not 0 <= days <= TERMS_DAYS_MAX:
        yield Problem(path, f"{days} days to pay are not believed.", f"Write 0 to {TERMS_DAYS_MAX}.")


def address_problems(path: Path, address: AddressEntry) -> Iterator[Problem]:
    yield from country_problems((*path, "country"), address.country)


def registration_problems(path: Path, registrations: tuple[RegistrationEntry, ...]) -> Iterator[Problem]:
    """Tax ids: the country must exist; an unusual shape is only a warning, for we do not know every form."""
    for position, given in enumerate(registrations):
        here = (*path, position)
        yield from country_problems((*here, "country"), given.country, also=TAX_PREFIXES)
        yield from span_problems(here, given.from_, given.until)
        shape = TAX_IDS.get(given.country)
        plain = re.sub(r"[\s.\-/]", "", given.id)
        if not plain:
            yield Problem((*here, "id"), "the tax id is blank.", "Write the id, or remove the entry.")
        elif shape is not None and shape.fullmatch(plain.upper()) is None:
            yield Problem(
                (*here, "id"),
                f"{shown(given.id)} does not look like a tax id of {given.country}.",
                "Check it against the certificate.",
                is_warning=True,
            )


def _bank_problems(path: Path, account: BankAccountEntry) -> Iterator[Problem]:
    yield from currency_problems((*path, "currency"), account.currency)
    iban = account.iban.replace(" ", "").upper()
    if iban and not _is_iban(iban):
        yield Problem(
            (*path, "iban"), f"{shown(account.iban)} is not an IBAN.", "Compare it with a bank statement."
        )
    if not iban and not account.number:
        yield Problem(path, "the bank account has neither `iban` nor `number`.", "Write one of them.")


def _is_iban(iban: str) -> bool:
    """ISO 13616: the first four characters go to the end, letters become numbers, remainder of 97 is 1."""
    if re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", iban) is None:
        return False
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1


def _tax_rate_problems(path: Path, issuer: IssuerEntry) -> Iterator[Problem]:
    for position, rate in enumerate(issuer.tax_rates):
        here = (*path, "tax_rates", position)
        yield from code_problems((*here, "code"), rate.code)
        yield from number_problems((*here, "percent"), rate.percent, "rate", high=100)
        yield from span_problems(here, rate.from_, rate.until)
    for (_, one), (position, other) in combinations(enumerate(issuer.tax_rates), 2):
        if one.code == other.code and shares_days((one.from_, one.until), (other.from_, other.until)):
            yield Problem(
                (*path, "tax_rates", position),
                f"tax code {one.code} has two rates at once, {one.percent} and {other.percent} percent.",
                "End the earlier rate with `until` on the day the later one begins with `from`.",
            )
    codes = {rate.code for rate in issuer.tax_rates}
    what = f"tax code of issuer {issuer.code}"
    for key in ("domestic_tax_code", "export_tax_code", "reverse_charge_tax_code", "exempt_tax_code"):
        yield from reference((*path, key), what, getattr(issuer, key), codes)
    for position, rule in enumerate(issuer.tax_rules):
        here = (*path, "tax_rules", position)
        yield from reference((*here, "code"), what, rule.code, codes)
        yield from span_problems(here, rule.from_, rule.until)
        for at, country in enumerate(rule.countries):
            yield from country_problems((*here, "countries", at), country, also=frozenset({"EU"}))
    if issuer.tax_currency:
        yield from currency_problems((*path, "tax_currency"), issuer.tax_currency)


def _series_problems(path: Path, issuer: IssuerEntry, index: Index) -> Iterator[Problem]:
    here = (*path, "series")
    yield from duplicate_problems(
        "series", (((*here, position, "code"), series.code) for position, series in enumerate(issuer.series))
    )
    for position, series in enumerate(issuer.series):
        yield from code_problems((*here, position, "code"), series.code)
        yield from _pattern_problems((*here, position, "pattern"), series)
        yield from reference((*here, position, "book"), "book", series.book, index.books)
        book = index.books.get(series.book)
        if book is not None and book.issuer != issuer.code:
            yield Problem(
                (*here, position, "book"),
                f"book {series.book} belongs to issuer {book.issuer}, not to {issuer.code}.",
                "Name a book of this issuer.",
            )
    for (_, one), (position, other) in combinations(enumerate(issuer.series), 2):
        if one.pattern == other.pattern and one.code != other.code:
            yield Problem(
                (*here, position, "pattern"),
                f"series {one.code} and {other.code} would give the same numbers.",
                "Give each series its own letters.",
            )
    yield from _missing_series(here, issuer, index)


def _missing_series(path: Path, issuer: IssuerEntry, index: Index) -> Iterator[Problem]:
    for book in (book for book in index.books.values() if book.issuer == issuer.code):
        for kind in ("invoice", "credit_note"):
            if not any(series.kind == kind and series.book in ("", book.code) for series in issuer.series):
                yield Problem(
                    path,
                    f"issuer {issuer.code} has no number series of kind {kind} for book {book.code}.",
                    "Such documents are held until you add one.",
                    is_warning=True,
                )


def _pattern_problems(path: Path, entry: SeriesEntry) -> Iterator[Problem]:
    """A pattern that numbering takes, shown by the longest number we expect of it."""
    series: Series = msgspec.convert(entry, Series, from_attributes=True)
    try:
        sample = render(series, max(series.first_number, _NUMBER_EXPECTED), on=date(2026, 12, 31))
    except PatternRefused as refused:
        yield Problem(path, f"{refused}.", "Write it as in INV-{year}-{n:05}.")
        return
    if _PRINTABLE.fullmatch(sample) is None:
        yield Problem(
            path,
            f"series {series.code} gives numbers such as {shown(sample)}, which a ledger refuses.",
            "Use letters, digits and - . / _ #, beginning with a letter or digit.",
        )
    if len(sample) > NUMBER_LENGTH_MAX:
        yield Problem(
            path,
            f"series {series.code} gives numbers of {len(sample)} characters, such as {sample}.",
            f"Ledgers take {NUMBER_LENGTH_MAX}; shorten the pattern.",
        )


def _legal_data_warnings(path: Path, issuer: IssuerEntry) -> Iterator[Problem]:
    """What art. 226 of the EU VAT directive and most others ask of the seller's side of an invoice."""
    missing = [key for key in ("line1", "city", "country") if not getattr(issuer.address, key)]
    if missing:
        yield Problem(
            (*path, "address"),
            f"the address of issuer {issuer.code} has no {', '.join(missing)}.",
            "An invoice must print the full address.",
            is_warning=True,
        )
    if not issuer.registrations:
        yield Problem(
            (*path, "registrations"),
            f"issuer {issuer.code} has no tax registration.",
            "Most countries ask for the tax id on an invoice.",
            is_warning=True,
        )
