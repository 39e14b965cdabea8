"""`subledger simulator`: practice ledgers on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from worker.cli import exits
from worker.cli.options import AsJson
from worker.cli.output import Output
from worker.cli.problems import Stop
from worker.cli.stopping import stopping


def add_to(app: typer.Typer) -> None:
    """Register the verb at the top level."""
    app.command("simulator")(simulator)


def simulator(
    ledger: Annotated[
        str, typer.Argument(metavar="LEDGER", help="One that has a simulator: quickbooks, ...")
    ],
    host: Annotated[str, typer.Option("--host", help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8090,
    state: Annotated[Path | None, typer.Option("--state", help="Folder that keeps the books.")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="JSON: companies, limits, tokens.")] = None,
    no_limits: Annotated[bool, typer.Option("--no-limits", help="Answer any number of calls.")] = False,
    server_limit_s: Annotated[
        float | None, typer.Option("--server-limit-s", min=0.1, help="A request is cut after this.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Run a strict, stateful ledger of this kind on loopback until Ctrl-C; nothing real is contacted.

    Example: subledger simulator quickbooks --port 8090 --state ./practice
    """
    from connectors import registry
    from connectors.simulation.config import BadConfig
    from connectors.simulation.opening import Asked

    kind = registry.ledger(ledger)
    if kind.simulator is None:
        known = ", ".join(one.name for one in registry.ledgers() if one.simulator is not None)
        raise Stop(exits.WRONG_USE, f"{kind.title} has no simulator", fix=f"These have one: {known}")
    asked = Asked(
        host=host,
        port=port,
        state=state,
        config=config,
        has_limits=not no_limits,
        server_limit_s=server_limit_s,
    )
    try:
        with stopping() as stop, kind.simulator(asked) as ready:
            out = Output(as_json=as_json)
            out.result(ready)
            out.line(f"{kind.title} simulator at {ready['url']}; {ready['url']}/_sim tells how to use it")
            stop.wait()
            return stop.code
    except BadConfig as wrong:
        raise Stop(exits.WRONG_USE, f"the simulator cannot start: {wrong}") from None
