"""Where workers live and die: a simulator that outlives them, a folder per story, and what must be so after.

The invariants are those of reliability.md section 4, I1 to I8.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from connectors.ledgers.quickbooks.simulator import Running, SimulatorConfig, serve
from tests.e2e import books
from tests.e2e.harness import Farm, Simulator, launcher
from tests.faults.crash_child import ACKNOWLEDGED, Ended, Request
from tests.faults.seller import REALMS, SECRET, SOURCE, STREET, Seller, Timing, companies
from worker.store.engine import Connection, open_store
from worker.store.tables import Row
from worker.store.vault import new_key

PROJECT = Path(__file__).resolve().parent.parent.parent
SELLER = Seller(parties=6, standing=5, start=date(2026, 3, 1), issuers=("US",))
BOOK = "US-BOOK"
REALM = REALMS[BOOK]
BEGIN = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
BETWEEN_LIVES = timedelta(hours=1)
CLIENT_SECRET = "simulator-secret"
CALLS_A_SECOND = 10
"""What the book allows in any second (the minute's 500 are more than a story makes)."""


@dataclass
class Lab:
    """A running simulator, the forking child, and an installation that each story gets a copy of."""

    running: Running
    child: subprocess.Popen[bytes]
    log: Path
    template: Path
    keys: str

    def story(self, folder: Path) -> Story:
        """A fresh installation and fresh companies."""
        self.running.simulator.reset(REALM)
        self.running.simulator.script.clear()
        for file in self.template.iterdir():
            shutil.copy(file, folder / file.name)
        return Story(self, folder)

    def live(self, request: Request) -> int:
        """One life of a worker; returns its exit code."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(msgspec.json.encode(request) + b"\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        assert line, f"the forking child ended: {self.log.read_text()[-2000:]}"
        return msgspec.json.decode(line, type=Ended).exit_code

    def request(self, folder: Path) -> Request:
        environment = {
            "DATABASE_URL": f"sqlite:///{folder / 'subledger.db'}",
            "SUBLEDGER_KEYS": self.keys,
            "SUBLEDGER_CLIENT_SECRETS": f"*={CLIENT_SECRET}",
            "SUBLEDGER_WEBHOOK_SECRETS": f"{SOURCE}={SECRET}",
        }
        return Request(environment, BEGIN, SELLER)


@dataclass
class Story:
    """One installation's lives, one after the other, an hour apart."""

    lab: Lab
    folder: Path
    lives: int = 0
    tokens: list[str] = field(default_factory=list)

    def live(self, *, crash_at: str = "", reconnects: bool = False, **does: Any) -> int:
        """The next life; `reconnects`: with a refresh token that works, before anything else."""
        self.lives += 1
        tokens = {}
        if reconnects:
            tokens = {BOOK: self.lab.running.refresh_token(REALM)}
            self.tokens.append(tokens[BOOK])
        request = replace(
            self.lab.request(self.folder),
            starts_at=BEGIN + self.lives * BETWEEN_LIVES,
            crash_at=crash_at,
            refresh_tokens=tokens,
            **does,
        )
        return self.lab.live(request)

    @property
    def acknowledged(self) -> tuple[int, ...]:
        """Events whose sender got a 202."""
        file = self.folder / ACKNOWLEDGED
        return tuple(map(int, file.read_text().split())) if file.exists() else ()

    @property
    def farm(self) -> Farm:
        """This installation and its companies, as end-to-end checks see them."""
        url = f"sqlite:///{self.folder / 'subledger.db'}"
        return Farm(self.folder, Simulator(self.lab.running.url, 0), {"DATABASE_URL": url})

    @property
    def paused(self) -> str:
        """Why the book is paused, "" when it is not."""
        (lane,) = self._rows("lane")
        return str(lane["pause_reason"])

    def parked(self) -> list[tuple[str, str]]:
        """Kind and reason of what waits for a person."""
        rows = self._rows("delivery")
        return [(str(row["kind"]), str(row["reason"])) for row in rows if row["state"] == "parked"]

    def check(self, *, documents: int) -> None:
        """Every invariant; `documents` is how many invoices were accepted."""
        issued = books.check(self.farm)  # I1, I2, I5: each once, as issued, nothing else
        assert len(issued) == documents
        self._check_rows(self._rows("delivery"))
        assert [row["state"] for row in self._rows("inbox")] == ["applied"] * len(self.acknowledged)
        entries = [row for row in self._rows("audit") if row["act"] == "document.release"]
        counted = sum(msgspec.json.decode(row["body"])["documents"] for row in entries)
        assert counted == documents  # I6, as far as it exists: no release without its entry
        self._check_silence()
        self._check_pace()

    def _check_rows(self, deliveries: list[Mapping[str, Any]]) -> None:
        """I3 and I4: all are final, and the bytes are those of the hash."""
        assert {row["state"] for row in deliveries} == {"posted"}
        for row in deliveries:
            assert hashlib.sha256(zlib.decompress(row["wire"])).hexdigest() == row["wire_hash"]
            assert row["ledger_id"]

    def _check_silence(self) -> None:
        """I7: no secret and no personal string in anything a worker said."""
        said = self.lab.log.read_text()
        keys = self.lab.keys.partition(":")[2] or self.lab.keys
        for canary in (CLIENT_SECRET, SECRET, STREET, keys, *self.tokens):
            assert canary not in said

    def _check_pace(self) -> None:
        """I8: no second holds more calls to one book than its limits allow."""
        starts = sorted({row["started_at"] for row in self._rows("attempt")})
        spans = [later - first for first, later in zip(starts, starts[CALLS_A_SECOND:], strict=False)]
        assert all(span > timedelta(seconds=1) for span in spans), starts

    def _rows(self, table: str) -> list[Mapping[str, Any]]:
        store = open_store(f"sqlite:///{self.folder / 'subledger.db'}")
        try:
            with store.read() as connection:
                return _all_of(connection, table)
        finally:
            store.close()


def _all_of(connection: Connection, table: str) -> list[Mapping[str, Any]]:
    return [dict(row) for row in connection.execute(select(Row.metadata.tables[table])).mappings()]


@contextmanager
def a_lab(folder: Path) -> Iterator[Lab]:
    """A lab with its simulator and its child until the block ends."""
    template = folder / "template"
    template.mkdir()
    config = msgspec.convert(companies(server_limit_s=120), SimulatorConfig)
    limits = replace(config.limits, enabled=False)  # the worker's clock is virtual, the simulator's is not
    log = folder / "workers.log"
    command = [*launcher(), sys.executable, "-m", "tests.faults.crash_child"]
    with (
        serve(replace(config, limits=limits)) as running,
        log.open("ab") as output,
        subprocess.Popen(
            command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output
        ) as child,
    ):
        try:
            lab = Lab(running, child, log, template, new_key("lab"))
            text = SELLER.workspace(running.url, Timing())
            code = lab.live(replace(lab.request(template), workspace=text))
            assert code == 0, log.read_text()[-2000:]
            yield lab
        finally:
            child.kill()
