"""One folder per ledger product; the folders know nothing of each other."""
