"""The revenue schedule as a Beancount journal: deferred revenue and cost released month by month.

Plain text written by us; no code of Beancount is used (it is GPL).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from mappings.canonical.money import Money
from mappings.canonical.period import add_months

if TYPE_CHECKING:
    from worker.billing.revenue import RevenueLine

ROOTS = ("Liabilities:DeferredRevenue", "Assets:DeferredCost", "Income:Revenue", "Expenses:Cost")


def journal(lines: Iterable[RevenueLine]) -> str:
    """One transaction for each month, product and currency, on the month's last day; accounts come first."""
    lines = tuple(lines)
    entries = [(line, tuple(_postings(line))) for line in lines]
    accounts = sorted({account for _, postings in entries for account, _ in postings})
    first = min((line.month for line in lines), default=None)
    head = [f"{first} open {account}" for account in accounts]
    body = [text for line, postings in entries if postings for text in _entry(line, postings)]
    return "\n".join([*head, "", *body]) + "\n" if lines else ""


def _postings(line: RevenueLine) -> Iterator[tuple[str, Money]]:
    """What a month moves; the sums of an entry are zero."""
    deferred, deferred_cost, income, expense = (
        f"{root}:{_part(line.issuer)}:{_part(line.product)}" for root in ROOTS
    )
    if line.gross:
        yield deferred, line.gross
    if line.basis == "net" and (line.net or line.cost):
        yield income, -line.net
    elif line.gross:
        yield income, -line.gross
    if line.cost:
        yield deferred_cost, -line.cost
        if line.basis == "gross":
            yield expense, line.cost


def _entry(line: RevenueLine, postings: tuple[tuple[str, Money], ...]) -> Iterator[str]:
    day = add_months(line.month, 1) - timedelta(days=1)
    yield f'{day} * "Revenue {line.month:%Y-%m}, {_text(line.product)} of {_text(line.issuer)}"'
    for account, amount in postings:
        yield f"  {account}  {amount.decimal} {amount.currency}"
    yield ""


def _part(code: str) -> str:
    """A code of ours as part of an account's name: letters, digits and dashes, a capital or digit first."""
    plain = re.sub(r"[^A-Za-z0-9-]", "-", code)
    return plain if plain[:1].isupper() or plain[:1].isdigit() else f"X{plain}"


def _text(code: str) -> str:
    return code.replace("\\", "/").replace('"', "'")
