"""A strict, stateful QuickBooks Online on loopback: for the demo, the tests, and anybody without a sandbox.

`serve(config)` runs it inside a process; GET /_sim on the running server explains the
fault script. It knows nothing of our own client.
"""

from connectors.ledgers.quickbooks.simulator.config import (
    AccountSeed,
    CompanyConfig,
    CustomerSeed,
    ItemSeed,
    Limits,
    NameSeed,
    OAuthConfig,
    SimulatorConfig,
    TaxCodeSeed,
    TaxRateSeed,
    TermSeed,
    WebhookConfig,
    read_config,
)
from connectors.ledgers.quickbooks.simulator.server import Running, serve
from connectors.simulation.clock import SimulatorClock
from connectors.simulation.config import BadConfig
from connectors.simulation.faults import Fault

__all__ = [
    "AccountSeed",
    "BadConfig",
    "CompanyConfig",
    "CustomerSeed",
    "Fault",
    "ItemSeed",
    "Limits",
    "NameSeed",
    "OAuthConfig",
    "Running",
    "SimulatorClock",
    "SimulatorConfig",
    "TaxCodeSeed",
    "TaxRateSeed",
    "TermSeed",
    "WebhookConfig",
    "read_config",
    "serve",
]
