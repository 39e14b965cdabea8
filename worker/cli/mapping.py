"""`subledger mapping`: which of a book's customers and items are ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.opening import actor, opened, ports_of, read_input
from worker.cli.options import AsJson, DryRun, Reason
from worker.cli.output import Output, plain
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from worker.flows.mapping import Suggestions

app = noun("Which of a book's customers and items are ours: suggestions, and what a person says.")


@app.command("suggest")
def suggest(
    book: Annotated[str, typer.Option("--book", help="The book to look into.")],
    csv: Annotated[
        Path | None,
        typer.Option("--csv", help="Write the suggestions to this new file, to correct and import."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """List exact, likely and missing matches for what documents will need. Changes nothing.

    Exact: our own marker, the tax id or article number, or two of name, e-mail and so on; the currency always
    fits. Reads the book once per thousand records (QuickBooks counts these reads).

    Example: subledger mapping suggest --book UK --csv uk.csv
    """
    from worker.flows import mapping

    with opened() as installation:
        try:
            found = mapping.suggest(installation.ports, installation.book(book))
        except mapping.CannotList as cannot:
            fix = "Name ids under ledger_ids in the workspace file."
            raise Stop(exits.WRONG_USE, str(cannot), fix=fix) from None
    if csv is not None:
        _write_new(csv, mapping.as_file(found))
    out = Output(as_json=as_json)
    counts = {grade: found.count(grade) for grade in ("exact", "likely", "missing")}
    out.result({**plain(found), "counts": counts, "file": str(csv) if csv else ""})
    _print(out, found)
    if csv is not None:
        out.hint(f"Correct {csv}, then: subledger mapping import {csv}")
    return exits.DONE if found.count("exact") == len(found.matches) else exits.ATTENTION


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The corrected CSV file; - reads stdin.")],
    reason: Reason = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Link what the file says, all of it or nothing; a wrong row is named. Again changes nothing.

    Customers and items are looked up in the book first: one that is not there, or is in another currency, is
    a wrong row.

    Deliveries that waited for one of these go on by themselves; a customer or item that was to be created
    is adopted instead.

    Example: subledger mapping import uk.csv --dry-run
    """
    from worker.flows import mapping

    raw = read_input(file)
    with opened(rings=True) as installation:
        ports = ports_of(installation, dry_run=dry_run)
        done = mapping.import_(ports, raw, name=file.name, actor=actor(), reason=reason, dry_run=dry_run)
    out = Output(as_json=as_json)
    out.result({"file": file.name, **plain(done), "applied": not dry_run and not done.is_empty})
    for change in done.changed:
        out.line(f"changed: {change}")
    for book in done.unasked:
        out.hint(f"book {book} could not be asked: whether it has these records was not compared")
    verb = "would be linked" if dry_run else "linked"
    out.line(f"{file.name}: {done.added} {verb}, {len(done.changed)} changed, {done.unchanged} as they were")
    if not done.freed.is_empty:
        out.line(f"{len(done.freed.due)} deliveries go on, {len(done.freed.adopted)} need not be created")
    return exits.DONE


def _print(out: Output, found: Suggestions) -> None:
    rows = [
        (one.grade, one.kind, one.code, one.name, one.ledger_id, one.their_name, one.because, one.note)
        for one in found.matches
    ]
    if rows:
        out.table(("match", "kind", "code", "ours", "id", "theirs", "because", "note"), rows)
    told = ", ".join(f"{found.count(grade)} {grade}" for grade in ("exact", "likely", "missing"))
    out.line(f"book {found.book}: {told}; {found.bound} linked already; {found.reads} reads")


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8-sig", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise Stop(
            exits.REFUSED, f"{path} is there already", why="Your corrections in it would be lost.",
            fix="Give another name.",
        ) from None  # fmt: skip
    except OSError as error:
        raise Stop(exits.WRONG_USE, f"{path} cannot be written: {error.strerror}", fix="Check it.") from None
