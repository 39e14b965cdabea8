"""Whether a company's settings let us keep our promise (pure; qbo.md sections 0 and 6.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from connectors.ledgers.quickbooks.company import Company

_US_NAMES = frozenset({"US", "USA"})


def problems_of(
    info: Mapping[str, Any], preferences: Mapping[str, Any], *, company: Company, today: date
) -> tuple[str, ...]:
    """Plain sentences on what is wrong, each with what to do; () when the book can be used."""
    return tuple(_problems(info, preferences, company, today))


def _problems(
    info: Mapping[str, Any], preferences: Mapping[str, Any], company: Company, today: date
) -> Iterator[str]:
    sales = preferences.get("SalesFormsPrefs") or {}
    if sales.get("CustomTxnNumbers") is not True:
        yield (
            "QuickBooks numbers documents by itself: switch on 'Custom transaction numbers' "
            "(Account and settings, Sales), else our numbers are not kept."
        )
    currencies = preferences.get("CurrencyPrefs") or {}
    home = (currencies.get("HomeCurrency") or {}).get("value")
    if home != company.home_currency:
        yield f"The home currency there is {home}, the book {company.book} says {company.home_currency}."
    if company.needs_multicurrency and currencies.get("MultiCurrencyEnabled") is not True:
        yield "Documents are in several currencies but 'Multicurrency' is off in QuickBooks: switch it on."
    country = str(info.get("Country") or "")
    if country and (country.upper() in _US_NAMES) != company.is_us:
        yield f"The company is in {country}, the book's setting country says {company.country}."
    closed = closing_date(preferences)
    told = (preferences.get("AccountingInfoPrefs") or {}).get("BookCloseDate")
    if told and closed is None:
        yield "QuickBooks tells a closing date that we cannot read: look it up there before you release."
    if closed is not None and closed >= today:
        yield f"The books are closed until {closed}: documents dated up to then would be refused."


def closing_date(preferences: Mapping[str, Any]) -> date | None:
    """The last closed day, or None."""
    told = (preferences.get("AccountingInfoPrefs") or {}).get("BookCloseDate")
    try:
        return date.fromisoformat(str(told)[:10]) if told else None
    except ValueError:
        return None
