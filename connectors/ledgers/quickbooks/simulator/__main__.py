"""`python -m connectors.ledgers.quickbooks.simulator --port 0 --config FILE --print-ready`."""

from __future__ import annotations

import sys

from connectors.ledgers.quickbooks.simulator.opening import opened
from connectors.simulation.process import main

if __name__ == "__main__":
    sys.exit(main("QuickBooks Online", opened))
