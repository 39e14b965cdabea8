"""What a Beancount book can and cannot do: a file has no calls a minute, no field lengths, no tax rules."""

from __future__ import annotations

from datetime import date

from connectors.protocols import Capabilities

CAPABILITIES = Capabilities(
    records=frozenset({"invoice", "credit_note"}),
    batch_size=500,
    decimals_max=12,
    tax_mode="ours",
    server_limit_s=0,
    recheck_s=0,
    key_guard="marker",
    needs_release="auto",
    default_create_missing="always",
)

SETTINGS = {
    "file": "Path of the book's file; its folder must exist. FILE.state is kept beside it.",
    "title": "Title of the book as Fava and reports show it; by default the codes of book and issuer.",
}
REQUIRED_SETTINGS = frozenset({"file"})

FIRST_DAY = date(1970, 1, 1)
"""Accounts and commodities are declared on this day, so no document may be older."""

PRECISION = 28
"""Significant digits Beancount calculates with (Python's default decimal context); an amount at a rate
must fit, else the home-currency weights of a transaction would not add up to exactly zero."""
