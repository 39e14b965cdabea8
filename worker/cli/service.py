"""`subledger serve` and `subledger worker`: the processes that run until they are told to stop."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli import exits
from worker.cli.opening import opened
from worker.cli.options import AsJson
from worker.cli.output import Output, finish
from worker.cli.problems import Stop
from worker.cli.stopping import Stopping, stopping

if TYPE_CHECKING:
    from worker.bootstrap import App


def add_to(app: typer.Typer) -> None:
    """Register the verbs at the top level."""
    app.command("serve")(serve)
    app.command("worker")(work)


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Only the web; workers run elsewhere.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Run the whole service in one process: webhooks, health, worker and sweeper, until SIGTERM or Ctrl-C.

    Example: subledger serve --port 8080
    """
    with opened(may_create=True, rings=True) as installation, stopping() as stop:
        settings = installation.settings
        address = (settings.host if host is None else host, settings.port if port is None else port)
        with _listening(address) as listener:
            works = nullcontext() if no_worker else working(installation)
            with works:
                bound = listener.getsockname()
                url = f"http://{f'[{bound[0]}]' if ':' in bound[0] else bound[0]}:{bound[1]}"
                _announce(installation, url, has_worker=not no_worker, as_json=as_json)
                _run_web(installation, listener, stop)
        return stop.code


def work(as_json: AsJson = False) -> int:
    """Run a worker: billing, inbox, deliveries and the sweeper, until SIGTERM or Ctrl-C.

    Example: REDIS_URL=redis://127.0.0.1/0 subledger worker
    """
    with opened(may_create=True) as installation, stopping() as stop, working(installation):
        _announce(installation, "", has_worker=True, as_json=as_json)
        stop.wait()
    return stop.code


@contextmanager
def working(installation: App) -> Iterator[None]:
    """The working half inside the block: it holds an embedded database and does others' work orders."""
    from worker.actors.service import Service

    with installation.holding(), Service(installation):
        yield


def _announce(installation: App, url: str, *, has_worker: bool, as_json: bool) -> None:
    out = Output(as_json=as_json)
    kind = "embedded" if installation.is_embedded else "shared"
    out.result({"url": url, "worker": has_worker, "database": kind, "holder": installation.holder})
    parts = [
        name
        for name, is_here in (("webhooks and health", url), ("worker and sweeper", has_worker))
        if is_here
    ]
    at = f" at {url}" if url else ""
    out.line(f"Subledger{at}: {', '.join(parts)}, {kind} database; Ctrl-C stops it")
    finish()  # whoever reads our output through a pipe waits for this line


@contextmanager
def _listening(address: tuple[str, int]) -> Iterator[socket.socket]:
    """A bound socket, so that a taken port is told in words before anything starts."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        listener = socket.create_server(address, family=family, backlog=512)
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"{address[0]}:{address[1]}") from None
    with listener:
        yield listener


def _run_web(installation: App, listener: socket.socket, stop: Stopping) -> None:
    """Serve until a signal comes. Uvicorn takes the signals meanwhile and hands them back to `stop`."""
    import uvicorn

    from worker.actors.health import queue_trouble
    from worker.cli.web_server import config
    from worker.web.app import make_app

    redis_url = installation.settings.redis_url
    url = redis_url.get_secret_value() if redis_url else None
    web = make_app(installation, queue_trouble=lambda: queue_trouble(url))
    uvicorn.Server(config(web)).run(sockets=[listener])
    if not stop.is_set():
        raise Stop(exits.FAILED, "the web server ended by itself", fix="Look at the log above.")
