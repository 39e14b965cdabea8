"""Pure billing: subscription state -> charges -> documents. No database, clock, log or random."""
