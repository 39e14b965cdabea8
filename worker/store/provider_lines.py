"""Lines of a provider's reconciliation files, each once under its natural key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from worker.store import bulk
from worker.store.tables import ProviderLineRow, table_of

LINE = table_of(ProviderLineRow)
_COLUMNS = ("key", "source", "invoice_number", "subscription", "charge_type", "body", "flags")


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line as it is kept: its own facts as JSON text, with what a person should know of as `flags`."""

    key: str
    source: str
    invoice_number: str
    subscription: str
    charge_type: str
    body: str
    flags: str


def store_lines(connection: Connection, lines: Iterable[StoredLine]) -> int:
    """Keep the lines that are new; returns how many that were."""
    rows = [
        (one.key, one.source, one.invoice_number, one.subscription, one.charge_type, one.body, one.flags)
        for one in lines
    ]
    return bulk.insert_new(connection, LINE, _COLUMNS, rows, unique=("key",))
