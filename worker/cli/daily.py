"""The daily verbs at the top level: run, bill, status, explain, demo."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import exits, reversing, review_page, running
from worker.cli.book import show_books, show_stops, show_warnings
from worker.cli.document import Name, Personal, show_document
from worker.cli.opening import opened
from worker.cli.options import AsJson, AsOf, DryRun, Reason, Yes
from worker.cli.output import Output
from worker.cli.problems import Stop
from worker.cli.progress import Progress
from worker.cli.stopping import stopping

if TYPE_CHECKING:
    from worker.billing.values import RunAccount


def add_to(app: typer.Typer) -> None:
    """Register the verbs at the top level."""
    for name, verb in (("run", run), ("bill", bill), ("status", status), ("explain", explain)):
        app.command(name)(verb)


def run(
    act: Annotated[str, typer.Argument(metavar="[reverse RUN]", help="Take a whole run back.")] = "",
    of: Annotated[str, typer.Argument(hidden=True)] = "",
    as_of: AsOf = None,
    book: Annotated[
        list[str] | None, typer.Option("--book", help="Send to this book only; repeatable.")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="reverse: also write the plan to this new file.")
    ] = None,
    apply: Annotated[str, typer.Option("--apply", help="reverse: do what this plan (id or file) says.")] = "",
    reason: Reason = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Bill, release and send until nothing goes on by itself; then say where everything is.

    `run reverse RUN` freezes a plan that cancels what that run did not send and credits what it did.

    Example: subledger run --as-of 2026-02-01
    """
    if act:
        return _reverse(act, of, plan, apply, reason=reason, dry_run=dry_run, yes=yes, as_json=as_json)
    if plan or apply or dry_run:
        raise Stop(
            exits.WRONG_USE, "--plan, --apply and --dry-run are of: subledger run reverse RUN",
            fix="See what a run would bill: subledger bill --dry-run",
        )  # fmt: skip
    with opened(rings=True) as installation, stopping() as stop, Progress(quiet=as_json) as progress:
        on = as_of or installation.clock.now().date()
        document = running.run_or_hand_over(
            installation, as_of=on, books=tuple(book or ()), report=progress.tell, should_stop=stop.is_set
        )
    out = Output(as_json=as_json)
    out.result(document)
    running.print_run(out, document)
    return exits.INTERRUPTED if stop.is_set() else running.exit_code(document)


def _reverse(
    act: str, of: str, plan: Path | None, apply: str, *, reason: str, dry_run: bool, yes: bool, as_json: bool
) -> int:
    if act != "reverse" or not of:
        raise Stop(exits.WRONG_USE, f"{act!r} is no act of a run", fix="It is: subledger run reverse RUN")
    if apply:
        return reversing.apply(of, apply, reason=reason, dry_run=dry_run, yes=yes, as_json=as_json)
    return reversing.plan(of, file=plan, reason=reason, dry_run=dry_run, as_json=as_json)


def bill(
    as_of: AsOf = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the review of every payer to this file.")
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Compute what is owed and not billed yet, as drafts. Releases and sends nothing.

    Shows every payer's period beside the last one: what the difference is made of, and what surprises most.

    Example: subledger bill --as-of 2026-02-01 --dry-run
    """
    from worker.flows import bill as billing
    from worker.flows import review

    with opened() as installation:
        on = as_of or installation.clock.now().date()
        with nullcontext() if dry_run else installation.holding(), Progress(quiet=as_json) as progress:
            done = billing.run(
                installation.ports,
                as_of=on,
                dry_run=dry_run,
                progress=lambda finished, whole: progress.tell("billing", finished, whole),
            )
        lines = review.review(installation.ports, as_of=on, beside=done.review if dry_run else None)
    if csv is not None:
        review_page.write_csv(lines, csv)
    out = Output(as_json=as_json)
    drafts = [
        {"issuer": one.issuer, "kind": one.kind, "documents": one.count, "gross": one.gross}
        for one in done.totals
    ]
    out.result(
        {
            "as_of": on,
            "applied": not dry_run,
            "drafts": drafts,
            "change": done.change,
            "account": done.account,
            "notices": done.notices,
            "failed": done.failed,
            "review": review_page.as_json_of(lines),
            "sentence": done.sentence,
        }
    )
    review_page.print_review(out, lines)
    out.table(
        ("issuer", "kind", "documents", "gross"),
        [(one.issuer, one.kind, one.count, one.gross) for one in done.totals],
    )
    for reason in done.account.reasons:
        out.line(f"{reason.column}: {reason.sentence} ({len(reason.subscriptions)} subscriptions)")
    for group, why in done.failed.items():
        out.hint(f"group {group} could not be computed, a defect of Subledger: {why}")
    out.line(done.sentence)
    return exits.FAILED if done.failed else exits.ATTENTION if needs_a_person(done.account) else exits.DONE


def status(as_json: AsJson = False) -> int:
    """Say whether money is reaching the books, and what needs you now.

    Example: subledger status
    """
    from worker.flows import overview

    with opened() as installation:
        found = overview.status(installation.ports)
    out = Output(as_json=as_json)
    out.result({"status": found})
    out.line(found.sentence)
    show_books(out, found.books)
    if found.needs_a_person:
        rows = [(one.place, one.state, one.reason, one.documents, one.gross) for one in found.needs_a_person]
        out.table(("book", "state", "reason", "documents", "gross"), rows, title="needs attention")
        out.hint("See them: subledger delivery list --state parked --state blocked")
    show_stops(out, found.books)
    show_warnings(out, (*found.consent, *found.metered_reads))
    if found.held:
        out.hint(f"{found.held} held before release: subledger document list --state held")
    if found.unapproved:
        out.hint(f"{found.unapproved} drafts wait for approval: subledger document list --state draft")
    if found.refused_events:
        out.hint(f"{found.refused_events} events were refused: subledger source events --state refused")
    waits = found.held or found.unapproved or found.refused_events
    ends_soon = any(one.is_urgent for one in found.consent)
    needs = found.needs_a_person or waits or ends_soon or any(book.paused for book in found.books)
    return exits.ATTENTION if needs else exits.DONE


def explain(name: Name, personal: Personal = False, as_json: AsJson = False) -> int:
    """Explain one document line by line: each amount with its calculation in words.

    Example: subledger explain 2026-0001
    """
    return show_document(name, with_basis=True, personal=personal, as_json=as_json)


def needs_a_person(account: RunAccount) -> bool:
    """Whether subscriptions that should be billed are not."""
    return bool(account.held or account.unassigned or account.unpriced)
