"""Frozen values that sources, billing, store and ledgers all speak."""
