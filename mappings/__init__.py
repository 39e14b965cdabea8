"""The language between Subledger and the ledgers: pure values and pure rules, no I/O."""
