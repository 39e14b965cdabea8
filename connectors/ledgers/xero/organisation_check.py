"""Whether an organisation's settings let us keep our promise (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from connectors.ledgers.xero import echo
from connectors.ledgers.xero.echo import Entity
from connectors.ledgers.xero.organisation import Organisation


def problems_of(
    told: Entity, currencies: Sequence[str], *, organisation: Organisation, today: date
) -> tuple[str, ...]:
    """Plain sentences on what is wrong, each with what to do; () when the book can be used."""
    return tuple(_problems(told, currencies, organisation, today))


def _problems(
    told: Entity, currencies: Sequence[str], organisation: Organisation, today: date
) -> Iterator[str]:
    base = echo.text_of(told, "BaseCurrency")
    if base != organisation.home_currency:
        home = organisation.home_currency
        yield f"The base currency there is {base}, the book {organisation.book} says {home}."
    status = echo.text_of(told, "OrganisationStatus")
    if status not in ("", "ACTIVE"):
        yield f"The organisation is {status.lower()} there: its owner has to make it active."
    if organisation.needs_multicurrency and len(currencies) < 2:
        yield "Documents are in several currencies but Xero uses one: add the others (Settings, Currencies)."
    closed = closed_until(told)
    if closed is not None and closed >= today:
        yield f"The books are locked until {closed}: documents dated up to then would be refused."


def closed_until(told: Entity) -> date | None:
    """The last locked day, or None. There are two lock dates; the later one counts."""
    days = (echo.day_of(told.get(name)) for name in ("PeriodLockDate", "EndOfYearLockDate"))
    return max((day for day in days if day is not None), default=None)
