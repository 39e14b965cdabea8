"""Checks of single values: codes, names, numbers, days, currencies, countries, addresses for mail."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.sources.workspace_file.checks.countries import COUNTRIES, INSTEAD
from connectors.sources.workspace_file.finding import Path, Problem, path_text, shown
from mappings.canonical.money import UnknownCurrency, minor_digits, parse_money
from mappings.canonical.period import duration_months

DECIMALS_MAX = 12
QUANTITY_MAX = Decimal(999_999_999)
PRICE_MAX = Decimal(999_999_999)
USAGE_MAX = Decimal(10) ** 15
EMAILS_MAX = 20

_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@[^\s@,;:<>()\[\]\\\"]+\.[^\s@,;:<>()\[\]\\\".]{2,}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_UNSEEN = frozenset(("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"))
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def folded(code: str) -> str:
    """A code without what the eye does not tell apart: case, Unicode form, blanks, invisible characters."""
    if code.isascii() and code.isprintable() and " " not in code:
        return code.casefold()
    seen = (
        char for char in unicodedata.normalize("NFKC", code) if not _is_unseen(char) and not char.isspace()
    )
    return "".join(seen).casefold()


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in _UNSEEN


def code_problems(path: Path, code: str) -> Iterator[Problem]:
    """A code must be one line without blanks at its ends and without characters nobody can see."""
    if code.isascii() and code.isprintable() and code == code.strip():
        return
    bad = next((char for char in code if _is_unseen(char) or (char.isspace() and char != " ")), None)
    if bad is not None:
        yield Problem(
            path,
            f"the code {shown(code)} holds the invisible character U+{ord(bad):04X}.",
            "Type the code anew.",
        )
    elif code != code.strip():
        yield Problem(path, f"the code {shown(code)} begins or ends with a blank.", "Remove the blank.")


def duplicate_problems(what: str, codes: Iterable[tuple[Path, str]]) -> Iterator[Problem]:
    """Codes that are there twice, also when they only look the same."""
    first: dict[str, tuple[Path, str]] = {}
    for path, code in codes:
        earlier_path, earlier = first.setdefault(folded(code), (path, code))
        if earlier_path == path:
            continue
        place = path_text(earlier_path)
        if earlier == code:
            yield Problem(path, f"the {what} {shown(code)} is already at {place}.", "Give each its own.")
        else:
            yield Problem(
                path,
                f"the {what} {shown(code)} looks the same as {shown(earlier)} at {place}.",
                "They differ only by case, blanks or invisible characters: use one, or rename one.",
            )


def name_problems(path: Path, name: str) -> Iterator[Problem]:
    """A printed name: one line, not blank, nothing that turns the direction of text around."""
    if name.isascii() and name.isprintable() and name.strip():
        return
    bad = next((char for char in name if char in _BIDI or unicodedata.category(char) == "Cc"), None)
    if not name.strip():
        yield Problem(path, "the name is blank.", "Write the name.")
    elif bad is not None:
        yield Problem(
            path, f"the name holds the character U+{ord(bad):04X}.", "Write it on one line, as plain text."
        )


def number_problems(
    path: Path, text: str | None, what: str, *, low: Decimal | int = 0, high: Decimal | int = PRICE_MAX
) -> Iterator[Problem]:
    """A decimal within its bounds (both included) and with at most 12 decimals."""
    if text is None:
        return
    value = Decimal(text)
    if text.startswith("-") and value == 0:
        yield Problem(path, f"the {what} {text} is not a number people use.", "Write 0.")
    elif value < low:
        rule = "cannot be negative" if low == 0 else f"must be at least {low}"
        yield Problem(path, f"the {what} is {text}; it {rule}.", "Correct the number.")
    elif value > high:
        yield Problem(
            path, f"the {what} is {shown(text)}; more than {high:,} is not believed.", "Correct the number."
        )
    elif len(text.partition(".")[2]) > DECIMALS_MAX:
        yield Problem(path, f"the {what} {shown(text)} has more than {DECIMALS_MAX} decimals.", "Shorten it.")


def above_zero_problems(path: Path, text: str, what: str) -> Iterator[Problem]:
    """A decimal that must be more than 0."""
    if Decimal(text) <= 0:
        yield Problem(path, f"the {what} is {text}; it must be more than 0.", "Correct the number.")
    else:
        yield from number_problems(path, text, what)


def amount_problems(path: Path, text: str, currencies: Iterable[str]) -> Iterator[Problem]:
    """Money has no more decimals than its currency; a code that is none is told where it stands."""
    for currency in sorted(currencies):
        try:
            parse_money(text, currency)
        except UnknownCurrency:
            continue
        except ValueError:
            yield Problem(path, f"{text} is not an amount of {currency}.", "It has too many decimals.")


def days_problems(path: Path, *days: date | None) -> Iterator[Problem]:
    """Days that no contract of ours can have."""
    for day in days:
        if day is not None and not _FIRST_DAY <= day <= _LAST_DAY:
            yield Problem(
                path, f"the day {day} is not believed.", f"Use a day from {_FIRST_DAY} to {_LAST_DAY}."
            )


def span_problems(path: Path, from_: date | None, until: date | None) -> Iterator[Problem]:
    """`until` is the first day that no longer belongs, so it must come after `from`."""
    yield from days_problems(path, from_, until)
    if from_ is not None and until is not None and until <= from_:
        yield Problem(
            (*path, "until"),
            f"it ends ({until}) before or on the day it begins ({from_}).",
            "`until` is the first day that no longer belongs; correct one of the two.",
        )


def currency_problems(path: Path, currency: str) -> Iterator[Problem]:
    try:
        minor_digits(currency)
    except UnknownCurrency:
        capitals = currency.upper()
        hint = "Write a code of ISO 4217 that is in use, as in EUR or USD."
        if capitals != currency and not list(currency_problems(path, capitals)):
            hint = f"Write {capitals}."
        yield Problem(path, f"{shown(currency)} is not a currency we can bill in.", hint)


def country_problems(path: Path, country: str, *, also: frozenset[str] = frozenset()) -> Iterator[Problem]:
    if country and country not in COUNTRIES and country not in also:
        better = country.upper() if country.upper() in COUNTRIES else INSTEAD.get(country.upper())
        hint = f"Write {better}." if better else "Write the two capital letters of ISO 3166, as in DE or US."
        yield Problem(path, f"{shown(country)} is not a country code.", hint)


def timezone_problems(path: Path, name: str) -> Iterator[Problem]:
    """A zone by city: abbreviations such as EST know no summer time."""
    if name == "UTC":
        return
    try:
        is_known = "/" in name and ZoneInfo(name).key == name
    except (KeyError, ValueError, OSError):
        is_known = False
    if not is_known or name.startswith("Etc/"):
        yield Problem(
            path,
            f"{shown(name)} is not a time zone we know.",
            "Write it by city, as in Europe/Berlin, or UTC.",
        )


def language_problems(path: Path, language: str) -> Iterator[Problem]:
    if _LANGUAGE.fullmatch(language) is None:
        yield Problem(path, f"{shown(language)} is not a language code.", "Write it as in en, de or pt-BR.")


def term_problems(path: Path, term: str) -> Iterator[Problem]:
    try:
        duration_months(term)
    except ValueError:
        yield Problem(path, f"{shown(term)} is not a term.", "Write whole months or years: P1M, P1Y, P3Y.")


def email_problems(path: Path, emails: tuple[str, ...]) -> Iterator[Problem]:
    """Addresses that are no addresses, among them those that would add headers to a mail."""
    if len(emails) > EMAILS_MAX:
        yield Problem(
            path, f"there are {len(emails)} addresses; at most {EMAILS_MAX} are used.", "Shorten the list."
        )
    for position, email in enumerate(emails):
        if _EMAIL.fullmatch(email) is None or len(email) > 254:
            yield Problem(
                (*path, position),
                f"{shown(email)} is not an e-mail address.",
                "Write one plain address per item.",
            )
