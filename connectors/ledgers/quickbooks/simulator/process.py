"""The simulator as a process of its own."""

from __future__ import annotations

import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from connectors.ledgers.quickbooks.simulator.config import SimulatorConfig, read_config
from connectors.ledgers.quickbooks.simulator.server import serve
from connectors.simulation.codec import encode
from connectors.simulation.config import BadConfig

EXIT_OK = 0
EXIT_BAD_CONFIG = 2


def run(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    state: Path | None = None,
    config: Path | None = None,
    print_ready: bool = False,
    limits: bool | None = None,
    server_limit_s: float | None = None,
) -> int:
    """Serve until SIGTERM or Ctrl-C and return the exit code.

    `state` keeps the books over a restart; `config` is a JSON file of `SimulatorConfig`; `limits` and
    `server_limit_s` overrule it. With `print_ready` one JSON line says where and with which tokens.
    """
    try:
        settings = read_config(config) if config else SimulatorConfig()
    except BadConfig as wrong:
        _tell(sys.stderr, f"The simulator cannot start. {wrong}")
        return EXIT_BAD_CONFIG
    if limits is not None:
        settings = replace(settings, limits=replace(settings.limits, enabled=limits))
    if server_limit_s is not None:
        settings = replace(settings, server_limit_s=server_limit_s)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        with serve(settings, host=host, port=port, folder=state) as running:
            if print_ready:
                _tell(sys.stdout, encode(running.ready()).decode())
            else:
                _tell(
                    sys.stdout,
                    f"QuickBooks simulator at {running.url}; {running.url}/_sim tells how to use it",
                )
            stop.wait()
    except (BadConfig, OSError) as wrong:
        _tell(sys.stderr, f"The simulator cannot start. {wrong}")
        return EXIT_BAD_CONFIG
    return EXIT_OK


def _tell(stream: TextIO, text: str) -> None:
    print(text, file=stream, flush=True)
