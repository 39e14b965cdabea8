"""A store of both kinds for every test that asks for one.

PostgreSQL is one database for all tests of a process, emptied before each: copying one costs a second.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import PostgresServer
from worker.store import migrate
from worker.store.engine import Store, open_store
from worker.store.tables import Row


@pytest.fixture(scope="session")
def postgres_store(postgres_server: PostgresServer) -> Iterator[Store]:
    """One migrated store of this test process."""
    opened = open_store(postgres_server.create_database())
    migrate.upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def both_stores(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A migrated store without rows; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        opened = open_store(request.getfixturevalue("sqlite_url"))
        yield opened
        opened.close()
        return
    shared: Store = request.getfixturevalue("postgres_store")
    with shared.write() as connection:
        for table in Row.metadata.tables.values():
            connection.execute(table.delete())
    yield shared


@pytest.fixture
def store(both_stores: Store) -> Store:
    return both_stores
