"""The revenue schedule of what was released. Reads only."""

from __future__ import annotations

from mappings.canonical.period import Period, add_months
from worker.billing.revenue import RevenueLine
from worker.billing.revenue import revenue as scheduled
from worker.flows.ports import Ports
from worker.store import released_charges, setup

YEARS_BACK = 4
"""The longest service is three years, and its credit may come as late as its end."""


def revenue(ports: Ports, months: Period) -> tuple[RevenueLine, ...]:
    """The whole months of a period, by issuer, product and currency."""
    first = add_months(months.start, -12 * YEARS_BACK)
    with ports.store.read() as connection:
        products = {one.code: one for one in setup.load_shared(connection).products}
        charges = released_charges.since(connection, first, before=add_months(months.until, 12))
        return scheduled(charges, products, months=months)
