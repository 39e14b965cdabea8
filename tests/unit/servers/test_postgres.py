"""The PostgreSQL of the tests: durable, killable, one fresh database per test."""

from __future__ import annotations

import psycopg
import pytest

from tests.servers import PostgresServer, running_postgres
from tests.servers.databases import PostgresDatabases


class TestPostgresServer:
    def test_keeps_what_was_committed_before_a_kill(self) -> None:
        with running_postgres() as server:
            with psycopg.connect(server.url) as connection:
                connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

            server.kill()
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(server.url)
            server.start()

            with psycopg.connect(server.url) as connection:
                assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)

    def test_is_as_durable_as_in_production(self, postgres_server: PostgresServer) -> None:
        with psycopg.connect(postgres_server.url) as connection:
            values = [
                connection.execute(f"SHOW {name}").fetchone()
                for name in ("fsync", "synchronous_commit", "full_page_writes")
            ]

        assert values == [("on",)] * 3

    def test_listens_on_loopback_only(self, postgres_server: PostgresServer) -> None:
        with psycopg.connect(postgres_server.url) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)


class TestPostgresDatabases:
    def test_are_never_shared(self, postgres_databases: PostgresDatabases) -> None:
        first, second = postgres_databases.empty(), postgres_databases.empty()

        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE mine AS SELECT 1")

        with psycopg.connect(second) as connection:
            assert connection.execute("SELECT to_regclass('mine')").fetchone() == (None,)
