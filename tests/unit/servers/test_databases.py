"""The database fixtures: both kinds, migrated, without rows."""

from __future__ import annotations

from worker.store import migrate
from worker.store.engine import open_store


class TestDatabaseUrl:
    def test_has_the_newest_schema(self, database_url: str) -> None:
        store = open_store(database_url)
        try:
            found = migrate.revision(store)
        finally:
            store.close()

        assert found == migrate.head()


class TestEmptyDatabaseUrl:
    def test_has_no_schema_yet(self, empty_database_url: str) -> None:
        store = open_store(empty_database_url)
        try:
            found = migrate.revision(store)
        finally:
            store.close()

        assert found is None
