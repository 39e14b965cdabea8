"""Document numbers of one series: rendered from its pattern, read back, counted on without a gap.

The number itself is taken at release, in the same transaction as the document (design section 4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Literal

from mappings.canonical.party import Series
from mappings.canonical.period import add_months

_PLACE_OF_N = re.compile(r"\{n(?::0?\d{1,2})?\}")
_PLACE = re.compile(r"\{(?P<name>year|month|n)(?::0?(?P<width>\d{1,2}))?\}")


class PatternRefused(ValueError):
    """A series whose pattern cannot give numbers that are unique and can be read back."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A number read back: the running number, with year and month where the pattern shows them."""

    n: int
    year: int | None = None
    month: int | None = None


def render(series: Series, n: int, *, on: date) -> str:
    """The document number for running number `n`, dated `on`: INV-{year}-{n:05} -> INV-2026-00042."""
    check_pattern(series)
    values = {"year": on.year, "month": on.month, "n": n}
    widths = {"year": 4, "month": 2, "n": 0}

    def place(found: re.Match[str]) -> str:
        name = found["name"]
        return str(values[name]).zfill(int(found["width"] or widths[name]))

    return _PLACE.sub(place, series.pattern)


def read_number(series: Series, text: str) -> Numbered | None:
    """What a text is as a number of this series, or None when it is no number of it."""
    found = _reader(series.pattern).fullmatch(text)
    if found is None:
        return None
    parts = found.groupdict()
    return Numbered(
        int(parts["n"]),
        int(parts["year"]) if parts.get("year") else None,
        int(parts["month"]) if parts.get("month") else None,
    )


def reset_key(series: Series, *, on: date) -> str:
    """Documents with the same key share one count: the year where the series resets yearly, else ""."""
    return str(on.year) if series.reset == "year" else ""


def prefixes(series: Series, *, on: date) -> tuple[str, ...]:
    """What numbers of this series that may count today begin with, () where they begin with their count.

    A count that goes on over years is looked for in this year and the last, one with months in each of the
    last twelve.
    """
    head = _PLACE_OF_N.split(series.pattern)[0]
    days = [on]
    if "{month" in head:
        days = [add_months(on.replace(day=1), -back) for back in range(12)]
    elif "{year" in head:
        days = [on, on.replace(year=on.year - 1, day=1)]
    if series.reset == "year":
        days = [day for day in days if day.year == on.year]
    bare = replace(series, pattern=f"{head}{{n}}", reset="never")
    found = dict.fromkeys(render(bare, 0, on=day)[:-1] for day in days)
    return tuple(prefix for prefix in found if prefix)


def next_number(series: Series, *, highest: int | None) -> int:
    """The running number after the highest one used under a reset key (None: none used yet)."""
    return series.first_number if highest is None else max(series.first_number, highest + 1)


def highest_in(series: Series, texts: Iterable[str], *, on: date) -> int | None:
    """The highest running number among texts that are numbers of this series under the key of `on`."""
    read = (read_number(series, text) for text in texts)
    key = reset_key(series, on=on)
    return max((one.n for one in read if one is not None and key in {"", str(one.year)}), default=None)


def series_for(
    all_series: Iterable[Series], *, kind: Literal["invoice", "credit_note"], book: str
) -> Series | None:
    """The series of a kind for a book: one that names the book wins over one for every book."""
    fits = [one for one in all_series if one.kind == kind and one.book in {"", book}]
    return max(fits, key=lambda one: one.book != "", default=None)


def check_pattern(series: Series) -> None:
    """Raise `PatternRefused` unless the pattern gives unique numbers: one {n}, known places only, and the
    year where the count starts anew every year."""
    names = [found["name"] for found in _PLACE.finditer(series.pattern)]
    rest = _PLACE.sub("", series.pattern)
    if "{" in rest or "}" in rest:
        raise PatternRefused(
            f"series {series.code}: pattern {series.pattern!r} has a place that is not {{year}},"
            f" {{month}} or {{n}}"
        )
    if names.count("n") != 1 or len(set(names)) != len(names):
        raise PatternRefused(
            f"series {series.code}: pattern {series.pattern!r} needs exactly one {{n}}, as in"
            f" INV-{{year}}-{{n:05}}"
        )
    if series.reset == "year" and "year" not in names:
        raise PatternRefused(
            f"series {series.code}: pattern {series.pattern!r} starts anew every year but does not show the"
            " {year}, so numbers would repeat"
        )


@lru_cache(maxsize=256)
def _reader(pattern: str) -> re.Pattern[str]:
    parts, at = [], 0
    for found in _PLACE.finditer(pattern):
        parts.append(re.escape(pattern[at : found.start()]))
        name, width = found["name"], int(found["width"] or 0)
        digits = {"year": r"\d{4}", "month": r"\d{2}"}.get(name, rf"\d{{{max(width, 1)},}}")
        parts.append(f"(?P<{name}>{digits})")
        at = found.end()
    parts.append(re.escape(pattern[at:]))
    return re.compile("".join(parts))
