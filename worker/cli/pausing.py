"""`subledger pause` and `resume`: stopping one book, or all of them at once, and letting them go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import exits
from worker.cli.opening import actor, confirm, opened, ports_of
from worker.cli.options import AsJson, DryRun, Reason, Yes
from worker.cli.output import Output, plain
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from mappings.canonical.book import Book
    from worker.bootstrap import App
    from worker.flows.pause import LaneChange

Code = Annotated[str, typer.Argument(metavar="[BOOK]", help="The book's code.")]
All = Annotated[bool, typer.Option("--all", help="Every book.")]


def add_to(app: typer.Typer) -> None:
    """Register the verbs at the top level, where one looks in a hurry."""
    app.command("pause")(pause)
    app.command("resume")(resume)


def pause(
    code: Code = "", all_: All = False, reason: Reason = "", dry_run: DryRun = False, as_json: AsJson = False
) -> int:
    """Send nothing more to a book (or to all) until it is resumed; what is in flight finishes.

    Example: subledger pause UK --reason "year end"
    """
    from worker.flows import pause as pausing

    with opened() as installation:
        ports = ports_of(installation, dry_run=dry_run)
        changes = [
            pausing.pause(ports, book, actor=actor(), reason=reason)
            for book in _books(installation, code, all_=all_)
        ]
    return _tell(changes, verb="paused", dry_run=dry_run, as_json=as_json)


def resume(
    code: Code = "",
    all_: All = False,
    reason: Reason = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Let a paused book go on; with --all those that a person paused, after a yes.

    Example: subledger resume UK
    """
    from worker.flows import pause as pausing

    with opened(rings=True) as installation:
        ports = ports_of(installation, dry_run=dry_run)
        books = _books(installation, code, all_=all_)
        if all_:
            books = pausing.paused_by_operator(installation.ports, books)
            if books and not dry_run:
                confirm(f"Let {len(books)} books go on: {', '.join(one.code for one in books)}?", yes=yes)
        changes = [pausing.resume(ports, book, actor=actor(), reason=reason) for book in books]
    return _tell(changes, verb="resumed", dry_run=dry_run, as_json=as_json)


def _books(installation: App, code: str, *, all_: bool) -> tuple[Book, ...]:
    if bool(code) == all_:
        raise Stop(exits.WRONG_USE, "name a book, or say --all", fix="See: subledger book list")
    return installation.books() if all_ else (installation.book(code),)


def _tell(changes: Sequence[LaneChange], *, verb: str, dry_run: bool, as_json: bool) -> int:
    out = Output(as_json=as_json)
    told = [{**plain(one), "applied": one.applied and not dry_run} for one in changes]
    out.result({"books": told, "applied": any(one["applied"] for one in told)})
    for one in changes:
        word = f"was {verb} already" if not one.applied else f"would be {verb}" if dry_run else f"is {verb}"
        out.line(f"book {one.book} {word}")
    if not changes:
        out.line("no book was paused by a person")
    return exits.DONE
