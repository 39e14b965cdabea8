"""`subledger document`: invoices and credit notes: look, approve, hold, release from a hold."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import chain_page, document_acts, exits, review_page
from worker.cli.document_page import as_json_of, print_document
from worker.cli.nouns import noun
from worker.cli.opening import actor, confirm, opened, ports_of
from worker.cli.options import AsJson, DryRun, Limit, Reason, Yes
from worker.cli.output import Output
from worker.cli.problems import Stop
from worker.cli.settings_page import print_settings, settings_as_json

if TYPE_CHECKING:
    from worker.billing.review import ReviewLine
    from worker.bootstrap import App
    from worker.flows.approve import Approval
    from worker.store.holds import Unreleased

app = noun("Invoices and credit notes: look, approve, hold back, let go.")

_STATES = ("draft", "held", "released")
Name = Annotated[str, typer.Argument(metavar="NUMBER", help="A document's number, reference or id.")]
Personal = Annotated[
    bool, typer.Option("--personal", help="In the JSON also the payer's address, e-mail and tax ids.")
]


@app.command("list")
def list_(
    state: Annotated[list[str] | None, typer.Option("--state", help="draft, held or released")] = None,
    issuer: Annotated[str, typer.Option("--issuer", help="Only of this issuer.")] = "",
    bill_to: Annotated[str, typer.Option("--bill-to", help="Only to this party.")] = "",
    book: Annotated[str, typer.Option("--book", help="Only those delivered to this book.")] = "",
    not_sent: Annotated[
        bool, typer.Option("--not-sent", help="Only those that are posted and were not mailed by the ledger.")
    ] = False,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> int:
    """List documents, the newest first.

    Example: subledger document list --state held
    """
    from worker.flows import overview

    for one in state or ():
        if one not in _STATES:
            raise Stop(
                exits.WRONG_USE, f"{one!r} is no state of a document", fix=f"One of: {', '.join(_STATES)}"
            )
    wanted = overview.DocumentFilter(tuple(state or ()), issuer, bill_to, book, not_sent)
    with opened() as installation:
        if book:
            installation.book(book)
        lines, total = overview.documents(installation.ports, wanted, limit=limit)
    out = Output(as_json=as_json)
    out.result({"documents": lines, "count": len(lines), "total": total})
    rows = [
        (one.number or one.ref, one.kind, one.state, one.issuer, one.bill_to, one.document_date, one.net,
         one.tax, one.gross, one.delivery)
        for one in lines
    ]  # fmt: skip
    columns = ("number", "kind", "state", "issuer", "bill to", "date", "net", "tax", "gross", "delivery")
    out.table(columns, rows)
    if len(lines) < total:
        out.hint(f"{len(lines)} of {total} shown; more with --limit {total}")
    return exits.DONE


@app.command("show")
def show(name: Name, personal: Personal = False, as_json: AsJson = False) -> int:
    """Show one document: lines, taxes, totals, state, and where it is.

    Example: subledger document show 2026-0001
    """
    return show_document(name, with_basis=False, personal=personal, as_json=as_json)


def show_document(name: str, *, with_basis: bool, personal: bool, as_json: bool) -> int:
    """Print one document; `with_basis` tells the calculation of each line and the settings it was made by."""
    from worker.flows import chain, explaining, followup, overview

    with opened() as installation:
        facts = overview.document(installation.ports, name)
        links = followup.links(installation.ports, facts.deliveries)
        settings = explaining.settings_of_lines(installation.ports, facts.content) if with_basis else ()
        led_to = chain.chain(installation.ports, facts) if with_basis else ()
    out = Output(as_json=as_json)
    result: dict[str, object] = {"document": as_json_of(facts, links, personal=personal)}
    if with_basis:
        result |= {"settings": settings_as_json(settings), "chain": chain_page.as_json_of(led_to)}
    out.result(result)
    print_document(out, facts, with_basis=with_basis, links=links)
    chain_page.print_chain(out, led_to)
    print_settings(out, settings)
    return exits.DONE


@app.command("approve")
def approve(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NUMBER]...", help="Documents; - reads them from stdin.")
    ] = None,
    book: Annotated[str, typer.Option("--book", help="Every draft of this book's issuer.")] = "",
    reason: Reason = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Approve drafts as they are now; the next run gives them numbers and sends them.

    What is approved is shown first, each payer beside its last period, as `subledger bill` shows it.

    Example: subledger document approve --book UK
    """
    from worker.flows import approve as approving
    from worker.flows import review

    if bool(names) == bool(book):
        raise Stop(
            exits.WRONG_USE, "name documents, or a book with --book", fix="See: subledger document list"
        )
    with opened() as installation:
        issuers = {installation.book(book).issuer} if book else None
        refs = None if book else {_ref(installation, one) for one in _named(names or [])}
        plan = approving.approve(
            installation.ports, actor=actor(), refs=refs, issuers=issuers, reason=reason, dry_run=True
        )
        lines = review.review(installation.ports, refs={one.ref for one in plan.approved})
        review_page.print_review(Output(as_json=as_json), lines)
        if plan.approved and not dry_run:
            confirm(f"Approve {len(plan.approved)} documents, {_worth(plan.approved)}?", yes=yes)
            shown = {one.ref for one in plan.approved}
            done = approving.approve(installation.ports, actor=actor(), refs=shown, reason=reason)
            plan = replace(plan, approved=done.approved)
    return _tell_approval(plan, lines, applied=bool(plan.approved) and not dry_run, as_json=as_json)


