"""`subledger source`: files of a provider."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.opening import opened, read_input
from worker.cli.options import AsJson, DryRun
from worker.cli.output import Output
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from worker.flows.source import FileImport

app = noun("Files of a provider: subscriptions and reconciliation lines.")

_FLAGS_SHOWN = 20


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="partner-center")],
    files: Annotated[
        list[Path], typer.Argument(help="Files that belong together, as the pages of an invoice.")
    ],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Import a provider's files. Importing them again adds nothing; a refusal names row and field.

    Example: subledger source import partner-center subscriptions.json recon_1.json recon_2.json
    """
    from worker.flows import source as importing

    if source.replace("-", "_") != importing.SOURCE:
        raise Stop(exits.WRONG_USE, f"there is no source {source!r}", fix="It is: partner-center")
    read = [(file.name, read_input(file)) for file in files]
    with opened(may_create=True) as installation:
        done = importing.import_partner_center(installation.ports, read, dry_run=dry_run)
    out = Output(as_json=as_json)
    out.result({"files": done, "applied": not dry_run and any(one.is_new for one in done)})
    _tell(out, done)
    return _code(done)


@app.command("events")
def events(
    states: Annotated[
        list[str] | None, typer.Option("--state", help="stored, applied, refused or conflict; repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="The newest of them.")] = 50,
    as_json: AsJson = False,
) -> int:
    """List stored events (webhooks): what became of each, and why one was refused.

    Example: subledger source events --state refused
    """
    from worker.flows import overview

    with opened() as installation:
        found = overview.events(installation.ports, tuple(states or ()), limit=limit)
    out = Output(as_json=as_json)
    out.result({"events": found, "count": len(found)})
    rows = [(one.received_at, one.source, one.event_id, one.state, one.why) for one in found]
    out.table(("received", "source", "event", "state", "why"), rows)
    return exits.DONE


def _tell(out: Output, done: tuple[FileImport, ...]) -> None:
    columns = (
        "file",
        "kind",
        "rows",
        "subscriptions",
        "new",
        "changed",
        "versions",
        "lines",
        "new lines",
        "refused",
    )
    rows = [
        (one.file, one.kind, one.rows, one.subscriptions, one.new_subscriptions, one.changed_subscriptions,
         one.new_versions, one.lines, one.new_lines, len(one.refusals))
        for one in done
    ]  # fmt: skip
    out.table(columns, rows)
    for one in done:
        for refusal in one.refusals:
            out.hint(f"refused: {refusal}")
        for flag in one.flags[:_FLAGS_SHOWN]:
            out.hint(f"note: {one.file}, {flag}")
        if len(one.flags) > _FLAGS_SHOWN:
            out.hint(f"note: {len(one.flags) - _FLAGS_SHOWN} more in {one.file}; all with --json")
        if one.unassigned:
            shown = ", ".join(one.unassigned[:5])
            out.hint(
                f"{len(one.unassigned)} subscriptions of {one.file} have no party or product of ours yet "
                f"({shown}): name their ids under `tenants` and `offers` in the workspace"
            )


def _code(done: tuple[FileImport, ...]) -> int:
    """2 when a whole file was refused, 3 when rows were or subscriptions are unassigned."""
    if any(one.refusals and not (one.subscriptions or one.lines) for one in done):
        return exits.WRONG_USE
    return exits.ATTENTION if any(one.refusals or one.unassigned for one in done) else exits.DONE
