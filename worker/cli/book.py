"""`subledger book`: connections to ledgers: look, connect, check, pause, resume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import exits, pausing
from worker.cli.connecting import connect
from worker.cli.nouns import noun
from worker.cli.opening import actor, opened, ports_of
from worker.cli.options import AsJson, DryRun, Reason
from worker.cli.output import Output

if TYPE_CHECKING:
    from worker.delivery.consent import ConsentWarning
    from worker.delivery.metering import ReadsWarning
    from worker.flows.overview import BookLine

app = noun("Books: where the documents of an issuer land.")

Code = Annotated[str, typer.Argument(metavar="BOOK", help="The book's code.")]


@app.command("list")
def list_(as_json: AsJson = False) -> int:
    """List the books with their state and what they hold.

    Example: subledger book list
    """
    from worker.flows import overview

    with opened() as installation:
        lines = overview.books(installation.ports)
    out = Output(as_json=as_json)
    out.result({"books": lines, "count": len(lines)})
    show_books(out, lines)
    return exits.DONE


def show_books(out: Output, lines: tuple[BookLine, ...]) -> None:
    """A table of books."""
    columns = (
        "book",
        "issuer",
        "ledger",
        "state",
        "release",
        "posted",
        "open",
        "attention",
        "totals",
        "calls",
    )
    out.table(columns, [_row(line) for line in lines])


def show_warnings(out: Output, warnings: Sequence[ConsentWarning | ReadsWarning]) -> None:
    """Consent that ends soon and budgets that are nearly spent, with what to do."""
    for one in warnings:
        out.line(one.sentence)
        out.line(f"  do: {one.next_step}")


def show_stops(out: Output, lines: Sequence[BookLine]) -> None:
    """Why a book is paused or verifies, and what ends it."""
    for one in lines:
        if one.paused:
            out.line(f"book {one.code} is paused ({one.paused}): {one.paused_why or 'no reason was given'}")
            out.line(f"  do: {_ENDS_BY.get(one.paused, _ENDS_BY_ITSELF).format(book=one.code)}")
        if one.is_verifying:
            out.line(f"book {one.code} is read before anything is created in it: the database was restored")
            out.line(f"  do: subledger reconcile book {one.code}; compared by hand: book verified {one.code}")


_ENDS_BY_ITSELF = "mend the cause, it goes on by itself; look: subledger book check {book}"
_ENDS_BY = {
    "consent_lost": "have an administrator reconnect it: subledger book connect {book}",
    "by_operator": "subledger resume {book}",
    "misconfigured": "correct its settings in the workspace file, import it, subledger resume {book}",
}


def _row(line: BookLine) -> tuple[object, ...]:
    count = line.documents
    open_ = sum(count.get(state, 0) for state in ("planned", "due", "sending", "uncertain"))
    stuck = count.get("parked", 0) + count.get("blocked", 0)
    state = "connected" if line.is_connected else "not connected"
    if line.is_verifying:
        state = "verifies"
    if line.paused or line.waits_until:
        state = f"paused ({line.paused})" if line.paused else "waits"
    ledger = f"{line.ledger} (practice)" if line.is_practice else line.ledger
    posted = count.get("posted", 0)
    return line.code, line.issuer, ledger, state, line.release, posted, open_, stuck, line.posted, line.calls


@app.command("check")
def check(
    code: Code,
    accept: Annotated[
        bool, typer.Option("--accept", help="The company behind it is another one, and it is the right one.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Ask a book whether we can work with it: company, settings, closing date. Changes nothing there.

    Its highest numbers are read: a series at or below them would give them a second time.

    Its closing date is kept: documents are held or dated anew before release (`closed_period` of the book),
    and those that a closed period had blocked go on once it is open.

    Example: subledger book check UK
    """
    from worker.flows import book_check

    with opened() as installation:
        found = book_check.check(
            installation.ports, installation.book(code), actor=actor(), accept=accept, numbers=True
        )
    out = Output(as_json=as_json)
    out.result({"check": found, "is_fine": not found.problems})
    practice = ", a practice book" if found.is_practice else ""
    company = f" company {found.company_name} ({found.company_id})," if found.company_id else ""
    out.line(
        f"book {found.book}: {found.ledger}{practice},{company} home currency {found.home_currency or '?'}"
    )
    if found.abilities:
        out.line(f"  it also {', '.join(found.abilities).replace('_', ' ')}")
    if found.closed_until is not None:
        out.line(f"  closed until {found.closed_until}")
    if found.freed:
        out.line(f"  the period is open again: {len(found.freed)} documents go on")
    for problem in found.problems:
        out.line(f"  to correct: {problem}")
    return exits.ATTENTION if found.problems else exits.DONE


app.command("connect")(connect)


for _name, _verb in (("pause", pausing.pause), ("resume", pausing.resume)):
    app.command(_name)(_verb)


@app.command("verified")
def verified(code: Code, reason: Reason = "", dry_run: DryRun = False, as_json: AsJson = False) -> int:
    """Say that a book and the database agree again after a restore: it is no longer read before each create.

    `reconcile book` says so by itself where the ledger tells its changes.

    Example: subledger book verified DE --reason "compared by hand"
    """
    from worker.flows import verify

    with opened() as installation:
        ports = ports_of(installation, dry_run=dry_run)
        ended = verify.verified(ports, installation.book(code), actor=actor(), reason=reason)
    out = Output(as_json=as_json)
    out.result({"book": code, "was_verifying": ended, "applied": ended and not dry_run})
    out.line(f"book {code}: " + ("verified" if ended else "was not being verified"))
    return exits.DONE
