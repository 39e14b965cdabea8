"""A noun of the grammar: given alone it lists its verbs."""

from __future__ import annotations

import typer


def noun(explained: str) -> typer.Typer:
    """A group of verbs; without a verb it prints its help and ends with 0."""
    app = typer.Typer(help=explained)

    def alone(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    app.callback(invoke_without_command=True, help=explained)(alone)
    return app
