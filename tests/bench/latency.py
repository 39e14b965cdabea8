"""From a stored event to its document in the book: `python -m tests.bench.latency --json`.

Prints one JSON document on standard output and its progress on standard error; exit code 1 when the target is
missed. Signed events go one by one through a web process and an idle worker to a QuickBooks simulator, with
real PostgreSQL and Valkey. Timed from the instant in the inbox row to the simulator's answer. Beside each
event the parts are timed that no program can do without: as many durable commits, one after the other, as
the event made until its document left, and one create at the simulator.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import requests
from sqlalchemy import select

from tests.bench.programs import Program, environment, running_simulator, wait_ready
from tests.e2e.harness import Simulator
from tests.faults.seller import REALMS, SECRET, SOURCE, Seller, Timing, companies, signed
from tests.servers import running_postgres, running_redis
from worker import logs
from worker.bootstrap import App, build
from worker.flows import connect, workspace
from worker.settings import Settings
from worker.store import deliveries
from worker.store.tables import InboxRow, table_of

INBOX = table_of(InboxRow)
BOOK, ISSUER = "US-BOOK", "US"
PARTIES = 20
"""Customers, who are in the book before anything is timed."""

AFTER_THE_ANSWER = 2
"""Transactions that write after the document is in the book: the verdict, and giving the lane back."""

SERVER_LIMIT_S = 1.0
TARGET_S = 0.025
POSTED_S_MAX = 30.0
POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Sample:
    """One event: seconds to its document, and seconds of the parts alone."""

    whole_s: float
    commits_s: float
    create_s: float
    commits: int


@dataclass
class Rig:
    """The running things and this process's own connections to them."""

    app: App
    simulator: Simulator
    hook: str
    database: psycopg.Connection
    session: requests.Session
    access_token: str
    customer: str = ""
    item: str = ""

    def sample(self, event: tuple[str, bytes]) -> Sample:
        """Tell one event, wait until its document is posted, and time the parts."""
        before = self._transactions()
        self.tell(event)
        commits = self._transactions() - before - AFTER_THE_ANSWER
        answered = self._answers()[-1]
        whole_s = (answered - self._stored_at(event[0])).total_seconds()
        return Sample(whole_s, self._commits_s(commits), self._create_s(event[0]), commits)

    def tell(self, event: tuple[str, bytes]) -> None:
        """Send one event and return when nothing of it waits any more."""
        headers = signed(*event, at=datetime.now(UTC))
        answer = self.session.post(self.hook, data=event[1], headers=headers, timeout=10)
        answer.raise_for_status()
        deadline = time.monotonic() + POSTED_S_MAX
        while not self._is_posted(event[0]):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{event[0]} is not in the book after {POSTED_S_MAX} s")
            time.sleep(POLL_S)

    def _is_posted(self, event_id: str) -> bool:
        state = select(INBOX.c.state).where(INBOX.c.event_id == event_id)
        with self.app.store.read() as connection:
            is_applied = connection.scalar(state) == "applied"
            return is_applied and not deliveries.open_count(connection, [BOOK])

    def _stored_at(self, event_id: str) -> datetime:
        query = select(INBOX.c.received_at).where(INBOX.c.event_id == event_id)
        with self.app.store.read() as connection:
            stored_at: datetime = connection.execute(query).scalar_one()
        return stored_at

    def _answers(self) -> list[datetime]:
        """When the simulator answered creates of invoices by the worker, oldest first."""
        path = f"/v3/company/{REALMS[BOOK]}/invoice"
        found = (one for one in self.simulator.get("log") if one["path"] == path)
        return [datetime.fromisoformat(one["at"]) for one in found if "bench" not in one["request_id"]]

    def _transactions(self) -> int:
        """The number of the next transaction that writes (asking takes one)."""
        row = self.database.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        assert row is not None
        return int(row[0]) + 1

    def _commits_s(self, count: int) -> float:
        began = time.perf_counter()
        for _ in range(count):
            self.database.execute("INSERT INTO bench_part (said) VALUES ('a row of some length')")
        return time.perf_counter() - began

    def _create_s(self, name: str) -> float:
        """One create of a document of one line, as the worker makes it, on a warm connection."""
        item = {"ItemRef": {"value": self.item}, "Qty": 1, "UnitPrice": 7, "TaxCodeRef": {"value": "NON"}}
        line = {"Amount": 7, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": item}
        body = {
            "DocNumber": f"P-{name}",
            "CustomerRef": {"value": self.customer},
            "CurrencyRef": {"value": "USD"},
            "Line": [line],
        }
        began = time.perf_counter()
        answer = self.session.post(
            f"{self.simulator.url}/v3/company/{REALMS[BOOK]}/invoice",
            params={"requestid": f"bench-{name}", "minorversion": "75"},
            json=body,
            headers={"Authorization": f"Bearer {self.access_token}", "Accept": "application/json"},
            timeout=10,
        )
        seconds = time.perf_counter() - began
        assert answer.status_code == 200, answer.text
        return seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the document; 0 when the target is met."""
    asked = _arguments(arguments)
    logs.configure(level="error", form="text")  # on standard error
    seller = Seller(PARTIES, 0, datetime.now(UTC).date().replace(day=1), issuers=(ISSUER,))
    chance = random.Random(1)
    with _rig(seller) as rig:
        say(f"{PARTIES} customers and the item come into the book first")
        for number in range(PARTIES):
            rig.tell(seller.event(number))
        rig.customer, rig.item = (_first(rig.simulator, one) for one in ("Customer", "Item"))
        samples = []
        for number in range(PARTIES, PARTIES + asked.events):
            time.sleep(chance.uniform(0.15, 0.3))
            samples.append(rig.sample(seller.event(number)))
        say(f"{len(samples)} events")
    document = _document(samples)
    print(json.dumps(document, indent=None if asked.json else 2))
    return 0 if document["is_met"] else 1


def _document(samples: Sequence[Sample]) -> dict[str, Any]:
    whole = sorted(one.whole_s for one in samples)
    parts = sorted(one.commits_s + one.create_s for one in samples)
    over = {name: _share(whole, share) - _share(parts, share) for name, share in _SHARES.items()}
    return {
        "events": len(samples),
        "commits_per_event": sorted(one.commits for one in samples)[len(samples) // 2],
        "whole_ms": _named(whole),
        "parts_ms": _named(parts),
        "commits_ms": _named(sorted(one.commits_s for one in samples)),
        "simulator_ms": _named(sorted(one.create_s for one in samples)),
        "over_the_parts_ms": {name: round(seconds * 1000, 2) for name, seconds in over.items()},
        "is_met": over["p99"] <= TARGET_S,
    }


_SHARES = {"p50": 0.50, "p99": 0.99}


def _named(seconds: Sequence[float]) -> dict[str, float]:
    return {name: round(_share(seconds, share) * 1000, 2) for name, share in _SHARES.items()}


def _share(seconds: Sequence[float], share: float) -> float:
    return seconds[min(len(seconds) - 1, int(share * len(seconds)))]


@contextmanager
def _rig(seller: Seller) -> Iterator[Rig]:
    """Everything running, the book connected, until the block ends."""
    with (
        tempfile.TemporaryDirectory(prefix="subledger-latency-") as name,
        running_postgres() as postgres,
        running_redis() as redis,
        running_simulator(Path(name), companies(SERVER_LIMIT_S)) as simulator,
    ):
        url = postgres.create_database()
        told = environment(url, redis.url, SUBLEDGER_WEBHOOK_SECRETS=f"{SOURCE}={SECRET}")
        app = build(Settings.model_validate(told))
        worker = Program("worker", ("worker",), told, Path(name))
        web = Program("web", ("serve", "--no-worker", "--port", "0"), told, Path(name))
        try:
            text = seller.workspace(simulator.url, Timing(SERVER_LIMIT_S))
            workspace.import_(app.ports, text.encode(), name="seller.yaml", actor="bench")
            token = simulator.refresh_token(REALMS[BOOK])
            connect.adopt(app.ports, app.book(BOOK), app.tokens(BOOK), refresh_token=token, actor="bench")
            for program in (web, worker):
                program.start()
            wait_ready(web, worker)
            with psycopg.connect(url, autocommit=True) as database:
                database.execute("CREATE TABLE bench_part (id bigserial PRIMARY KEY, said text)")
                hook = f"{web.announced()['url']}/hooks/{SOURCE}"
                yield Rig(app, simulator, hook, database, requests.Session(), _access_token(simulator))
        finally:
            app.store.close()
            for program in (web, worker):
                program.kill()


def _access_token(simulator: Simulator) -> str:
    """An access token of the bench's own, for the creates that are timed as a part."""
    told = simulator.get("ready")
    form = {"grant_type": "refresh_token", "refresh_token": simulator.refresh_token(REALMS[BOOK])}
    client = (told["client_id"], told["client_secret"])
    answer = requests.post(f"{simulator.url}/oauth2/v1/tokens/bearer", data=form, auth=client, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def _first(simulator: Simulator, entity: str) -> str:
    return str(simulator.get("dump", realm=REALMS[BOOK])[entity][0]["Id"])


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.latency", description=__doc__)
    parser.add_argument("--events", type=int, default=200, help="events that are timed")
    parser.add_argument("--json", action="store_true", help="one line (the document is JSON either way)")
    return parser.parse_args(arguments)


def say(words: str) -> None:
    """Progress, with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
