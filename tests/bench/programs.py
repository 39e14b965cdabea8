"""The product's own programs as children of a bench: workers, the web door, the QuickBooks simulator.

Every process listens on loopback only and ends with this one, however this one ends.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.harness import Simulator, launcher
from worker.store.vault import new_key

PROJECT = Path(__file__).resolve().parent.parent.parent
READY_S_MAX = 120
STOP_S_MAX = 30
AGAIN_S = 1.0
POLL_S = 0.05


class ChildDied(Exception):
    """A child of the bench ended, or never got ready; the message carries the end of its log."""


@dataclass
class Program:
    """A command of the product as a child; what it says goes to files. It may be killed and started again."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    starts: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def said(self) -> Path:
        """Its standard output since the last start."""
        return self.folder / f"{self.name}-{self.starts}.out"

    def start(self) -> None:
        """Start; returns at once."""
        self.starts += 1
        command = [*launcher(), sys.executable, "-m", "worker", *self.arguments, "--json"]
        with self.said.open("wb") as said, (self.folder / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=PROJECT, env=dict(self.environment),
                stdin=subprocess.DEVNULL, stdout=said, stderr=log,
            )  # fmt: skip

    def is_ready(self) -> bool:
        """Whether it has announced itself since the last start. Starts it again when it ended before."""
        if self._process is not None and self._process.poll() is not None:
            time.sleep(AGAIN_S)
            self.start()
        return self.said.read_text().endswith("}\n")

    def announced(self) -> Mapping[str, Any]:
        """What it printed when it was ready."""
        found: Mapping[str, Any] = json.loads(self.said.read_text())
        return found

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        """SIGTERM, and gone when this returns; killed when it does not end by itself."""
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """kill -9, and gone when this returns."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def wait_ready(*programs: Program) -> None:
    """Return when each of them has announced itself."""
    deadline = time.monotonic() + READY_S_MAX
    for program in programs:
        while not program.is_ready():
            if time.monotonic() > deadline:
                log = program.folder / f"{program.name}.log"
                raise ChildDied(f"{program.name} is not ready: {log.read_text()[-3000:]}")
            time.sleep(POLL_S)


def environment(database_url: str, redis_url: str, **more: str) -> dict[str, str]:
    """What a program of the bench is told, with new keys and the simulator's client secret."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SUBLEDGER_KEYS": new_key("bench"),
        "SUBLEDGER_CLIENT_SECRETS": "*=simulator-secret",
        **more,
    }


@contextmanager
def running_simulator(folder: Path, config: Mapping[str, Any]) -> Iterator[Simulator]:
    """A QuickBooks simulator of its own process on a free port; its files are in `folder`."""
    file = folder / "simulator.json"
    file.write_text(json.dumps(config))
    module = "connectors.ledgers.quickbooks.simulator"
    command = [*launcher(), sys.executable, "-m", module, "--config", str(file), "--print-ready"]
    with (folder / "simulator.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise ChildDied(f"the simulator did not start: {(folder / 'simulator.log').read_text()[-3000:]}")
        yield Simulator(json.loads(line)["url"], process.pid)
    finally:
        process.kill()
        process.communicate()
