"""Workers on a town of books: started, fed, followed until every delivery is posted."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil

from tests.bench.programs import Program, environment, running_simulator, wait_ready
from tests.bench.push.books import Town
from tests.e2e.harness import Simulator
from worker.actors.register import open_queues
from worker.bootstrap import App, build
from worker.settings import Settings
from worker.store import deliveries, lanes
from worker.store.engine import Connection

POLL_S = 0.2


class NotPosted(Exception):
    """The books did not come to hold everything."""


@dataclass(frozen=True, slots=True)
class Call:
    """One answered call, as the simulator saw it. `at`: seconds since 1970."""

    realm: str
    what: str
    status: int
    at: float


@dataclass
class Works:
    """A town's simulator, database and workers, with this process's own doors to them."""

    town: Town
    simulator: Simulator
    app: App
    workers: Sequence[Program]

    def release(self, books: Sequence[str]) -> float:
        """Let these lanes go and ring for them, as a run does; returns when that was."""

        def work(connection: Connection) -> None:
            for book in books:
                lanes.resume(connection, book)

        self.app.store.transact(work)
        released = time.time()
        for book in books:
            self.app.doorbell.ring("drain_book", book)
        return released

    def finish(self, books: Sequence[str], *, within_s: float) -> None:
        """Return when nothing of these books waits any more; raises `NotPosted`."""
        deadline = time.monotonic() + within_s
        while True:
            with self.app.store.read() as connection:
                waiting = deliveries.open_count(connection, books)
            if not waiting:
                return
            if time.monotonic() > deadline:
                raise NotPosted(f"{waiting} deliveries still wait after {within_s:.0f} s")
            time.sleep(POLL_S)

    def cpu_s(self) -> float:
        """CPU seconds that the workers have used so far."""
        times = [psutil.Process(worker.pid).cpu_times() for worker in self.workers]
        return float(sum(one.user + one.system for one in times))

    def calls(self) -> tuple[Call, ...]:
        """The simulator's log of company calls, oldest first."""
        found = []
        for entry in self.simulator.get("log"):
            parts = entry["path"].split("/")
            if parts[1:3] == ["v3", "company"]:
                at = datetime.fromisoformat(entry["at"]).timestamp()
                found.append(Call(parts[3], parts[4], entry["status"], at))
        return tuple(found)

    def counts(self) -> dict[str, int]:
        """Calls of all companies together, by kind."""
        total: dict[str, int] = {}
        for one in self.simulator.get("calls").values():
            for name, value in one.items():
                total[name] = total.get(name, 0) + int(value)
        return total


@contextmanager
def works(
    folder: Path, town: Town, *, database: str, redis: str, workers: int, threads: int
) -> Iterator[Works]:
    """Everything of a town, its lanes paused and its workers running, until the block ends."""
    folder.mkdir()
    with running_simulator(folder, town.companies()) as simulator:
        told = environment(database, redis, SUBLEDGER_PUSH_THREADS=str(threads))
        app = build(Settings.model_validate(told))
        programs = [Program(f"worker-{n}", ("worker",), told, folder) for n in range(workers)]
        try:
            open_queues(app)
            tokens = {one["realm_id"]: one["refresh_token"] for one in simulator.get("ready")["realms"]}
            town.set_up(app, simulator.url, tokens)
            for program in programs:
                program.start()
            wait_ready(*programs)
            yield Works(town, simulator, app, programs)
        finally:
            app.store.close()
            for program in programs:
                program.kill()
