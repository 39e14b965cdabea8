"""Totals of a book for demo and reports, from our own transactions; Fava shows everything."""

from __future__ import annotations

import shlex
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from connectors.ledgers.beancount.reading import Transaction, entries
from connectors.protocols import Balance
from mappings.canonical.money import Money


def balances(lines: Iterable[bytes]) -> tuple[Balance, ...]:
    """Sum of all postings per account and currency, sorted; debits positive, as Beancount counts."""
    minor: defaultdict[tuple[str, str], int] = defaultdict(int)
    for entry in entries(lines):
        if isinstance(entry, Transaction):
            for posting in entry.postings:
                minor[posting.account, posting.money.currency] += posting.money.minor
    return tuple(
        Balance(account, Money(amount, currency)) for (account, currency), amount in sorted(minor.items())
    )


def fava_command(path: Path) -> str:
    """Fava beside our own Python if it is installed there, else fetched by uv for this one use."""
    beside = Path(sys.executable).parent / "fava"
    fava = shlex.quote(str(beside)) if beside.exists() else "uvx fava"
    return f"{fava} {shlex.quote(str(path.absolute()))}"
