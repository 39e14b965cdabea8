"""Options that many verbs share, so that they are called and explained the same everywhere."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer


def a_day(text: str) -> date:
    """A date of the calendar, as an option's value."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date of the calendar, as in 2026-02-01") from None


AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the audit log.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many rows.")]
Since = Annotated[
    date | None,
    typer.Option("--since", parser=a_day, metavar="DATE", help="Only from that day (UTC) on."),
]
AsOf = Annotated[
    date | None,
    typer.Option("--as-of", parser=a_day, metavar="DATE", help="Bill what is due on this day; else today."),
]
