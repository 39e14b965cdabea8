"""A farm: one QuickBooks simulator with two companies, one Beancount book, and the real program.

Commands run as child processes of the installed `subledger`; the simulator is a process of its own and
keeps running when they are killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import requests

from tests.servers.process import LAUNCHER

HERE = Path(__file__).parent
PROGRAM = str(Path(sys.executable).parent / "subledger")
REALMS = {"US-BOOK": "9341450000000001", "UK-BOOK": "9341450000000002"}
COMMAND_S_MAX = 120
POLL_S = 0.02
_RUN_EACH = """
import json, sys
from worker.cli.main import invoke
for command in json.loads(sys.argv[1]):
    code = invoke([*command, "--json"])
    if code:
        sys.exit(code)
"""
_KEEP = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class Done:
    """A command that ended: its exit code, its JSON document ({} = none) and the problem it told, if any."""

    code: int
    out: Mapping[str, Any]
    problem: Mapping[str, Any]
    stderr: str

    @property
    def told(self) -> str:
        """Everything the problem says, as one text."""
        return json.dumps(self.problem, ensure_ascii=False) if self.problem else self.stderr


@dataclass
class Farm:
    """A folder, an environment and a simulator. `environment` may name servers and secrets."""

    folder: Path
    simulator: Simulator
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        return self.environment.get("DATABASE_URL", f"sqlite:///{self.folder / 'subledger.db'}")

    @property
    def beancount(self) -> Path:
        return self.folder / "de.beancount"

    def run(self, *arguments: str) -> Done:
        """Run one command with --json until it ends."""
        return finished(self.start(*arguments))

    def run_each(self, *commands: Sequence[str]) -> None:
        """Run several commands in one child, to save starting one for each; all must end with 0."""
        process = self.spawn(sys.executable, "-c", _RUN_EACH, json.dumps(commands))
        _, stderr = process.communicate(timeout=COMMAND_S_MAX)
        assert process.returncode == 0, stderr

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start one command with --json."""
        return self.spawn(PROGRAM, *arguments, "--json")

    def spawn(self, *command: str, log: IO[str] | int = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start a program in the farm's folder and environment; it ends with this process at the latest.

        One that logs more than a pipe holds needs a file for its `log` (standard error).
        """
        kept = {name: value for name, value in os.environ.items() if name in _KEEP}
        ours = {"DATABASE_URL": self.database_url, "SUBLEDGER_CLIENT_SECRETS": "*=simulator-secret"}
        return subprocess.Popen(
            [*launcher(), *command], cwd=self.folder, env=kept | ours | self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip

    def set_up(self, *texts: str, since: int = 2026) -> None:
        """Import the workspace of a farm that sells since a year, and these files; connect its books."""
        sold = the_file("workspace.yaml").replace("2026-", f"{since}-")
        files = [self.write(text, f"{n}.yaml") for n, text in enumerate((sold, *texts))]
        imports = [("workspace", "import", file) for file in files]
        self.run_each(*imports, *(self.connecting(book) for book in REALMS))

    def import_text(self, text: str, name: str = "file.yaml") -> Done:
        """Import a workspace file of this text."""
        return self.run("workspace", "import", self.write(text, name))

    def write(self, text: str, name: str) -> str:
        """Write a file with the simulator's address and the farm's folder filled in; returns its path."""
        file = self.folder / name
        text = text.replace("{{simulator}}", self.simulator.url).replace("{{folder}}", str(self.folder))
        file.write_text(text, encoding="utf-8")
        return str(file)

    def connecting(self, book: str) -> tuple[str, ...]:
        """The command that gives a book a refresh token that works now."""
        file = self.folder / f"refresh-token-{book}"
        file.write_text(self.simulator.refresh_token(REALMS[book]))
        return ("book", "connect", book, "--refresh-token-file", str(file))

    @contextmanager
    def workers(self, count: int) -> Iterator[list[subprocess.Popen[str]]]:
        """That many `subledger worker` processes, ready; a test may kill one and start another."""
        running = [self.worker() for _ in range(count)]
        try:
            yield running
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.communicate(timeout=COMMAND_S_MAX)

    def worker(self) -> subprocess.Popen[str]:
        """One worker process that has said that it is ready."""
        process = self.start("worker")
        assert process.stdout is not None
        for line in process.stdout:
            if line == "}\n":
                return process
        raise AssertionError(f"no worker: {process.communicate()[1]}")


@dataclass(frozen=True, slots=True)
class Simulator:
    """The running simulator and its own door."""

    url: str
    pid: int

    def get(self, path: str, **query: str) -> Any:
        """What its door answers; numbers are exact."""
        answer = requests.get(f"{self.url}/_sim/{path}", params=query, timeout=10)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.content, parse_float=Decimal)

    def post(self, path: str, body: object) -> Any:
        """Tell its door something."""
        answer = requests.post(f"{self.url}/_sim/{path}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refresh_token(self, realm: str) -> str:
        """A refresh token of a company that works now."""
        realms = self.get("ready")["realms"]
        return next(str(one["refresh_token"]) for one in realms if one["realm_id"] == realm)

    def writes(self) -> int:
        """Calls so far that changed a company."""
        return sum(int(one["writes"] + one["batches"]) for one in self.get("calls").values())

    def struck(self) -> int:
        """How many calls the fault script has met."""
        return sum(int(entry["struck"]) for entry in self.get("faults"))


def launcher() -> tuple[str, ...]:
    """Put before a command: its process ends with this one, however this one ends."""
    return (sys.executable, "-I", str(LAUNCHER), str(os.getpid()), str(int(signal.SIGKILL)), "")


def finished(process: subprocess.Popen[str]) -> Done:
    """Wait for a command and read what it said."""
    stdout, stderr = process.communicate(timeout=COMMAND_S_MAX)
    return Done(process.returncode, _document(stdout), _document(stderr), stderr)


def _document(text: str) -> dict[str, Any]:
    """The JSON document in a text that may hold lines for people before it."""
    start = 0 if text.startswith("{\n") else text.find("\n{\n") + 1
    found: dict[str, Any] = json.loads(text[start:]) if text[start : start + 2] == "{\n" else {}
    return found


def wait_until(is_true: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll until something is so; fails with its words when it does not come to that."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(POLL_S)


@contextmanager
def a_farm(
    folder: Path, *, environment: Mapping[str, str] | None = None, limits: bool = False
) -> Iterator[Farm]:
    """A farm in a folder that may not exist yet, its simulator running until the block ends.

    `limits`: the simulator allows no more calls than QuickBooks does.
    """
    folder.mkdir(exist_ok=True)
    with running_simulator(folder, companies(), limits=limits) as simulator:
        yield Farm(folder, simulator, dict(environment or {}))


@contextmanager
def running_simulator(
    folder: Path, config: Mapping[str, Any], *, limits: bool, ledger: str = "quickbooks"
) -> Iterator[Simulator]:
    """A ledger's simulator as a process of its own on a free port."""
    file = folder / "simulator.json"
    file.write_text(json.dumps(config))
    module = f"connectors.ledgers.{ledger}.simulator"
    command = [*launcher(), sys.executable, "-m", module, "--config", str(file), "--print-ready"]
    with (folder / "simulator.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, *([] if limits else ["--no-limits"])],
            cwd=HERE.parent.parent, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"no simulator: {(folder / 'simulator.log').read_text()}"
        yield Simulator(json.loads(line)["url"], process.pid)
    finally:
        process.kill()
        process.communicate()


def companies() -> dict[str, Any]:
    """A US company with sales tax and a UK one with VAT; a request is cut after 1 s."""
    vat = [
        {"id": "2", "name": "20% S", "rates": [{"id": "4", "name": "20% S", "percent": "20"}]},
        {"id": "5", "name": "No VAT", "rates": [{"id": "7", "name": "No VAT", "percent": "0"}]},
    ]
    us = {"realm_id": REALMS["US-BOOK"], "name": "Farm Cloud, Inc.", "currencies": ["JPY"]}
    uk = {"realm_id": REALMS["UK-BOOK"], "name": "Farm Cloud Ltd", "country": "GB", "home_currency": "GBP"}
    return {"companies": [us, uk | {"currencies": ["EUR"], "tax_codes": vat}], "server_limit_s": 1.0}


def the_file(name: str) -> str:
    """The text of a file beside this one."""
    return (HERE / name).read_text(encoding="utf-8")


def rates(*days: date) -> str:
    """A workspace file with the exchange rates of these days."""
    lines = ["subledger: 1", "fx_rates:"]
    for day in days:
        for currency, home, rate in (("JPY", "USD", "0.00641"), ("EUR", "GBP", "0.8712")):
            pair = f"currency: {currency}, home: {home}, on: {day}"
            lines.append(f'  - {{ {pair}, rate: "{rate}", source: test }}')
    return "\n".join(lines) + "\n"
