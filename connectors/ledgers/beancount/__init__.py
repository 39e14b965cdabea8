"""Beancount: plain-text double entry, one file per book. The embedded default, and the ledger to copy."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from connectors.conformance.stage import Stage
from connectors.ledger_kind import LedgerKind
from connectors.ledgers.beancount.ledger import BeancountLedger, open_book
from connectors.ledgers.beancount.limits import CAPABILITIES, REQUIRED_SETTINGS, SETTINGS
from connectors.protocols import Clock
from mappings.canonical.book import Book

__all__ = ["LEDGER"]


def is_practice(book: Book) -> bool:
    """Always: a file of ours holds only what we wrote, so nothing waits for approval (design section 9)."""
    return True


def open_stage(folder: Path, *, clock: Clock) -> AbstractContextManager[Stage]:
    """A fresh file for the conformance kit."""
    from connectors.ledgers.beancount.stage import practice  # loaded for trials only

    return practice(folder, clock=clock)


LEDGER = LedgerKind(
    name="beancount",
    title="Beancount (plain text)",
    capabilities=CAPABILITIES,
    settings=SETTINGS,
    required_settings=REQUIRED_SETTINGS,
    open=open_book,
    is_practice=is_practice,
    stage=open_stage,
    session=BeancountLedger,
    path_settings=frozenset({"file"}),
)
