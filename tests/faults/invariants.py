"""What must hold whatever went wrong: the book and our rows side by side, violations in words.

The checker trusts neither side: it counts what the ledger holds by marker, and reads our rows as they
lie in the table (reliability.md, invariants I1 to I4).
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from tests.fakes.ledger import MemoryLedger
from worker.store.deliveries import DELIVERY, NEED
from worker.store.engine import Store

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Violation:
    """`law` is one word (duplicate, lost, unintended, differs, unsafe, stuck), `what` names the record."""

    law: str
    what: str


def violations(store: Store, ledger: MemoryLedger) -> tuple[Violation, ...]:
    """Every broken law of a book that has come to rest."""
    rows, needs = _rows(store)
    held = Counter(shipment.marker for shipment, _ in ledger.records if shipment.marker)
    by_marker = {str(row["marker"]): row for row in rows}
    found = [Violation("duplicate", _name(by_marker, marker)) for marker, n in held.items() if n > 1]
    found += [Violation("unintended", marker) for marker in held if marker not in by_marker]
    for row in rows:
        found += _of_row(row, ledger, is_held=held[row["marker"]] > 0)
    return (*found, *_stuck(rows, needs))


def _of_row(row: Row, ledger: MemoryLedger, *, is_held: bool) -> list[Violation]:
    name = f"{row['kind']} {row['lookup']}"
    if row["state"] == "posted":
        if not is_held:
            return [Violation("lost", name)]
        return [] if _is_what_we_sent(row, ledger) else [Violation("differs", name)]
    if row["state"] in ("parked", "blocked"):
        if not (row["reason"] and row["why"]):
            return [Violation("lost", f"{name} waits for a person without a reason")]
        if is_held and row["send_started_at"] is None:
            return [Violation("unsafe", f"{name} is in the book, and a replay would not look first")]
    return []


def _is_what_we_sent(row: Row, ledger: MemoryLedger) -> bool:
    shipment = next(one for one, _ in ledger.records if one.marker == row["marker"])
    ledger_ids = [posted.ledger_id for one, posted in ledger.records if one.marker == row["marker"]]
    is_ours = shipment.body == zlib.decompress(row["wire"]) and row["ledger_id"] in ledger_ids
    return is_ours and hashlib.sha256(shipment.body).hexdigest() == row["wire_hash"]


def _stuck(rows: Sequence[Row], needs: Mapping[str, set[str]]) -> list[Violation]:
    """Rows that should go on by themselves but rest, unless they wait for one that a person must see."""
    states = {row["id"]: row["state"] for row in rows}
    return [
        Violation("stuck", f"{row['kind']} {row['lookup']} ({row['state']})")
        for row in rows
        if row["state"] in ("due", "sending", "uncertain")
        or (
            row["state"] == "planned"
            and not any(states[one] in ("parked", "blocked", "cancelled") for one in needs.get(row["id"], ()))
        )
    ]


def _rows(store: Store) -> tuple[list[Row], dict[str, set[str]]]:
    needs: dict[str, set[str]] = {}
    with store.read() as connection:
        rows: list[Row] = [dict(row) for row in connection.execute(select(DELIVERY)).mappings()]
        for row in connection.execute(select(NEED)):
            needs.setdefault(row.delivery_id, set()).add(row.needs_id)
    return rows, needs


def _name(by_marker: Mapping[str, Row], marker: str) -> str:
    row = by_marker.get(marker)
    return marker if row is None else f"{row['kind']} {row['lookup']}"
