"""`run reverse` on the command line: plan, file, apply once."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.servers.databases import SqliteDatabases
from tests.unit.worker.cli.conftest import Command, everything, open_app, seed
from worker.cli import exits
from worker.flows import run
from worker.store.tables import RunRow, table_of


@pytest.fixture
def run_id(folder: Path, sqlite_databases: SqliteDatabases) -> str:
    """January is posted; this was its run."""
    seed(folder, sqlite_databases)
    app = open_app(folder)
    hands = app.hands(should_stop=lambda: False)
    run.run(app.ports, hands, as_of=date(2026, 1, 31), progress=lambda _stage, _done, _of: None)
    with app.store.read() as connection:
        found = str(connection.scalar(select(table_of(RunRow).c.id)))
    app.store.close()
    return found


class TestRunReverse:
    def test_writes_a_plan_and_applies_it_once(self, run_id: str, folder: Path, run_command: Command) -> None:
        planned = run_command("run", "reverse", run_id, "--plan", "plan.json", "--json")
        written = json.loads((folder / "plan.json").read_text())
        done = run_command("run", "reverse", run_id, "--apply", "plan.json", "--yes", "--json")
        again = run_command("run", "reverse", run_id, "--apply", planned.json["plan"], "--yes", "--json")

        assert [one["act"] for one in planned.json["items"]] == ["credit"] * 3
        assert written["plan"] == planned.json["plan"]
        assert (done.code, len(done.json["credited"])) == (exits.DONE, 3)
        assert again.code == exits.REFUSED

    def test_dry_runs_change_nothing(self, run_id: str, folder: Path, run_command: Command) -> None:
        plan = run_command("run", "reverse", run_id, "--json").json["plan"]
        before = everything(folder)

        looked = run_command("run", "reverse", run_id, "--dry-run", "--json")
        rehearsed = run_command("run", "reverse", run_id, "--apply", plan, "--dry-run", "--json")

        assert (looked.json["plan"], rehearsed.json["applied"]) == ("", False)
        assert len(rehearsed.json["credited"]) == 3
        assert everything(folder) == before

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (("run", "reverse", "nonsense"), exits.NOT_FOUND),
            (("run", "reverse"), exits.WRONG_USE),
            (("run", "undo", "x"), exits.WRONG_USE),
            (("run", "--dry-run"), exits.WRONG_USE),
        ],
    )
    def test_says_what_is_wrong(
        self, run_id: str, run_command: Command, arguments: tuple[str, ...], code: int
    ) -> None:
        assert run_command(*arguments).code == code
