"""Looking deliveries up in a book, with what that cost."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.protocols import Held, Ledger, MetersReads, Shipment


def look_up(ledger: Ledger, shipments: Sequence[Shipment]) -> tuple[Sequence[Held | None], int]:
    """What the book holds for each shipment, and how many metered reads it took to know.

    Reads that another thread makes by the same session at the same time are counted here as well as there:
    rather too many than too few. Raises what `find` raises.
    """
    if not shipments:
        return (), 0
    before = ledger.reads_made if isinstance(ledger, MetersReads) else 0
    held = ledger.find(shipments)
    return held, ledger.reads_made - before if isinstance(ledger, MetersReads) else 1