@app.command("hold")
def hold(name: Name, reason: Reason = "", dry_run: DryRun = False, as_json: AsJson = False) -> int:
    """Keep a draft from being released until it is let go again.

    Example: subledger document hold 3F2A9C --reason "customer disputes the seats"
    """
    from worker.flows import approve as approving

    with opened() as installation:
        ref = _ref(installation, name)
        ports = ports_of(installation, dry_run=dry_run)
        approving.hold(ports, ref, actor=actor(), reason=reason or "no reason given")
    return _tell_hold(ref, after="held", applied=not dry_run, as_json=as_json)


@app.command("release")
def release(name: Name, reason: Reason = "", dry_run: DryRun = False, as_json: AsJson = False) -> int:
    """Let a document go that `hold` kept back. Its own checks, if any, go on holding it.

    Example: subledger document release 3F2A9C
    """
    from worker.flows import approve as approving

    with opened() as installation:
        ref = _ref(installation, name)
        ports = ports_of(installation, dry_run=dry_run)
        lifted = approving.unhold(ports, ref, actor=actor(), reason=reason)
    return _tell_hold(ref, after="let go", applied=lifted and not dry_run, as_json=as_json)


def _ref(installation: App, name: str) -> str:
    """The reference of a document that is not released yet."""
    from worker.flows import overview

    line = overview.document(installation.ports, name).line
    if line.state == "released":
        raise Stop(
            exits.REFUSED,
            f"document {line.number} is released; it can no longer be approved or held",
            why="A released document never changes.",
            fix="Stop its delivery with: subledger delivery cancel, or correct it by a credit note.",
            thing=line.id,
        )
    return line.ref


def _named(names: list[str]) -> list[str]:
    if names != ["-"]:
        return names
    return [line.strip() for line in sys.stdin if line.strip()]


def _worth(documents: Sequence[Unreleased]) -> str:
    """Gross per currency, credit notes against."""
    from mappings.canonical.money import Money

    totals: dict[str, int] = {}
    for one in documents:
        sign = -1 if one.kind == "credit_note" else 1
        totals[one.currency] = totals.get(one.currency, 0) + sign * one.gross_minor
    return ", ".join(str(Money(minor, currency)) for currency, minor in sorted(totals.items()))


def _tell_approval(plan: Approval, lines: Sequence[ReviewLine], *, applied: bool, as_json: bool) -> int:
    out = Output(as_json=as_json)
    groups = {"approved": plan.approved, "approved_before": plan.before, "held": plan.held}
    documents = {name: [_unreleased(one) for one in found] for name, found in groups.items()}
    out.result({**documents, "review": review_page.as_json_of(lines), "applied": applied})
    would = "" if applied or not plan.approved else "would be "
    out.line(f"{len(plan.approved)} {would}approved ({_worth(plan.approved) or 'nothing'})")
    if plan.before:
        out.line(f"{len(plan.before)} were approved before")
    if plan.held:
        out.line(f"{len(plan.held)} are held and were left out: subledger document list --state held")
    if applied:
        out.hint("They are released and sent by the next: subledger run")
    return exits.ATTENTION if plan.held else exits.DONE


def _unreleased(one: Unreleased) -> dict[str, object]:
    from mappings.canonical.money import Money

    names = ("ref", "state", "kind", "issuer", "bill_to")
    gross = Money(one.gross_minor, one.currency)
    return {**{name: getattr(one, name) for name in names}, "gross": gross}


def _tell_hold(ref: str, *, after: str, applied: bool, as_json: bool) -> int:
    out = Output(as_json=as_json)
    out.result({"document": ref, "after": after, "applied": applied})
    out.line(f"document {ref} {'is' if applied else 'would be'} {after}")
    return exits.DONE


document_acts.add_to(app)
