from __future__ import annotations

from collections.abc import Iterator

import pytest

from worker.store.engine import Store, open_store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A fresh, migrated store; the test runs once on SQLite and once on PostgreSQL."""
    opened = open_store(database_url)
    yield opened
    opened.close()
