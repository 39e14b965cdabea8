"""Dates and instants as Xero writes and reads them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_MS = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(instant: datetime) -> str:
    """An instant: /Date(1552327126117+0000)/."""
    milliseconds = (instant - _EPOCH) // timedelta(milliseconds=1)
    return f"/Date({milliseconds}+0000)/"


def day_stamp(day: date) -> str:
    """A date: midnight UTC of the day."""
    return stamp(datetime(day.year, day.month, day.day, tzinfo=UTC))


def day_in(told: object) -> date | None:
    """A date in a request or record, None when it is none."""
    text = str(told or "")
    found = _MS.fullmatch(text)
    if found:
        return (_EPOCH + timedelta(milliseconds=int(found[1]))).date()
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
