"""`subledger document void | settle | attach | send`: what is done about a document that is in a book."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import exits
from worker.cli.opening import actor, confirm, opened, ports_of, read_input
from worker.cli.options import AsJson, DryRun, Reason, Yes
from worker.cli.output import Output, plain

if TYPE_CHECKING:
    from worker.bootstrap import App
    from worker.flows.followup import Asked

Name = Annotated[str, typer.Argument(metavar="NUMBER", help="A document's number, reference or id.")]


def add_to(app: typer.Typer) -> None:
    """Register the verbs of the noun."""
    for name, verb in (("void", void), ("settle", settle), ("attach", attach), ("send", send)):
        app.command(name)(verb)


def void(
    name: Name, reason: Reason = "", dry_run: DryRun = False, yes: Yes = False, as_json: AsJson = False
) -> int:
    """Void an invoice in the books it is posted in: it stays there at zero. Its charges stay billed.

    One that finance has edited, or that is paid, is left alone and parked for you.

    Example: subledger document void 2026-0001 --reason "issued twice by hand" --yes
    """
    from worker.flows import followup

    with opened(rings=True) as installation:
        if not dry_run:
            confirm(f"Void {name} in the books? Its number and charges stay used.", yes=yes)
        ports = ports_of(installation, dry_run=dry_run)
        asked = followup.void(ports, name, actor=actor(), reason=reason)
        return _tell(installation, asked, is_dry=dry_run, as_json=as_json)


def settle(
    credit: Annotated[str, typer.Argument(metavar="CREDIT", help="A posted credit note.")],
    invoice: Annotated[str, typer.Option("--to", help="The invoice it settles, of the same payer.")],
    amount: Annotated[str, typer.Option("--amount", help="A part of it, as 12.50; else all that fits.")] = "",
    reason: Reason = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Apply a credit note to an invoice of the same payer, in the books both are in.

    Example: subledger document settle CN-2026-0001 --to 2026-0001
    """
    from mappings.canonical.money import parse_money
    from worker.flows import followup, overview

    with opened(rings=True) as installation:
        ports = ports_of(installation, dry_run=dry_run)
        part = None
        if amount:
            part = parse_money(amount, overview.document(ports, credit).line.gross.currency)
        asked = followup.settle(ports, credit, invoice, amount=part, actor=actor(), reason=reason)
        return _tell(installation, asked, is_dry=dry_run, as_json=as_json)


def attach(
    name: Name,
    file: Annotated[Path, typer.Argument(help="The file, at most 10 MiB.")],
    reason: Reason = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Hang a file on a document in the books it is in. The same file again adds nothing.

    Example: subledger document attach 2026-0001 usage.csv
    """
    from worker.flows import followup

    content = read_input(file, size_max=followup.FILE_MAX)
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    with opened(rings=True) as installation:
        ports = ports_of(installation, dry_run=dry_run)
        asked = followup.attach(
            ports, name, name=file.name, media_type=media_type, content=content, actor=actor(), reason=reason
        )
        return _tell(installation, asked, is_dry=dry_run, as_json=as_json)


def send(
    name: Name,
    to: Annotated[list[str] | None, typer.Option("--to", help="Instead of the payer's addresses.")] = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Let the ledger mail a document to the customer, after it is posted. One mail per asking.

    Example: subledger document send 2026-0001 --to ap@customer.example --yes
    """
    from worker.flows import followup

    with opened(rings=True) as installation:
        if not dry_run:
            confirm(f"Let the ledger mail {name} to the customer?", yes=yes)
        ports = ports_of(installation, dry_run=dry_run)
        asked = followup.send(ports, name, to=tuple(to or ()), actor=actor(), reason=reason)
        return _tell(installation, asked, is_dry=dry_run, as_json=as_json)


def _tell(installation: App, asked: Asked, *, is_dry: bool, as_json: bool) -> int:
    applied = not is_dry and any(one.is_new for one in asked.planned)
    out = Output(as_json=as_json)
    out.result({**plain(asked), "applied": applied})
    for one in asked.planned:
        word = (
            "would be planned"
            if is_dry and one.is_new
            else one.state
            if one.is_new
            else f"{one.state} already"
        )
        out.line(f"{one.kind} of {one.number} in book {one.book}: {word}")
    if applied and installation.is_embedded:
        out.hint("It goes out with the next: subledger run (or at once while serve runs)")
    return exits.DONE
