"""Every verb speaks JSON, and every changing verb can be tried without changing anything."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.unit.worker.cli.conftest import PARKED, Command, everything
from worker.cli import exits
from worker.cli.main import program

WORKSPACE = "subledger: 1\nparties:\n  - {code: NEW, name: New, parent: HOLD}\n"

READING: dict[str, tuple[str, ...]] = {
    "status": (),
    "explain": ("US-2026-00001",),
    "workspace export": (),
    "workspace schema": (),
    "book list": (),
    "ledger list": (),
    "book check": ("US-BOOK",),
    "document list": ("--state", "released"),
    "document show": ("US-2026-00001",),
    "source events": ("--state", "refused"),
    "adjustment list": (),
    "report revenue": ("--from", "2026-01", "--until", "2026-04"),
    "statement": ("HOLD", "--in", "USD", "--from", "2026-01-01", "--on", "2026-12-31"),
    "delivery list": (),
    "delivery show": (PARKED,),
    "exceptions": (),
    "replay list": (),
    "reconcile list": (),
    "keys new": (),
    "audit list": (),
    "audit verify": (),
    "db check": (),
    "help exit-codes": (),
}
CHANGING: dict[str, tuple[str, ...]] = {
    "bill": ("--as-of", "2026-03-31"),
    "workspace import": ("new.yaml",),
    "source import": ("partner-center", "subscription.json"),
    "book pause": ("US-BOOK",),
    "book resume": ("US-BOOK",),
    "pause": ("--all",),
    "resume": ("--all",),
    "document approve": ("--book", "US-BOOK"),
    "adjustment add": (
        "--party",
        "NORTH",
        "--product",
        "SEAT",
        "--amount",
        "5.00",
        "--reason",
        "setup",
        "--approved-by",
        "JD",
    ),
    "document hold": ("{draft}",),
    "document release": ("{draft}",),
    "delivery replay": (PARKED,),
    "delivery cancel": (PARKED,),
    "replay plan": (),
    "db restored": (),
    "book verified": ("US-BOOK",),
    "db upgrade": (),
    "keys rotate": (),
}
ELSEWHERE = {
    "run": "test_run.py",
    "reconcile provider": "test_reconcile.py",
    "book connect": "test_connect.py",
    "document void": "test_document_acts.py",
    "document settle": "test_document_acts.py",
    "document attach": "test_document_acts.py",
    "document send": "test_document_acts.py",
    "mapping import": "test_mapping.py",
    "mapping suggest": "test_mapping.py",
    "reconcile book": "test_reconcile_books.py",
    "reconcile accept": "test_reconcile_books.py",
    "replay apply": "test_replaying.py",
    "replay show": "test_replaying.py",
    "serve": "test_service.py",
    "worker": "test_service.py",
    "simulator": "test_service.py",
    "demo": "the end-to-end tests",
    "conform": "test_conform.py",
}


def verbs(command: Any, path: str = "") -> Iterator[str]:
    """Every verb of the program by its full name."""
    for name, one in getattr(command, "commands", {}).items():
        full = f"{path} {name}".strip()
        yield from verbs(one, full) if getattr(one, "commands", None) else (full,)


@pytest.fixture
def arguments(busy: Path, run_command: Command) -> Any:
    """Fills in what a verb's arguments need from the installation."""
    (busy / "new.yaml").write_text(WORKSPACE)
    (busy / "subscription.json").write_text(SUBSCRIPTION)

    def fill(given: tuple[str, ...]) -> list[str]:
        if "{draft}" not in given:
            return list(given)
        drafts = run_command("document", "list", "--state", "draft", "--json").json["documents"]
        return [drafts[0]["ref"] if one == "{draft}" else one for one in given]

    return fill


SUBSCRIPTION = """{"id": "4c6bbb0c-1f2a-4b1d-9c55-0f6c9d8a7b11", "offerId": "CFQ7TTC0LH18:0001:CFQ7TTC0K5DM",
 "offerName": "Seat", "quantity": 3, "effectiveStartDate": "2026-01-01T00:00:00Z", "status": "active",
 "commitmentEndDate": "2026-12-31T00:00:00Z", "billingCycle": "monthly", "termDuration": "P1Y",
 "creationDate": "2026-01-01T00:00:00Z", "attributes": {"objectType": "Subscription"}}"""


class TestProgram:
    def test_starts_without_loading_a_connector(self) -> None:
        """Requests, simulators and ledgers take a second; `--help` and most verbs need none of them."""
        look = (
            "import sys, worker.cli.main; print([one for one in sys.modules if one.startswith('connectors')])"
        )

        ended = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

        assert ended.stdout.strip() == "[]"


class TestEveryVerb:
    def test_is_in_a_test(self) -> None:
        assert set(verbs(typer.main.get_command(program()))) == {*READING, *CHANGING, *ELSEWHERE}

    @pytest.mark.parametrize("verb", [*READING, *CHANGING])
    def test_prints_one_json_document(self, verb: str, run_command: Command, arguments: Any) -> None:
        dry = ["--dry-run"] if verb in CHANGING else []

        ended = run_command(*verb.split(), *arguments({**READING, **CHANGING}[verb]), *dry, "--json")

        assert ended.json["schema"] == 1
        assert ended.code in (exits.DONE, exits.ATTENTION)

    @pytest.mark.parametrize("verb", list(READING))
    def test_prints_no_colour_into_a_pipe(self, verb: str, run_command: Command, arguments: Any) -> None:
        ended = run_command(*verb.split(), *arguments(READING[verb]))

        assert ended.out
        assert "\x1b" not in ended.out

    @pytest.mark.parametrize("noun", ["workspace", "source", "book", "document", "delivery", "db"])
    def test_is_listed_by_its_noun(self, noun: str, run_command: Command) -> None:
        ended = run_command(noun)

        assert ended.code == exits.DONE
        assert "Commands" in ended.out


class TestDryRun:
    @pytest.mark.parametrize("verb", list(CHANGING))
    def test_writes_nothing(self, verb: str, busy: Path, run_command: Command, arguments: Any) -> None:
        given = arguments(CHANGING[verb])
        before = everything(busy)

        ended = run_command(*verb.split(), *given, "--dry-run", "--json")

        assert ended.json["applied"] is False
        assert everything(busy) == before
