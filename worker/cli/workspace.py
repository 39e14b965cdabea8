"""`subledger workspace`: the whole set-up as one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.opening import actor, opened, read_input
from worker.cli.options import AsJson, DryRun
from worker.cli.output import Output
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from worker.flows.workspace import WorkspaceImport

app = noun("The set-up: issuers, books, parties, contracts, prices, subscriptions, as one file.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="YAML or JSON; - reads stdin.")],
    restate: Annotated[
        bool, typer.Option("--restate", help="Allow changes that alter days already billed.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Import a workspace file, as a whole or not at all. Importing it again changes nothing.

    Example: subledger workspace import mine.yaml --dry-run
    """
    from worker.flows import workspace

    raw = read_input(file)
    with opened(may_create=True) as installation:
        done = workspace.import_(
            installation.ports, raw, name=file.name, actor=actor(), restate=restate, dry_run=dry_run
        )
    return _tell_import(done, name=file.name, as_json=as_json)


def _tell_import(done: WorkspaceImport, *, name: str, as_json: bool) -> int:
    out = Output(as_json=as_json)
    setup, state = done.change.setup, done.change.state
    applied = not done.is_dry and not done.change.is_empty
    counts = {
        "added": setup.added,
        "changed": setup.changed,
        "unchanged": setup.unchanged,
        "bindings": setup.bindings,
        "subscriptions": {"added": state.added, "changed": state.changed, "assigned": done.change.assigned},
        "versions": state.versions,
        "usage": state.usage,
        "restated": [str(one) for one in setup.restated],
        "freed": {"due": done.change.freed.due, "adopted": done.change.freed.adopted},
    }
    out.result({"file": name, "applied": applied, **counts, "warnings": done.warnings})
    new = [
        (kind, setup.added.get(kind, 0), setup.changed.get(kind, 0))
        for kind in {**setup.added, **setup.changed}
    ]
    held = (
        ("subscription", state.added, state.changed),
        ("version", state.versions, 0),
        ("usage", state.usage, 0),
    )
    rows = [*new, *(row for row in held if row[1] or row[2])]
    if rows:
        out.table(("what", "added", "changed"), rows)
    for one in setup.restated:
        out.line(f"restated: {one}")
    for warning in done.warnings:
        out.hint(f"warning: {warning}")
    if done.change.freed.due:
        out.line(f"{len(done.change.freed.due)} deliveries that waited for an id go on by themselves")
    verb = "would be imported" if done.is_dry else "imported"
    out.line(f"{name}: nothing new" if done.change.is_empty else f"{name}: {verb}")
    return exits.DONE


@app.command("export")
def export(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this new file.")] = None,
    as_json: AsJson = False,
) -> int:
    """Print the whole workspace as a file; importing it elsewhere gives the same workspace.

    Example: subledger workspace export -o backup.yaml
    """
    from worker.flows import workspace

    with opened() as installation:
        text = workspace.export(installation.ports)
    out = Output(as_json=as_json)
    if output is not None:
        _write_new(output, text)
        out.result({"file": str(output), "bytes": len(text.encode())})
        out.line(f"written to {output}")
        return exits.DONE
    out.result({"format": "yaml", "text": text})
    out.text(text)
    return exits.DONE


@app.command("schema")
def schema(as_json: AsJson = False) -> int:
    """Print the JSON Schema of a workspace file, for your editor.

    Example: subledger workspace schema > workspace.schema.json
    """
    from connectors.sources.workspace_file import json_schema

    out = Output(as_json=as_json)
    found = json_schema()
    out.result({"json_schema": found})
    out.text(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
    return exits.DONE


def _write_new(path: Path, text: str) -> None:
    """Write a file that must not exist: an export never overwrites somebody's workspace."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Stop(exits.REFUSED, f"{path} exists already", fix="Name another file, or remove it.") from None
