"""How fast books fill: real workers, PostgreSQL and Valkey against a QuickBooks simulator with its limits."""
