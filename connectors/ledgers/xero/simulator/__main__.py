"""`python -m connectors.ledgers.xero.simulator --port 0 --config FILE --print-ready`."""

from __future__ import annotations

import sys

from connectors.ledgers.xero.simulator.opening import opened
from connectors.simulation.process import main

if __name__ == "__main__":
    sys.exit(main("Xero", opened))
