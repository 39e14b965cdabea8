"""Which rows a read sees: all, or, while a fault makes reads lag, only those old enough."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from connectors.ledgers.quickbooks.simulator.store import Row
from connectors.simulation.faults import Struck


def visibility(struck: Struck, now: datetime) -> Callable[[Row], bool]:
    lag = struck.read_lag_s
    if not lag:
        return lambda _row: True
    edge = now - timedelta(seconds=lag)
    return lambda row: row.created_at <= edge
