"""Farms for journeys: embedded (SQLite, one process) and shared (PostgreSQL, Redis, workers)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Farm, a_farm
from tests.servers import RedisServer
from tests.servers.databases import PostgresDatabases
from worker.store.vault import new_key


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """An empty farm on SQLite."""
    with a_farm(tmp_path) as made:
        yield made


@pytest.fixture
def shared_environment(
    postgres_databases: PostgresDatabases, redis_server: RedisServer
) -> Iterator[dict[str, str]]:
    """The environment of an installation on PostgreSQL and an empty Redis."""
    yield {
        "DATABASE_URL": postgres_databases.empty(),
        "REDIS_URL": redis_server.url,
        "SUBLEDGER_KEYS": new_key("farm"),
        "SUBLEDGER_DRAIN_SECONDS": "5",
    }
    redis_server.kill()
    redis_server.start()
