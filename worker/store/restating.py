"""Changes of price lists and contracts that reach back into billed days: they need a person's `--restate`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from mappings.identity import canonical_json
from worker.store.setup_kinds import KIND_OF, decode
from worker.store.tables import ChargeRow, DocumentRow, SetupObject, table_of

CHARGE = table_of(ChargeRow)
DOCUMENT = table_of(DocumentRow)
OBJECT = table_of(SetupObject)
_COLUMN = {"contract": CHARGE.c.contract, "price_list": CHARGE.c.price_list}


@dataclass(frozen=True, slots=True)
class Restatement:
    """A dated object whose days are billed: what differs ("path: before -> after") and what was billed."""

    kind: str
    code: str
    differences: tuple[str, ...]
    charges: int
    first_cycle: date
    last_cycle: date

    def __str__(self) -> str:
        what = "; ".join(self.differences)
        return (
            f"{self.kind} {self.code} changes days that are billed already ({self.charges} charges of cycles"
            f" starting {self.first_cycle} to {self.last_cycle}): {what}"
        )


class RestatementNeeded(ValueError):
    """An import would alter billed days; nothing was written. `restatements` tell what and where."""

    def __init__(self, restatements: Sequence[Restatement]) -> None:
        listed = "\n".join(f"  {one}" for one in restatements)
        super().__init__(
            f"this file changes price lists or contracts on billed days; nothing was imported.\n{listed}\n"
            "Give the change a `from` after the billed days, or repeat the import with --restate."
        )
        self.restatements = tuple(restatements)


def restatements(connection: Connection, changed: Iterable[tuple[str, Any]]) -> tuple[Restatement, ...]:
    """Those of the new or changed objects (kind, value) that reach into days billed on a released document.

    Days of an object run from its `from` to the next `from` of the same code that the store knows.
    """
    changed = tuple(changed)
    last = {kind: _last_billed(connection, kind) for kind in {kind for kind, _ in changed}}
    reaching = [
        (kind, value) for kind, value in changed if last[kind].get(value.code, date.min) >= value.from_
    ]
    return tuple(found for kind, value in reaching if (found := _restatement(connection, kind, value)))


def _last_billed(connection: Connection, kind: str) -> Mapping[str, date]:
    """Code of a contract or price list -> first day of the last cycle billed by it; one look for all."""
    column = _COLUMN[kind]
    query = (
        select(column, func.max(CHARGE.c.cycle_start))
        .join(DOCUMENT, DOCUMENT.c.id == CHARGE.c.document_id)
        .where(DOCUMENT.c.state == "released")
        .group_by(column)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _restatement(connection: Connection, kind: str, value: Any) -> Restatement | None:
    column = _COLUMN[kind]
    code = KIND_OF[kind].code(value)
    stored = _stored(connection, kind, value.code)
    later = [other.from_ for other in stored.values() if other.from_ > value.from_]
    query = (
        select(func.count(), func.min(CHARGE.c.cycle_start), func.max(CHARGE.c.cycle_start))
        .join(DOCUMENT, DOCUMENT.c.id == CHARGE.c.document_id)
        .where(DOCUMENT.c.state == "released", column == value.code, CHARGE.c.cycle_start >= value.from_)
    )
    if later:
        query = query.where(CHARGE.c.cycle_start < min(later))
    count, first, last = connection.execute(query).one()
    if count == 0:
        return None
    before = stored.get(code)
    differences = tuple(_differences(before, value)) if before else (f"a new {kind} from {value.from_}",)
    return Restatement(kind, code, differences, count, first, last)


def _stored(connection: Connection, kind: str, code: str) -> dict[str, Any]:
    """code@from -> value, of every date of one code."""
    query = select(OBJECT.c.code, OBJECT.c.body).where(
        OBJECT.c.kind == kind, OBJECT.c.code.startswith(f"{code}@", autoescape=True)
    )
    values = {row.code: decode(kind, row.body) for row in connection.execute(query)}
    return {full: value for full, value in values.items() if value.code == code}


def _differences(before: Any, after: Any) -> Iterator[str]:
    old, new = (msgspec.json.decode(canonical_json(value)) for value in (before, after))
    yield from _compare("", old, new)


def _compare(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from _compare(f"{path}.{name}".lstrip("."), old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _compare(f"{path}[{index}]", one, other)
    elif old != new:
        yield f"{path}: {_short(old)} -> {_short(new)}"


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."
