"""The simulator as `subledger simulator` starts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from connectors.ledgers.quickbooks.simulator.config import SimulatorConfig, read_config
from connectors.ledgers.quickbooks.simulator.server import serve
from connectors.simulation.opening import Asked


@contextmanager
def opened(asked: Asked) -> Iterator[Mapping[str, object]]:
    """See `SimulatorOpener`."""
    settings = read_config(asked.config) if asked.config else SimulatorConfig()
    if not asked.has_limits:
        settings = replace(settings, limits=replace(settings.limits, enabled=False))
    if asked.server_limit_s is not None:
        settings = replace(settings, server_limit_s=asked.server_limit_s)
    with serve(settings, host=asked.host, port=asked.port, folder=asked.state) as running:
        yield running.ready()
