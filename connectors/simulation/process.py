"""A simulator as a process of its own: `python -m connectors.ledgers.NAME.simulator --print-ready`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from connectors.simulation.codec import encode
from connectors.simulation.config import BadConfig
from connectors.simulation.opening import Asked, SimulatorOpener

EXIT_OK = 0
EXIT_BAD_CONFIG = 2


def main(title: str, opener: SimulatorOpener, arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C and return the exit code. `title` is the ledger's, as in QuickBooks."""
    asked, print_ready = _asked(title, arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        with opener(asked) as ready:
            told = f"{title} simulator at {ready['url']}; {ready['url']}/_sim tells how to use it"
            sys.stdout.write(f"{encode(ready).decode() if print_ready else told}\n")
            sys.stdout.flush()
            stop.wait()
    except (BadConfig, OSError) as wrong:
        sys.stderr.write(f"The simulator cannot start. {wrong}\n")
        return EXIT_BAD_CONFIG
    return EXIT_OK


def _asked(title: str, arguments: Sequence[str] | None) -> tuple[Asked, bool]:
    parser = argparse.ArgumentParser(description=f"A {title} on this machine, for practice.")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="folder that keeps the books over a restart")
    parser.add_argument("--config", type=Path, help="JSON file with companies, limits, tokens")
    parser.add_argument("--print-ready", action="store_true", help="one JSON line with url and tokens")
    parser.add_argument("--no-limits", action="store_true", help="answer any number of calls")
    parser.add_argument("--server-limit-s", type=float, help="when a request is cut; else as in life")
    given = parser.parse_args(arguments)
    asked = Asked(
        host=given.host,
        port=given.port,
        state=given.state,
        config=given.config,
        has_limits=not given.no_limits,
        server_limit_s=given.server_limit_s,
    )
    return asked, given.print_ready
