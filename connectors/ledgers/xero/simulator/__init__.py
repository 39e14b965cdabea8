"""A strict, stateful Xero on loopback: for tests, and for anybody without a demo company.

`serve(config)` runs it inside a process; GET /_sim on the running server explains the fault script. Written
from the official spec and the documentation; it knows nothing of our own client. Its books end with it.
"""

from connectors.ledgers.xero.simulator.config import (
    AccountSeed,
    ContactSeed,
    ItemSeed,
    Limits,
    OAuthConfig,
    OrganisationConfig,
    SimulatorConfig,
    TaxRateSeed,
    TrackingSeed,
    WebhookConfig,
    read_config,
)
from connectors.ledgers.xero.simulator.server import Running, serve
from connectors.simulation.clock import SimulatorClock
from connectors.simulation.config import BadConfig
from connectors.simulation.faults import Fault

__all__ = [
    "AccountSeed",
    "BadConfig",
    "ContactSeed",
    "Fault",
    "ItemSeed",
    "Limits",
    "OAuthConfig",
    "OrganisationConfig",
    "Running",
    "SimulatorClock",
    "SimulatorConfig",
    "TaxRateSeed",
    "TrackingSeed",
    "WebhookConfig",
    "read_config",
    "serve",
]
