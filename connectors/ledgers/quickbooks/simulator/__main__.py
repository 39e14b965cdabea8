"""`python -m connectors.ledgers.quickbooks.simulator --port 0 --state DIR --config FILE --print-ready`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from connectors.ledgers.quickbooks.simulator.process import run


def main() -> int:
    parser = argparse.ArgumentParser(description="A QuickBooks Online company on this machine, for practice.")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="folder that keeps the books over a restart")
    parser.add_argument("--config", type=Path, help="JSON file with companies, limits, tokens")
    parser.add_argument("--print-ready", action="store_true", help="one JSON line with url and tokens")
    parser.add_argument("--no-limits", action="store_true", help="answer any number of calls")
    parser.add_argument("--server-limit-s", type=float, help="when a request is cut (QuickBooks: 120)")
    given = parser.parse_args()
    return run(
        host=given.host,
        port=given.port,
        state=given.state,
        config=given.config,
        print_ready=given.print_ready,
        limits=False if given.no_limits else None,
        server_limit_s=given.server_limit_s,
    )


if __name__ == "__main__":
    sys.exit(main())
