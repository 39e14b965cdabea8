"""Every row, in the order of the table."""

from __future__ import annotations

from connectors.conformance.row import Row
from connectors.conformance.rows import abilities, access, amounts, batches, people, posting, texts, unclear

__all__ = ["ROWS"]

ROWS: tuple[Row, ...] = (
    *posting.ROWS,
    *unclear.ROWS,
    *batches.ROWS,
    *access.ROWS,
    *people.ROWS,
    *amounts.ROWS,
    *texts.ROWS,
    *abilities.ROWS,
)
