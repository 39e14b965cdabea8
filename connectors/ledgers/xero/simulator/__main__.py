"""`python -m connectors.ledgers.xero.simulator --port 0 --config FILE --print-ready`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

from connectors.ledgers.xero.simulator.config import SimulatorConfig, read_config
from connectors.ledgers.xero.simulator.server import serve
from connectors.simulation.codec import encode
from connectors.simulation.config import BadConfig


def main() -> int:
    parser = argparse.ArgumentParser(description="Xero organisations on this machine, for practice.")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--config", type=Path, help="JSON file with organisations, limits, tokens")
    parser.add_argument("--print-ready", action="store_true", help="one JSON line with url and tokens")
    parser.add_argument("--no-limits", action="store_true", help="answer any number of calls")
    given = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        settings = read_config(given.config) if given.config else SimulatorConfig()
        if given.no_limits:
            settings = replace(settings, limits=replace(settings.limits, enabled=False))
        with serve(settings, host=given.host, port=given.port) as running:
            told = f"Xero simulator at {running.url}; {running.url}/_sim tells how to use it"
            _tell(encode(running.ready()).decode() if given.print_ready else told)
            stop.wait()
    except (BadConfig, OSError) as wrong:
        sys.stderr.write(f"The simulator cannot start. {wrong}\n")
        return 2
    return 0


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
