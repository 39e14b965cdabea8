"""`subledger document`: invoices and credit notes: look, approve, hold, release from a hold."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli import exits
from worker.cli.document_page import as_json_of, print_document
from worker.cli.nouns import noun
from worker.cli.opening import opened
from worker.cli.options import AsJson, Limit
from worker.cli.output import Output
from worker.cli.problems import Stop

app = noun("Invoices and credit notes: look, approve, hold back, let go.")

_STATES = ("draft", "held", "released")
Name = Annotated[str, typer.Argument(metavar="NUMBER", help="A document's number, reference or id.")]


@app.command("list")
def list_(
    state: Annotated[list[str] | None, typer.Option("--state", help="draft, held or released")] = None,
    issuer: Annotated[str, typer.Option("--issuer", help="Only of this issuer.")] = "",
    bill_to: Annotated[str, typer.Option("--bill-to", help="Only to this party.")] = "",
    book: Annotated[str, typer.Option("--book", help="Only those delivered to this book.")] = "",
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
    wanted = overview.DocumentFilter(tuple(state or ()), issuer, bill_to, book)
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
def show(name: Name, as_json: AsJson = False) -> int:
    """Show one document: lines, taxes, totals, state, and where it is.

    Example: subledger document show 2026-0001
    """
    return show_document(name, with_basis=False, as_json=as_json)


def show_document(name: str, *, with_basis: bool, as_json: bool) -> int:
    """Print one document, with the calculation of each line when `with_basis`."""
    from worker.flows import overview

    with opened() as installation:
        facts = overview.document(installation.ports, name)
    out = Output(as_json=as_json)
    out.result({"document": as_json_of(facts)})
    print_document(out, facts, with_basis=with_basis)
    return exits.DONE
