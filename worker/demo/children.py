"""Child processes of the demo: started with a clean environment, and ended whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_END_S = 5.0
_START_S = 60.0
_OURS = ("DATABASE_URL", "REDIS_URL", "SUBLEDGER_")
"""Variables of the user's own installation: no child of the demo may see them."""


class ChildFailed(Exception):
    """A child process ended, or did not get ready in time; the message says which and where its log is."""


class Terminated(BaseException):
    """SIGTERM came: the demo unwinds as on Ctrl-C, so that its children end."""


class Child:
    """One running child. Its own session, so that a Ctrl-C comes to us alone and we end it in order."""

    def __init__(
        self, name: str, module: str, arguments: Sequence[str], *, env: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self._log = log
        with log.open("ab") as told:
            self.process = subprocess.Popen(  # noqa: S603  # our own modules with our own arguments
                [sys.executable, "-m", "worker.demo.tether", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                env=_clean_environment() | dict(env),
                cwd=log.parent,
                start_new_session=True,
            )

    def next_line(self) -> bytes:
        """The next line it prints; raises `ChildFailed` when it ends without one or takes too long."""
        assert self.process.stdout is not None
        patience = threading.Timer(_START_S, self.process.kill)
        patience.start()
        try:
            line = self.process.stdout.readline()
        finally:
            patience.cancel()
        if not line:
            why = f"ended, or was not ready within {_START_S:g} s; what it said is in {self._log}"
            raise ChildFailed(f"The {self.name} {why}.")
        return line

    def kill(self) -> None:
        """`kill -9`: no clean-up of any kind happens in it."""
        self.process.send_signal(signal.SIGKILL)
        self._reap()

    def end(self) -> None:
        """Ask it to stop, and insist after a while. Does nothing for one that has ended."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._reap()

    def _reap(self) -> None:
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


@contextmanager
def running(
    name: str, module: str, arguments: Sequence[str], *, env: Mapping[str, str], log: Path
) -> Iterator[Child]:
    """A child until the block ends, whatever ends it."""
    child = Child(name, module, arguments, env=env, log=log)
    try:
        yield child
    finally:
        child.end()


@contextmanager
def unwinding_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as an exception, as Ctrl-C does."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: whoever runs us there handles signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
