"""Replay on the command line: plan, apply once, refused the second time."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from tests.servers.databases import SqliteDatabases
from tests.unit.worker.cli.conftest import Command, everything, open_app, seed
from worker.cli import exits
from worker.flows import run
from worker.store.tables import DeliveryRow, table_of

PARKED = "US-2026-00003"


@pytest.fixture
def stopped(folder: Path, sqlite_databases: SqliteDatabases) -> Path:
    """January is posted but for one delivery that was refused."""
    from datetime import date

    seed(folder, sqlite_databases)
    app = open_app(folder)
    hands = app.hands(should_stop=lambda: False)
    run.run(app.ports, hands, as_of=date(2026, 1, 31), progress=lambda _stage, _done, _of: None)
    rows = table_of(DeliveryRow)
    with app.store.write() as connection:
        connection.execute(
            update(rows)
            .where(rows.c.lookup == PARKED)
            .values(state="parked", reason="2500", send_started_at=None, wire=None, starts=0)
        )
    app.store.close()
    return folder


class TestReplayPlan:
    def test_is_shown_applied_once_and_then_refused(self, stopped: Path, run_command: Command) -> None:
        """Row 38: exit 6 the second time."""
        planned = run_command("replay", "plan", "--cause", "2500", "--json")
        plan = planned.json["plan"]

        shown = run_command("replay", "show", plan, "--json")
        done = run_command("replay", "apply", plan, "--reason", "tax code added", "--json")
        again = run_command("replay", "apply", plan, "--json")

        assert [one["prospect"] for one in planned.json["items"]] == ["create"]
        assert shown.json["state"] == "open"
        assert (done.code, done.json["applied"], len(done.json["started"])) == (exits.DONE, True, 1)
        assert (again.code, again.error["class"]) == (exits.REFUSED, "refused")
        assert "applied already" in again.error["error"]

    def test_dry_run_of_apply_changes_nothing(self, stopped: Path, run_command: Command) -> None:
        plan = run_command("replay", "plan", "--json").json["plan"]
        before = everything(stopped)

        done = run_command("replay", "apply", plan, "--dry-run", "--json")

        assert (done.json["applied"], len(done.json["started"])) == (False, 1)
        assert everything(stopped) == before

    def test_of_an_unknown_id_is_not_found(self, stopped: Path, run_command: Command) -> None:
        assert run_command("replay", "apply", "nonsense").code == exits.NOT_FOUND

    def test_of_an_unknown_state_is_wrong_use(self, stopped: Path, run_command: Command) -> None:
        assert run_command("replay", "plan", "--state", "lost").code == exits.WRONG_USE


class TestExceptions:
    def test_tell_the_cause_and_ask_for_attention(self, stopped: Path, run_command: Command) -> None:
        told = run_command("exceptions", "--json")

        assert told.code == exits.ATTENTION
        assert [(one["reason"], one["count"]) for one in told.json["causes"]] == [("2500", 1)]
        assert "do:" in run_command("exceptions").out
