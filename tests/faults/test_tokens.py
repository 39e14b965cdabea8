"""Rotating tokens under competition: real processes, and a ledger that punishes a token used twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from connectors.ledgers.quickbooks import simulator
from connectors.protocols import Token
from tests.conftest import PROJECT
from tests.unit.worker.small_world import BOOK, SETUP, WORLD
from worker.bootstrap import App, build
from worker.settings import Settings
from worker.store.tokens import TOKEN
from worker.store.vault import new_key
from worker.store.workspace import store_workspace

REALM = "9341450000000001"
PROCESSES, THREADS = 2, 4
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def ledger() -> Iterator[simulator.Running]:
    """Every refresh rotates the token, and using an old one kills the whole consent."""
    config = simulator.SimulatorConfig(
        companies=(simulator.CompanyConfig(realm_id=REALM, name="Example"),),
        oauth=simulator.OAuthConfig(rotation="always", reuse_revokes=True),
    )
    with simulator.serve(config) as running:
        yield running


@pytest.fixture
def environment(database_url: str, ledger: simulator.Running) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "SUBLEDGER_KEYS": new_key("k1"),
        "SUBLEDGER_CLIENT_SECRETS": f"US-BOOK={ledger.client_secret}",
    }


@pytest.fixture
def app(environment: dict[str, str], ledger: simulator.Running) -> Iterator[App]:
    """A connected book whose access token has expired."""
    settings = {
        "realm_id": REALM, "environment": "simulator", "country": "US", "client_id": ledger.client_id,
        "api_base": ledger.url, "token_endpoint": f"{ledger.url}/oauth2/v1/tokens/bearer",
    }  # fmt: skip
    book = replace(BOOK, ledger="quickbooks", settings=settings)
    workspace = replace(WORLD, setup=replace(SETUP, books=(book,)))
    app = build(Settings.model_validate(environment))
    app.store.transact(lambda connection: store_workspace(connection, workspace, now=LONG_AGO))
    token = Token("expired", ledger.refresh_token(REALM), LONG_AGO)
    app.tokens("US-BOOK").save(token, expected_version=0)
    yield app
    app.store.close()


class TestRefresh:
    def test_is_made_once_by_all_processes_and_threads(self, app: App, environment: dict[str, str]) -> None:
        """Row 57: one call; everybody else finds its result, and the consent lives on."""
        command = [sys.executable, "-m", "tests.faults.token_child", "US-BOOK", str(THREADS)]
        children = [
            subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**os.environ, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(PROCESSES)
        ]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"

        told = [child.communicate("go\n", timeout=60)[0] for child in children]

        got = {token for one in told for token in json.loads(one)}
        stored = app.tokens("US-BOOK").read()
        assert stored is not None
        assert got == {stored.access_token}
        with app.store.read() as connection:
            assert connection.execute(select(TOKEN.c.version)).scalar_one() == 2
