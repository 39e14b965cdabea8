"""The demo's data: readable workspace files, and events the source accepts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from connectors.ledgers.quickbooks.simulator import read_config
from connectors.protocols import Event
from connectors.registry import source
from connectors.sources.workspace_file import read_workspace_with_warnings
from mappings.canonical.workspace import Workspace
from tests.conftest import PROJECT
from worker.demo import scenario
from worker.demo.scenario import BEFORE_THE_KILL, MONTHS, OWN_START, WEBHOOK, Change
from worker.demo.service import SECRET, signed_headers


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / 'a "quoted" folder'
    scenario.write_workspace(tmp_path / "workspace", simulator="http://127.0.0.1:8090", folder=folder)
    return tmp_path / "workspace"


class TestWorkspaceFiles:
    def test_read_one_after_the_other_without_a_warning(self, workspace: Path) -> None:
        known = Workspace()
        for month in MONTHS:
            raw = (workspace / month.file).read_bytes()

            given, warnings = read_workspace_with_warnings(raw, name=month.file, known=known)

            assert warnings == ()
            known = known if known.setup.books else given

    def test_name_the_book_in_the_folder_whatever_it_is_called(self, workspace: Path) -> None:
        raw = (workspace / MONTHS[0].file).read_bytes()

        given, _ = read_workspace_with_warnings(raw, name=MONTHS[0].file)

        file = next(book.settings["file"] for book in given.setup.books if book.code == scenario.BEANCOUNT)
        assert file == str(workspace.parent / 'a "quoted" folder' / "fernwolke-de.beancount")

    def test_begin_with_the_example_of_the_manual(self, workspace: Path) -> None:
        example = PROJECT / "deploy" / "examples" / OWN_START

        assert (workspace / OWN_START).read_bytes() == example.read_bytes()


class TestSimulatorConfig:
    def test_is_one_the_simulator_reads(self, tmp_path: Path) -> None:
        path = tmp_path / "simulator.json"
        path.write_bytes(msgspec.json.encode(scenario.simulator_config()))

        config = read_config(path)

        assert {company.realm_id for company in config.companies} == set(scenario.QUICKBOOKS.values())
        assert config.limits.enabled


class TestChange:
    @pytest.mark.parametrize("change", [WEBHOOK, *BEFORE_THE_KILL], ids=lambda change: change.id)
    def test_is_an_event_the_source_reads(self, change: Change) -> None:
        event = Event("subscription_events", change.id, change.body())

        (state,) = source("subscription_events").read(event)

        assert state.versions[0].quantity == change.quantity

    def test_is_signed_as_the_source_asks(self) -> None:
        now = datetime(2026, 2, 12, 9, 30, tzinfo=UTC)
        body = WEBHOOK.body()

        headers = signed_headers(WEBHOOK.id, body, at=now)

        door = source("subscription_events")
        assert door.verify(headers, body, secrets=(SECRET,), now=now)
        assert not door.verify(headers, body + b" ", secrets=(SECRET,), now=now)
