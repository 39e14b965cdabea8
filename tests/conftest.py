"""Fixtures and rules for every test: servers, databases, contract data, hypothesis, no skips in CI."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings

from tests.servers import PostgresServer, RedisServer, running_postgres, running_redis
from tests.servers.databases import PostgresDatabases, SqliteDatabases

PROJECT = Path(__file__).resolve().parent.parent
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

IN_CI = os.environ.get("CI") == "true"

settings.register_profile("here", deadline=None, print_blob=True, max_examples=60)
settings.register_profile("ci", deadline=None, print_blob=True, max_examples=300, derandomize=True)
settings.register_profile("many", deadline=None, print_blob=True, max_examples=3000)
settings.load_profile("ci" if IN_CI else "here")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _no_skip_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _no_skip_in_ci((yield))


def _no_skip_in_ci(report: Report) -> Report:
    """With CI=true a skip is a failure: nobody reads skips there. Expected failures stay what they are."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, and with CI=true nothing may be skipped: {reason}"
    return report


@pytest.fixture(scope="session")
def contracts() -> Path:
    """The folder of official contract data (SUBLEDGER_CONTRACTS, default ../shared/contracts)."""
    folder = Path(os.environ.get("SUBLEDGER_CONTRACTS", PROJECT.parent / "shared" / "contracts"))
    if not folder.is_dir():
        pytest.skip(f"no contract data in {folder}; set SUBLEDGER_CONTRACTS to its folder")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test process. A test that kills it must start it again."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Valkey of this test process. A test that kills it must start it again."""
    with running_redis() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: PostgresServer) -> PostgresDatabases:
    """Makes databases on the session's PostgreSQL."""
    return PostgresDatabases(postgres_server)


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    """Makes SQLite files; the migrated one is made once."""
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite-template") / "template.db")


@pytest.fixture
def sqlite_url(sqlite_databases: SqliteDatabases, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database in the test's own folder."""
    return sqlite_databases.migrated(tmp_path)


@pytest.fixture
def postgres_url(postgres_databases: PostgresDatabases) -> str:
    """A fresh, migrated PostgreSQL database."""
    return postgres_databases.migrated()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database; the test runs once on each of the two kinds."""
    url: Any = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return str(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database without tables, of both kinds: for tests of the migrations."""
    if request.param == "sqlite":
        databases: SqliteDatabases = request.getfixturevalue("sqlite_databases")
        return databases.empty(tmp_path)
    on_server: PostgresDatabases = request.getfixturevalue("postgres_databases")
    return on_server.empty()
