"""Reads that a ledger counts and bills: when somebody should be told (pure; qbo.md section 10).

Writing is free there and reading is not: QuickBooks blocks an application's reads for the rest of the month
once its budget is spent. What we must read is read all the same, so the warning comes early.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

WARN_SHARE = 0.8

Code = Literal["reads_budget_low", "reads_budget_spent"]


@dataclass(frozen=True, slots=True)
class ReadsWarning:
    """The reads of an application's books come near their month's budget. `code` is one of the runbook's."""

    code: Code
    month: str
    reads: int
    budget: int
    by_book: Mapping[str, int]
    sentence: str
    next_step: str


def month_of(now: datetime) -> str:
    """The month an instant is metered in, like 2026-11 (UTC)."""
    return f"{now:%Y-%m}"


def warning(by_book: Mapping[str, int], *, budget: int, month: str) -> ReadsWarning | None:
    """What to tell of the books that share one budget, or None; 0 = reads are not limited."""
    reads = sum(by_book.values())
    if not budget or reads < budget * WARN_SHARE:
        return None
    most = max(sorted(by_book), key=lambda book: by_book[book])
    counted = f"{reads} of {budget} metered reads of {month} are used, most of them by book {most}"
    step = f"See what reads so much: subledger book show {most}; reconcile less often, or raise the tier."
    if reads < budget:
        return ReadsWarning("reads_budget_low", month, reads, budget, by_book, f"{counted}.", step)
    sentence = f"{counted}: the ledger may refuse reads until the month ends. Documents are still posted."
    return ReadsWarning("reads_budget_spent", month, reads, budget, by_book, sentence, step)
