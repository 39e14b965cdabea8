"""Released documents in full, as statements read them."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, select

from mappings.canonical.document import Document
from mappings.canonical.period import Period
from worker.store import bulk
from worker.store.tables import DocumentRow, table_of

DOCUMENT = table_of(DocumentRow)

_DOCUMENT = msgspec.json.Decoder(Document)


def billed_to(connection: Connection, parties: Collection[str], dated_in: Period) -> tuple[Document, ...]:
    """Every released document to one of these parties that is dated in a period."""
    found: list[Document] = []
    for chunk in bulk.chunks(sorted(parties)):
        query = select(DOCUMENT.c.body).where(
            DOCUMENT.c.state == "released",
            DOCUMENT.c.bill_to.in_(chunk),
            DOCUMENT.c.document_date >= dated_in.start,
            DOCUMENT.c.document_date < dated_in.until,
        )
        found.extend(_DOCUMENT.decode(body) for body in connection.scalars(query))
    return tuple(found)
