"""Mutation testing: small faults planted in the money code, one at a time, to see whether a test notices."""
