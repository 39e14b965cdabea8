"""A Xero simulator that answers on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.ledgers.xero.simulator.admin import ready
from connectors.ledgers.xero.simulator.app import Simulator
from connectors.ledgers.xero.simulator.config import SimulatorConfig
from connectors.simulation.clock import SimulatorClock
from connectors.simulation.serving import listening


@dataclass(frozen=True, slots=True)
class Running:
    """A simulator that answers: where, for which client, and its inside for tests."""

    url: str
    client_id: str
    client_secret: str
    simulator: Simulator

    @property
    def api_base(self) -> str:
        return f"{self.url}/api.xro/2.0"

    @property
    def token_endpoint(self) -> str:
        return f"{self.url}/connect/token"

    @property
    def authorize_endpoint(self) -> str:
        return f"{self.url}/identity/connect/authorize"

    def ready(self) -> dict[str, object]:
        return ready(self.simulator)


@contextlib.contextmanager
def serve(
    config: SimulatorConfig | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: SimulatorClock | None = None,
) -> Iterator[Running]:
    """A running simulator on a free loopback port, in background threads, until the block ends.

    Raises BadConfig for an address that is not loopback: the simulator has no passwords.
    """
    simulator = Simulator(config or SimulatorConfig(), clock=clock)
    try:
        with listening(simulator, host=host, port=port):
            oauth = simulator.config.oauth
            yield Running(simulator.base_url, oauth.client_id, oauth.client_secret, simulator)
    finally:
        simulator.close()
