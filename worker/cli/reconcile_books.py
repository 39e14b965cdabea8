"""`subledger reconcile book | list | accept`: what people did in a book to what we posted there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import exits
from worker.cli.exceptions import start_of
from worker.cli.opening import actor, opened, ports_of
from worker.cli.options import AsJson, DryRun, Limit, Reason, Since
from worker.cli.output import Output, plain
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from worker.store.differences import DifferenceLine

_COLUMNS = ("id", "book", "kind", "ours", "reason", "what", "what to do")


def add_to(app: typer.Typer) -> None:
    """Register the verbs of the noun."""
    for name, verb in (("book", book), ("list", list_), ("accept", accept)):
        app.command(name)(verb)


def book(
    code: Annotated[str, typer.Argument(metavar="BOOK", help="The book's code.")],
    since: Since = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Read what changed in a book since the last look, and list what differs from what we posted.

    Edited, renumbered, voided, deleted or paid documents; merged or inactive customers and items; documents
    with our mark that we do not know. Nothing in the book is changed. One metered read.

    Example: subledger reconcile book UK
    """
    from worker.flows import reconcile_book

    with opened(rings=True) as installation:
        ports = ports_of(installation, dry_run=dry_run)
        begin = start_of(since, now=installation.clock.now())
        try:
            done = reconcile_book.reconcile(ports, installation.book(code), since=begin)
        except reconcile_book.CannotReport as cannot:
            raise Stop(exits.WRONG_USE, str(cannot), fix="Compare its documents by hand.") from None
    out = Output(as_json=as_json)
    out.result({**plain(done), "applied": not dry_run})
    _print(out, done.open)
    out.line(
        f"book {done.book}: {done.changes} changes since {done.since:%Y-%m-%d %H:%M}Z, {done.ours} of ours,"
        f" {done.paid} paid; {len(done.open)} differences open"
    )
    if done.freed:
        out.line(f"{len(done.freed)} documents go on: what they need is active again")
    if done.has_gap:
        out.hint("The feed does not reach back that far: what changed before was not looked at.")
    if not done.is_complete:
        out.hint("There were more changes than the feed tells at once: look at this book more often.")
    return exits.DIFFERENT if done.open or done.has_gap or not done.is_complete else exits.DONE


def list_(
    book: Annotated[str, typer.Option("--book", help="Only this book.")] = "",
    closed: Annotated[bool, typer.Option("--closed", help="Those that are closed, too.")] = False,
    limit: Limit = 1000,
    as_json: AsJson = False,
) -> int:
    """List the differences that are open, the oldest first.

    Example: subledger reconcile list --book UK
    """
    from worker.flows import reconcile_book

    with opened() as installation:
        if book:
            installation.book(book)
        states = ("open", "closed") if closed else ("open",)
        found = reconcile_book.listed(installation.ports, book=book, states=states, limit=limit)
    out = Output(as_json=as_json)
    out.result({"differences": found, "count": len(found)})
    _print(out, found)
    if not found:
        out.line("no differences")
    return exits.DIFFERENT if any(one.state == "open" for one in found) else exits.DONE


def accept(
    name: Annotated[str, typer.Argument(metavar="ID", help="A difference's id.")],
    reason: Reason = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Close a difference: what the book says is all right. It opens again if the record changes once more.

    Example: subledger reconcile accept 01a20dea-629d-7068-b242-44bd8f132d70 --reason "agreed with finance"
    """
    from worker.flows import reconcile_book

    with opened() as installation:
        ports = ports_of(installation, dry_run=dry_run)
        line = reconcile_book.accept(ports, name, actor=actor(), reason=reason)
    out = Output(as_json=as_json)
    out.result({"difference": line, "applied": line.state == "open" and not dry_run})
    out.line(f"{line.what} {'would be accepted' if dry_run else 'accepted'}")
    return exits.DONE


def _print(out: Output, found: tuple[DifferenceLine, ...]) -> None:
    rows = [(one.id, one.book, one.kind, one.lookup, one.reason, one.what, one.hint) for one in found]
    if rows:
        out.table(_COLUMNS, rows)
