"""The simulator as `subledger simulator` starts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from connectors.ledgers.xero.simulator.config import SimulatorConfig, read_config
from connectors.ledgers.xero.simulator.server import serve
from connectors.simulation.config import BadConfig
from connectors.simulation.opening import Asked


@contextmanager
def opened(asked: Asked) -> Iterator[Mapping[str, object]]:
    """See `SimulatorOpener`. The books end with the simulator, so it takes no folder for them."""
    if asked.state is not None:
        raise BadConfig("the books of this simulator end with it; it cannot keep them in a folder")
    settings = read_config(asked.config) if asked.config else SimulatorConfig()
    if not asked.has_limits:
        settings = replace(settings, limits=replace(settings.limits, enabled=False))
    if asked.server_limit_s is not None:
        settings = replace(settings, server_limit_s=asked.server_limit_s)
    with serve(settings, host=asked.host, port=asked.port) as running:
        yield running.ready()
