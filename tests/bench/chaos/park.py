"""Everything that runs: PostgreSQL, Valkey, the QuickBooks simulator, the web door and two workers.

Every process listens on loopback only and ends with this one, however this one ends.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.programs import Program, environment, running_simulator, wait_ready
from tests.e2e.harness import Simulator
from tests.faults.seller import SECRET, SOURCE, companies
from tests.servers import PostgresServer, RedisServer, running_postgres, running_redis
from worker.bootstrap import App, build
from worker.settings import Settings

SERVER_LIMIT_S = 1.0
ACCESS_TOKEN_S = 345
"""Good for 45 s: a token is renewed five minutes before its end."""

_TOLD = {
    "SUBLEDGER_WEBHOOK_SECRETS": f"{SOURCE}={SECRET}",
    "SUBLEDGER_DRAIN_SECONDS": "5",
    "SUBLEDGER_PUSH_THREADS": "4",
}


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
        wait_ready(self.web, *self.workers)


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
        told = environment(url, redis.url, **_TOLD)
        app = build(Settings.model_validate(told))
        workers = tuple(Program(f"worker-{n}", ("worker",), told, Path(name)) for n in (1, 2))
        web = Program("web", ("serve", "--no-worker", "--port", "0"), told, Path(name))
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


def _simulator(folder: Path, *, refuses_duplicates: bool) -> AbstractContextManager[Simulator]:
    config = companies(SERVER_LIMIT_S, refuses_duplicate_numbers=refuses_duplicates)
    return running_simulator(folder, {**config, "oauth": {"access_token_s": ACCESS_TOKEN_S}})
