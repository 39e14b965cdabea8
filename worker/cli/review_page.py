"""The pre-bill review on a terminal, as JSON and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from worker.cli import exits
from worker.cli.output import Output, plain
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from worker.billing.review import ReviewLine

SHOWN = 20
_AMOUNTS = (
    "this", "last", "difference", "seats", "price", "proration", "usage", "credits", "exchange_rate",
    "one_offs",
)  # fmt: skip
_COLUMNS = ("issuer", "bill_to", "currency", *_AMOUNTS, "documents", "held")


def as_json_of(lines: Sequence[ReviewLine]) -> list[dict[str, Any]]:
    """Every line with its difference; amounts as decimal strings with their currency."""
    return [{**plain(one), "difference": plain(one.difference)} for one in lines]


def print_review(out: Output, lines: Sequence[ReviewLine]) -> None:
    """The most surprising payers; the rest is in the CSV."""
    if not lines:
        return
    rows = [
        (one.issuer, one.bill_to, one.currency, *(getattr(one, name).decimal for name in _AMOUNTS), one.held)
        for one in lines[:SHOWN]
    ]
    columns = ("issuer", "bill to", "currency", *(name.replace("_", " ") for name in _AMOUNTS), "held")
    out.table(columns, rows, title="this period and last, the most surprising first")
    if len(lines) > SHOWN:
        out.hint(f"{SHOWN} of {len(lines)} payers shown; all of them with --csv FILE or --json")


def write_csv(lines: Sequence[ReviewLine], path: Path) -> None:
    """One row per payer and currency, amounts as plain decimals."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            for one in lines:
                amounts = (getattr(one, name).decimal for name in _AMOUNTS)
                documents = " ".join(one.documents)
                writer.writerow((one.issuer, one.bill_to, one.currency, *amounts, documents, one.held))
    except OSError as error:
        raise Stop(
            exits.WRONG_USE,
            f"{path} cannot be written: {error.strerror}",
            fix="Name a file in a folder that exists and that you may write.",
        ) from None
