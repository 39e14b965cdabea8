"""Which documents a contract is on."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from worker.store import bulk
from worker.store.tables import ChargeRow, table_of

CHARGE = table_of(ChargeRow)


def documents_under(
    connection: Connection, document_ids: Collection[str], contracts: Collection[str]
) -> frozenset[str]:
    """Those of the documents that have a charge under one of the contracts."""
    found: set[str] = set()
    for chunk in bulk.chunks(sorted(document_ids)) if contracts else ():
        query = select(CHARGE.c.document_id).where(
            CHARGE.c.document_id.in_(chunk), CHARGE.c.contract.in_(sorted(contracts))
        )
        found.update(connection.execute(query.distinct()).scalars())
    return frozenset(found)
