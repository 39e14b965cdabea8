"""Everything that runs: PostgreSQL, Valkey, the QuickBooks simulator, the web door and two workers.

Every process listens on loopback only and ends with this one, however this one ends.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.harness import Simulator, launcher
from tests.faults.seller import SECRET, SOURCE, companies
from tests.servers import PostgresServer, RedisServer, running_postgres, running_redis
from worker.bootstrap import App, build
from worker.settings import Settings
from worker.store.vault import new_key

PROJECT = Path(__file__).resolve().parent.parent.parent.parent
READY_S_MAX = 120
STOP_S_MAX = 30
AGAIN_S = 1.0
POLL_S = 0.05
SERVER_LIMIT_S = 1.0
ACCESS_TOKEN_S = 345
"""Good for 45 s: a token is renewed five minutes before its end."""


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


@dataclass
class Park:
    """The running things."""

    postgres: PostgresServer
    redis: RedisServer
    simulator: Simulator
    workers: tuple[Program, ...]
    web: Program
    app: App
    database_url: str

    @property
    def hook(self) -> str:
        """Where events are told; changes when the web is started again."""
        return f"{self.web.announced()['url']}/hooks/{SOURCE}"

    def wait_ready(self) -> None:
        """Return when every program has announced itself."""
        deadline = time.monotonic() + READY_S_MAX
        for program in (self.web, *self.workers):
            while not program.is_ready():
                if time.monotonic() > deadline:
                    log = program.folder / f"{program.name}.log"
                    raise ChildDied(f"{program.name} is not ready: {log.read_text()[-3000:]}")
                time.sleep(POLL_S)


@contextmanager
def a_park(*, refuses_duplicates: bool) -> Iterator[Park]:
    """Everything running and ready, on an empty database, until the block ends."""
    with (
        tempfile.TemporaryDirectory(prefix="subledger-chaos-") as name,
        running_postgres() as postgres,
        running_redis() as redis,
        _simulator(Path(name), refuses_duplicates=refuses_duplicates) as simulator,
    ):
        url = postgres.create_database()
        environment = _environment(url, redis.url)
        app = build(Settings.model_validate(environment))
        workers = tuple(Program(f"worker-{n}", ("worker",), environment, Path(name)) for n in (1, 2))
        web = Program("web", ("serve", "--no-worker", "--port", "0"), environment, Path(name))
        try:
            for program in (web, *workers):
                program.start()
            park = Park(postgres, redis, simulator, workers, web, app, url)
            park.wait_ready()
            yield park
        finally:
            app.store.close()
            for program in (web, *workers):
                program.kill()


def _environment(database_url: str, redis_url: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SUBLEDGER_KEYS": new_key("chaos"),
        "SUBLEDGER_CLIENT_SECRETS": "*=simulator-secret",
        "SUBLEDGER_WEBHOOK_SECRETS": f"{SOURCE}={SECRET}",
        "SUBLEDGER_DRAIN_SECONDS": "5",
        "SUBLEDGER_PUSH_THREADS": "4",
    }


@contextmanager
def _simulator(folder: Path, *, refuses_duplicates: bool) -> Iterator[Simulator]:
    file = folder / "simulator.json"
    config = companies(SERVER_LIMIT_S, refuses_duplicate_numbers=refuses_duplicates)
    file.write_text(json.dumps({**config, "oauth": {"access_token_s": ACCESS_TOKEN_S}}))
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
