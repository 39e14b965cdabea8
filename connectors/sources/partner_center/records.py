"""A record of a file, taken apart by its columns: values, unknown members, refusals and flags at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.sources.partner_center.cells import CellDamaged, read_cell, shown
from connectors.sources.partner_center.columns import Column
from connectors.sources.partner_center.imported import DateOrder, Flag, Refusal

_KNOWN_AND_NOT_KEPT = frozenset({"attributes", "links"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: the file and its row, and how the file writes dates."""

    file: str
    row: int
    date_order: DateOrder | None = None

    def refuse(self, field: str, value: object, sentence: str) -> Refusal:
        return Refusal(self.file, self.row, field, shown(value), sentence)

    def flag(self, field: str, value: object, sentence: str) -> Flag:
        return Flag(self.row, field, shown(value), sentence)


@dataclass(frozen=True, slots=True)
class Taken:
    """`values` by our field (absent ones left out), `names` the file's name of each field."""

    values: Mapping[str, object]
    names: Mapping[str, str]
    extra: Mapping[str, object]
    refusals: tuple[Refusal, ...]
    flags: tuple[Flag, ...]


def take(record: Mapping[str, object], columns: Mapping[str, Column], place: Place) -> Taken:
    """Read every member of a record. Unknown ones are kept in `extra` and flagged, damaged ones refused."""
    values: dict[str, object] = {}
    names: dict[str, str] = {}
    extra: dict[str, object] = {}
    refusals: list[Refusal] = []
    flags: list[Flag] = []
    for name, value in record.items():
        column = columns.get(name.strip().lower())
        if column is None or column.field in names:
            if name.lower() not in _KNOWN_AND_NOT_KEPT:
                extra[name] = value
                flags.append(place.flag(name, value, "Not a field we know; kept as it is."))
            continue
        names[column.field] = name
        try:
            cell = read_cell(value, column.type, date_order=place.date_order)
        except CellDamaged as damage:
            refusals.append(place.refuse(name, value, f"{shown(value)!r} {damage}."))
            continue
        if cell not in (None, "", ()):
            values[column.field] = cell
    return Taken(values, names, extra, tuple(refusals), tuple(flags))


def summary(flags: Iterable[Flag]) -> tuple[Flag, ...]:
    """One flag per field and sentence: the first, which then says how many more rows have it."""
    first: dict[tuple[str, str], Flag] = {}
    rows: dict[tuple[str, str], set[int]] = {}
    for flag in flags:
        first.setdefault((flag.field, flag.sentence), flag)
        rows.setdefault((flag.field, flag.sentence), set()).add(flag.row)
    return tuple(_with_count(flag, len(rows[same]) - 1) for same, flag in first.items())


def _with_count(flag: Flag, more: int) -> Flag:
    if not more:
        return flag
    return Flag(flag.row, flag.field, flag.value, f"{flag.sentence} The same in {more} more.")
