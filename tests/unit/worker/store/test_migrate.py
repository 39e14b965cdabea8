from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from worker.store import migrate
from worker.store.engine import open_store
from worker.store.migrations.draft import draft
from worker.store.tables import Row


class TestMigrations:
    def test_end_at_the_schema_of_the_models(self, empty_database_url: str) -> None:
        store = open_store(empty_database_url)

        migrate.upgrade(store)

        with store.read() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Row.metadata) == []
        store.close()

    def test_leave_no_schema_behind_when_one_of_them_fails(
        self, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The last statement of the upgrade fails: what went before is rolled back with it."""
        store = open_store(empty_database_url)
        with store.write() as connection:
            connection.execute(text("CREATE TABLE audit (at BIGINT)"))

        with pytest.raises(Exception, match="audit"):
            migrate.upgrade(store)

        assert inspect(store.engine).get_table_names() == ["audit"]
        store.close()

    def test_run_once_when_many_processes_start_at_once(self, empty_database_url: str) -> None:
        stores = [open_store(empty_database_url) for _ in range(4)]

        with ThreadPoolExecutor(4) as pool:
            reached = list(pool.map(migrate.upgrade, stores))

        assert reached == [migrate.head()] * 4
        for store in stores:
            store.close()

    def test_have_nothing_to_draft(self) -> None:
        assert draft() == "    # models and schema are the same"


class TestCheck:
    def test_accepts_a_migrated_database(self, database_url: str) -> None:
        store = open_store(database_url)

        migrate.check(store)

        assert migrate.revision(store) == migrate.head()
        store.close()

    def test_asks_for_an_upgrade_of_an_empty_database(self, empty_database_url: str) -> None:
        store = open_store(empty_database_url)

        with pytest.raises(migrate.UnsupportedRevision, match=r"no schema .* Run `subledger db upgrade`"):
            migrate.check(store)
        store.close()

    def test_refuses_a_database_of_a_newer_program(self, database_url: str) -> None:
        """Row 78."""
        store = open_store(database_url)
        with store.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

        for act in (migrate.check, migrate.upgrade):
            with pytest.raises(migrate.UnsupportedRevision, match=r"9999.* newer Subledger"):
                act(store)
        store.close()
