"""Half-open periods of calendar days, and the grid of boundaries a contract or term lives on."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from mappings.lean import lean


@lean
@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from `start` (included) until `until` (excluded)."""

    start: date
    until: date

    def __post_init__(self) -> None:
        if self.until < self.start:
            raise ValueError(f"a period cannot end ({self.until}) before it starts ({self.start})")

    @property
    def days(self) -> int:
        """Number of days, 0 for an empty period."""
        return (self.until - self.start).days

    @property
    def last_day(self) -> date:
        """The last day that belongs to the period."""
        return self.until - timedelta(days=1)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.until

    def cut(self, other: Period) -> Period | None:
        """The days both periods share, or None."""
        start, until = max(self.start, other.start), min(self.until, other.until)
        return Period(start, until) if start < until else None

    def __str__(self) -> str:
        return f"{self.start}..{self.last_day}" if self.days else f"empty at {self.start}"


_DURATION = re.compile(r"P(?:(?P<years>\d{1,2})Y)?(?:(?P<months>\d{1,3})M)?")


@lru_cache(maxsize=512)
def duration_months(text: str) -> int:
    """Whole months of an ISO 8601 duration such as P1M, P1Y, P3Y; raises ValueError for others."""
    found = _DURATION.fullmatch(text)
    months = 0
    if found is not None:
        months = 12 * int(found["years"] or 0) + int(found["months"] or 0)
    if months == 0:
        raise ValueError(f"{text!r} is not a term of whole months or years, as in P1M, P1Y, P3Y")
    return months


def add_months(anchor: date, months: int) -> date:
    """The day `months` after the anchor, on its original day, clamped to that month's end.

    Always counted from the original anchor (31 Jan -> 28 Feb -> 31 Mar), never from the boundary
    before, which would lose the day (billing rules, "Runs and dates").
    """
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(anchor.day, calendar.monthrange(year, month + 1)[1]))


def months_between(anchor: date, day: date, step: int) -> int:
    """The largest k with add_months(anchor, k * step) <= day; negative before the anchor."""
    k = ((day.year - anchor.year) * 12 + day.month - anchor.month) // step
    return k if add_months(anchor, k * step) <= day else k - 1


@lru_cache(maxsize=8192)
def grid_cycle(anchor: date, step: int, day: date) -> Period:
    """The cycle of the grid (anchor, every `step` months) that holds `day`."""
    k = months_between(anchor, day, step)
    return Period(add_months(anchor, k * step), add_months(anchor, (k + 1) * step))


def grid_cycles(anchor: date, step: int, within: Period) -> Iterator[Period]:
    """Every whole cycle of the grid that shares a day with `within`, in order."""
    if within.days == 0:
        return
    k = months_between(anchor, within.start, step)
    while (start := add_months(anchor, k * step)) < within.until:
        yield Period(start, add_months(anchor, (k + 1) * step))
        k += 1
