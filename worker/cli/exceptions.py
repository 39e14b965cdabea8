"""`subledger exceptions`: what is broken, by cause, and what fixes the most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import exits
from worker.cli.book import show_warnings
from worker.cli.opening import opened
from worker.cli.options import AsJson, Since
from worker.cli.output import Output
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from datetime import date

    from worker.flows.exceptions import Cause

Causes = Annotated[list[str] | None, typer.Option("--cause", help="Only this reason or code; repeatable.")]
OneBook = Annotated[str, typer.Option("--book", help="Only this book.")]
Kinds = Annotated[
    list[str] | None, typer.Option("--kind", help="invoice, credit_note, customer, item; repeatable.")
]


def add_to(app: typer.Typer) -> None:
    """Register the verb at the top level."""
    app.command("exceptions")(exceptions)


def exceptions(
    cause: Causes = None, book: OneBook = "", kind: Kinds = None, since: Since = None, as_json: AsJson = False
) -> int:
    """List what stopped, by cause: how many, worth what, since when, and what to do. Most value first.

    Example: subledger exceptions --book UK
    """
    from worker.flows import exceptions as listing
    from worker.flows import overview
    from worker.store.stopped import Wanted

    with opened() as installation:
        if book:
            installation.book(book)
        now = installation.clock.now()
        wanted = Wanted(tuple(cause or ()), book, tuple(kind or ()), since=start_of(since, now=now))
        found = listing.causes(installation.ports, wanted)
        consent = overview.consent_warnings(installation.ports)
        reads = overview.reads_warnings(installation.ports)
    out = Output(as_json=as_json)
    count = sum(one.count for one in found)
    told = {"causes": found, "count": len(found), "deliveries": count}
    out.result({**told, "consent": consent, "metered_reads": reads})
    show_warnings(out, (*consent, *reads))
    if not found:
        out.line("Nothing stopped: nobody is needed.")
        return exits.DONE
    for one in found:
        _print(out, one, now)
    out.hint("Send a whole cause again: subledger replay plan --cause REASON")
    return exits.ATTENTION


def start_of(day: date | None, *, now: datetime) -> datetime | None:
    """The instant a day begins in UTC, or None for no day; one that is still to come selects nothing."""
    begin = None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
    if begin is not None and begin > now:
        raise Stop(exits.WRONG_USE, f"--since {day} is still to come", fix="Give a day that has begun.")
    return begin


def _print(out: Output, cause: Cause, now: datetime) -> None:
    worth = ", ".join(map(str, cause.gross))
    out.line(cause.sentence)
    out.line(
        f"  {cause.reason} ({cause.state}), {cause.count} {cause.kind}" + (f", {worth}" if worth else "")
    )
    if cause.blocks:
        blocked = ", ".join(map(str, cause.blocked_gross))
        out.line(f"  blocks {cause.blocks} documents ({blocked}): fix this first")
    out.line(f"  oldest: {cause.oldest_number}, {_age(now - cause.first_at)} ago")
    out.line(f"  do: {cause.next_step}")


def _age(passed: timedelta) -> str:
    minutes = max(0, int(passed.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // (24 * 60)} days"
