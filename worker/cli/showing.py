"""`subledger demo`: the whole thing at work on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from worker.cli.options import AsJson


def add_to(app: typer.Typer) -> None:
    """Register the verb at the top level."""
    app.command("demo")(demo)


def demo(
    folder: Annotated[
        Path, typer.Option("--folder", help="Everything lives here; it is emptied first.")
    ] = Path("subledger-demo"),
    keep: Annotated[bool, typer.Option("--keep", help="Leave the simulator up until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> int:
    """Bill a telecom group into three books on this machine, and check that each holds every document once.

    Example: subledger demo --keep

    No real ledger is contacted; all names are fictional. It takes up to a minute.
    """
    from worker.demo import run

    command = str(Path(sys.argv[0]).absolute())
    return run(folder, keep=keep, as_json=as_json, out=sys.stdout, err=sys.stderr, command=command)
