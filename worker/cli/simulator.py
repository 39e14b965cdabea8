"""`subledger simulator`: practice ledgers on this machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from worker.cli import exits
from worker.cli.nouns import noun
from worker.cli.options import AsJson
from worker.cli.output import Output
from worker.cli.problems import Stop
from worker.cli.stopping import stopping

app = noun("Practice ledgers on this machine; nothing real is contacted.")


@app.command("quickbooks")
def quickbooks(
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
    """Run a strict, stateful QuickBooks Online on loopback until Ctrl-C.

    Example: subledger simulator quickbooks --port 8090 --state ./practice
    """
    from connectors.ledgers.quickbooks.simulator import BadConfig, SimulatorConfig, read_config, serve

    try:
        settings = read_config(config) if config else SimulatorConfig()
        if no_limits:
            settings = replace(settings, limits=replace(settings.limits, enabled=False))
        if server_limit_s is not None:
            settings = replace(settings, server_limit_s=server_limit_s)
        with stopping() as stop, serve(settings, host=host, port=port, folder=state) as running:
            out = Output(as_json=as_json)
            out.result(running.ready())
            out.line(f"QuickBooks simulator at {running.url}; {running.url}/_sim tells how to use it")
            stop.wait()
            return stop.code
    except BadConfig as wrong:
        raise Stop(exits.WRONG_USE, f"the simulator cannot start: {wrong}") from None
