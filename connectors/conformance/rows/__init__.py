"""Every row, in the order of the table."""

from __future__ import annotations

from connectors.conformance.row import Row
from connectors.conformance.rows import posting

__all__ = ["ROWS"]

ROWS: tuple[Row, ...] = (*posting.ROWS,)
