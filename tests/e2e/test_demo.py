"""The demo as a newcomer runs it: the command, its JSON, its words, and the commands it prints."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from worker.demo.books import beancount_book

SCRIPTS = Path(sys.executable).parent
SUBLEDGER = SCRIPTS / "subledger"
VARYING = ("seconds", "webhook", "after_kill", "calls")
"""Members of the JSON that hold durations, or depend on the moment of the kill."""


def environment() -> dict[str, str]:
    """Ours, with an installation of the user's own that the demo must leave alone."""
    return {**os.environ, "DATABASE_URL": "sqlite:////nowhere/else.db", "REDIS_URL": "redis://127.0.0.1:1/0"}


def demo(folder: Path) -> tuple[dict[str, Any], str]:
    """The JSON and the words of one demo."""
    done = subprocess.run(
        [SUBLEDGER, "demo", "--folder", folder, "--json"], capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = msgspec.json.decode(done.stdout)
    return found, done.stderr


def figures(found: Any) -> Any:
    """The demo's JSON without what varies."""
    if isinstance(found, list):
        return [figures(one) for one in found]
    if isinstance(found, dict):
        return {name: figures(value) for name, value in found.items() if name not in VARYING}
    return found


def in_a_new_shell(command: str, *, cwd: Path) -> str:
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, cwd=cwd, env={"PATH": "/usr/bin:/bin"}
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def totals_of_documents(documents: list[dict[str, Any]]) -> dict[tuple[str, str], Decimal]:
    """(book, currency) -> gross of the documents our database lists, credit notes subtracted."""
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for document in documents:
        gross = document["gross"]
        sign = -1 if document["kind"] == "credit_note" else 1
        sums[document["delivery"].removesuffix(" posted"), gross["currency"]] += sign * Decimal(
            gross["amount"]
        )
    return dict(sums)


class TestDemo:
    def test_holds_what_it_claims_and_gives_the_same_figures_again(self, tmp_path: Path) -> None:
        folder = tmp_path / "a demo's folder"
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()

        first, _ = demo(folder)
        second, words = demo(folder)

        assert words.startswith("No real ledger is contacted")
        for found in (first, second):
            self.assert_figures(found)
        assert figures(first) == figures(second)
        self.assert_beancount_book_is_sound(folder, second)
        self.assert_commands_work(words, elsewhere, second)
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a demo's folder", "elsewhere"]

    def assert_figures(self, found: dict[str, Any]) -> None:
        ledgers = [book["ledger"] for book in found["books"]]
        assert ledgers == ["quickbooks", "quickbooks", "beancount"]
        assert found["documents"] == sum(book["documents"] for book in found["books"]) > 30
        assert found["posted"] == found["documents"]
        assert {total["currency"] for book in found["books"] for total in book["totals"]} == {
            "EUR", "GBP", "JPY", "USD",
        }  # fmt: skip
        assert all(0 < book["calls"] < 2 * book["documents"] for book in found["books"])
        assert found["second_run"] == {"posted": 0, "billed": 0, "calls": 0}
        assert found["after_kill"]["unheard"] > 0
        assert (found["after_kill"]["duplicates"], found["after_kill"]["missing"]) == (0, 0)

    def assert_beancount_book_is_sound(self, folder: Path, found: dict[str, Any]) -> None:
        file = folder / "fernwolke-de.beancount"
        checked = subprocess.run([SCRIPTS / "bean-check", file], capture_output=True, text=True)
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
        (total,) = beancount_book("DE-BOOK", file).totals()
        (told,) = found["books"][2]["totals"]
        assert str(total.gross.decimal) == told["gross"]

    def assert_commands_work(self, words: str, cwd: Path, found: dict[str, Any]) -> None:
        lines = [line.strip() for line in words.splitlines()]
        commands = [line for line in lines if line.startswith(("DATABASE_URL=", "cp "))]
        explain, listing, status, own = commands
        assert f"Invoice {found['explained']}" in in_a_new_shell(explain, cwd=cwd)
        assert "35 of 35" in in_a_new_shell(status, cwd=cwd)
        assert "billed" in in_a_new_shell(own, cwd=cwd)
        documents = msgspec.json.decode(in_a_new_shell(f"{listing} --json", cwd=cwd))["documents"]
        told = {
            (book["name"], total["currency"]): Decimal(total["gross"])
            for book in found["books"]
            for total in book["totals"]
        }
        assert totals_of_documents(documents) == told

    def test_refuses_a_folder_that_no_demo_made(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.txt").write_text("years of work")

        done = subprocess.run(
            [SUBLEDGER, "demo", "--folder", tmp_path, "--json"], capture_output=True, text=True
        )

        assert done.returncode == 1
        assert "no demo made it" in msgspec.json.decode(done.stdout)["failed"]
        assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]
