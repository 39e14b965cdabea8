"""One value of a file, read exactly or refused: numbers, days, instants, words. Nothing is guessed.

Absent is: null, a blank text, and for dates the provider's own sentinels: the first day of year 1 ("no
date") and any day of year 9999 ("no end"). All times are UTC; a text without a zone is taken as UTC
(learn.microsoft.com/en-us/partner-center/create-a-new-subscription: all dates are UTC).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Literal

from connectors.sources.partner_center.imported import DateOrder

CellType = Literal["text", "texts", "number", "instant", "day", "last_day", "yes_no"]

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_ISO = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[Tt ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<part>[0-9]{1,9}))?)?"
    r"(?P<zone>[Zz]|[+-][0-9]{2}:[0-9]{2})?)?"
)
_SLASHED = re.compile(
    r"(?P<first>[0-9]{1,2})/(?P<second_>[0-9]{1,2})/(?P<year>[0-9]{1,4})"
    r"(?: (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?(?: ?(?P<half>[AaPp][Mm]))?)?"
)
_FIRST_YEAR, _LAST_YEAR = 1990, 2199
_SIZE_MAX = 40


class CellDamaged(ValueError):
    """The value cannot be what its column holds; the message is a sentence."""


def shown(value: object) -> str:
    """A value for a message: short, on one line, without control or invisible characters."""
    text = value if isinstance(value, str) else str(value)
    text = "".join(character if character.isprintable() else "?" for character in text[:81])
    return text if len(text) <= 80 else text[:79] + "…"


def read_cell(value: object, kind: CellType, *, date_order: DateOrder | None = None) -> object:
    """The value of a column of this type; None when absent ("" for text, () for texts).

    `date_order` is how 3/4/2021 is meant in this file; None refuses such dates (JSON has none).
    Raises `CellDamaged`.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return _ABSENT.get(kind)
    if kind in ("instant", "day", "last_day"):
        return _date_cell(value, kind, date_order=date_order)
    return _READERS[kind](value)


_ABSENT: Mapping[CellType, object] = {"text": "", "texts": ()}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, Decimal)):
        return str(value).strip()
    raise CellDamaged("is a list or an object where a text belongs")


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(_text(part) for part in value if part is not None)
    return (_text(value),)


def _number(value: object) -> Decimal:
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _SIZE_MAX + 10 or not _NUMBER.fullmatch(text):
            raise CellDamaged("is not a number written with a point and without thousands separators")
        value = Decimal(text)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise CellDamaged("is not a number")
    number = Decimal(value)
    if number and (len(number.as_tuple().digits) > _SIZE_MAX or abs(number.adjusted()) > _SIZE_MAX):
        raise CellDamaged("is no business figure: too many digits")
    return number if number else Decimal(0)


def _yes_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise CellDamaged("is neither true nor false")


_READERS: Mapping[CellType, Callable[[object], object]] = {
    "text": _text,
    "texts": _texts,
    "number": _number,
    "yes_no": _yes_no,
}


def _date_cell(value: object, kind: CellType, *, date_order: DateOrder | None) -> datetime | date | None:
    """An instant in UTC, its UTC day, or the day after it (`last_day`: the file's end is inclusive)."""
    if not isinstance(value, str):
        raise CellDamaged("is not a date written as text")
    instant = _instant(value.strip(), date_order)
    if instant is None or kind == "instant":
        return instant
    return instant.date() + timedelta(days=1 if kind == "last_day" else 0)


def _instant(text: str, date_order: DateOrder | None) -> datetime | None:
    if found := _ISO.fullmatch(text):
        year, month, day = int(found["year"]), int(found["month"]), int(found["day"])
    elif found := _SLASHED.fullmatch(text):
        year, month, day = _slashed_day(found, date_order)
    else:
        raise CellDamaged("is a damaged date: it must be like 2021-01-14T16:57:15Z, and we do not guess")
    if (year, month, day) == (1, 1, 1) or year == 9999:
        return None
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise CellDamaged(f"is a date outside the years {_FIRST_YEAR} to {_LAST_YEAR}")
    parts = found.groupdict()
    try:
        local = datetime(
            year,
            month,
            day,
            _hour(parts),
            int(parts["minute"] or 0),
            int(parts["second"] or 0),
            int((parts.get("part") or "0").ljust(6, "0")[:6]),
            tzinfo=_zone(parts.get("zone")),
        )
    except ValueError:
        raise CellDamaged("is not a day and time of the calendar") from None
    return local.astimezone(UTC)


def _slashed_day(found: re.Match[str], date_order: DateOrder | None) -> tuple[int, int, int]:
    first, second, year = int(found["first"]), int(found["second_"]), int(found["year"])
    if (first, second, year) == (1, 1, 1):
        return 1, 1, 1
    if len(found["year"]) != 4:
        raise CellDamaged("is a date whose year has not four digits")
    if date_order is None:
        raise CellDamaged("is a date whose order of day and month nobody stated")
    month, day = (first, second) if date_order == "mdy" else (second, first)
    if month > 12:
        raise CellDamaged(
            f"is no {'month/day' if date_order == 'mdy' else 'day/month'} date; if the file has them"
            f" the other way round, state the date order {'dmy' if date_order == 'mdy' else 'mdy'}"
        )
    return year, month, day


def _hour(parts: Mapping[str, str | None]) -> int:
    hour, half = int(parts["hour"] or 0), (parts.get("half") or "").lower()
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(f"{hour} is no hour of a clock of twelve")
    return hour % 12 + (12 if half == "pm" else 0)


def _zone(text: str | None) -> timezone:
    if not text or text in "Zz":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
