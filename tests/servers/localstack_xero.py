"""localstack-xero from PyPI: somebody else's small Xero on loopback; no totals, limits or unique numbers."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.servers.process import ServerProcess, free_port

_SERVE = "import sys, threading, xero_local.server as s; s.start('127.0.0.1', int(sys.argv[1])); "
_WAIT = "threading.Event().wait()"


@contextmanager
def running_localstack_xero(home: Path) -> Iterator[str]:
    """The address of a new, empty one, ended when the block ends; its log is in `home`."""
    port = free_port()
    command = (sys.executable, "-c", _SERVE + _WAIT, str(port))
    process = ServerProcess(command, home / "localstack-xero.log", end_signal=signal.SIGKILL)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return requests.get(f"{url}/_xero/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    process.start(answers)
    try:
        yield url
    finally:
        process.kill()
