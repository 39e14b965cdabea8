"""Opening the installation for one command: settings, logs, database, and the lock where it is needed."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from worker.cli import exits
from worker.cli.problems import Stop

if TYPE_CHECKING:
    from worker.bootstrap import App
    from worker.flows.ports import Ports
    from worker.settings import Settings


def settings_of_environment() -> Settings:
    """The settings, with logs set up by them."""
    from worker import logs
    from worker.settings import load

    settings = load()
    logs.configure(level=settings.log_level, form=settings.log_format)
    return settings


@contextmanager
def opened(*, may_create: bool = False, rings: bool = False) -> Iterator[App]:
    """The installation's objects. `may_create`: the command is a sensible first one on a new database.

    `rings`: where Redis is, workers elsewhere are told at once instead of at their next sweep.
    """
    settings = settings_of_environment()
    path = settings.sqlite_path
    if path is not None and not may_create and not path.exists():
        raise Stop(
            exits.NOT_FOUND,
            f"there is no database {path}",
            why="DATABASE_URL names it; unset, it is subledger.db in the folder you are in.",
            fix="Begin with: subledger workspace import FILE (or set DATABASE_URL to an existing one)",
        )
    from worker.bootstrap import build  # after the look: a wrong folder is told at once

    app = build(settings)
    if rings and settings.redis_url is not None:
        from worker.actors.register import open_queues

        open_queues(app)
    try:
        yield app
    finally:
        app.store.close()


def ports_of(app: App, *, dry_run: bool) -> Ports:
    """The doors of a flow; for a dry run with a store that keeps nothing and a bell that rings nowhere."""
    from worker.bootstrap import SilentDoorbell
    from worker.store.rehearsal import Rehearsal

    if not dry_run:
        return app.ports
    return replace(app.ports, store=Rehearsal(app.store.engine), doorbell=SilentDoorbell())


def actor() -> str:
    """Who acts, for the audit log."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli:unknown"


def confirm(question: str, *, yes: bool) -> None:
    """Ask before an act that cannot be undone. Without a terminal and without --yes it is refused."""
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Stop(
            exits.REFUSED,
            f"not done without a yes: {question}",
            why="This cannot be undone, and there is no terminal to ask on.",
            fix="Repeat the command with --yes.",
        )
    if not typer.confirm(question, err=True):
        raise Stop(exits.REFUSED, "nothing was done: the answer was no")


def read_input(path: Path, *, size_max: int = 256 * 1024 * 1024) -> bytes:
    """The bytes of a file named on the command line, or of stdin for `-`."""
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        size = path.stat().st_size
        if size > size_max:
            raise Stop(
                exits.WRONG_USE, f"{path} has {size:,} bytes; at most {size_max:,} are read", fix="Split it."
            )
        return path.read_bytes()
    except OSError as error:
        raise Stop(
            exits.WRONG_USE,
            f"{path} cannot be read: {error.strerror}",
            fix="Check the name and that you may read it.",
        ) from None
