"""`conform` tries a ledger on a practice book or on a book of ours, and `ledger list` tells what there is."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from connectors import registry
from connectors.conformance.row import Failed, Row
from connectors.conformance.rows import ROWS
from connectors.conformance.stage import Stage, StageMissing
from connectors.conformance.trial import Trial
from connectors.protocols import Clock
from tests.unit.worker.cli.conftest import Command
from worker.cli import exits
from worker.cli.ledger import COLUMNS


class TestConform:
    def test_tells_every_row_of_a_practice_book(self, folder: Path, run_command: Command) -> None:
        ended = run_command("conform", "beancount", "--json")

        (report,) = ended.json["conform"]
        assert (ended.code, ended.json["is_conform"], report["counts"]["failed"]) == (exits.DONE, True, 0)
        assert [one["row"] for one in report["results"]] == [row.name for row in ROWS]
        assert set(report["has"]) | set(report["lacks"]) == set(registry.every_ability())
        assert all(one["how"] for one in (*report["results"], *report["safeties"]))
        assert list(folder.iterdir()) == []

    def test_says_it_in_tables(self, folder: Path, run_command: Command) -> None:
        ended = run_command("conform", "beancount", "--row", "create", "--row", "void")

        assert ended.out.splitlines()[:2] == [
            "row\tverdict\thow",
            "create\tpassed\tposted, and found by number in a new session; 1 in the book",
        ]
        assert "not offered by this ledger: applies credits" in ended.out
        assert ended.out.splitlines()[-1] == "1 passed, 1 not offered"

    def test_shows_all_ledgers_side_by_side(
        self, folder: Path, run_command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of two ledgers here: every one is started in the contract tests."""
        monkeypatch.setattr(
            registry, "_LEDGERS", [registry.ledger(name) for name in ("beancount", "quickbooks")]
        )

        ended = run_command("conform", "--row", "create", "--row", "void", "--markdown")

        assert ended.out.splitlines() == [
            "| row | beancount | quickbooks | what it proves |",
            "| --- | --- | --- | --- |",
            "| `create` | passed | passed | A document is in the book and found again under our number. |",
            "| `void` | not offered | passed | A void takes effect once and leaves the number used. |",
        ]

    def test_goes_on_with_the_others_where_one_cannot_be_started(
        self, folder: Path, run_command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def missing(folder: Path, *, clock: Clock) -> AbstractContextManager[Stage]:
            raise StageMissing("its server is not installed")

        absent = replace(registry.ledger("quickbooks"), name="absent", stage=missing)
        monkeypatch.setattr(registry, "_LEDGERS", (registry.ledger("beancount"), absent))

        every, one = run_command("conform", "--row", "create"), run_command("conform", "absent")

        told = "absent cannot be tried on this machine: its server is not installed"
        assert (every.code, told in every.err, "1 passed" in every.out) == (exits.DONE, True, True)
        assert (one.code, told in one.err) == (exits.LATER, True)

    def test_ends_with_failed_when_a_row_fails(
        self, folder: Path, run_command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(_on: Trial) -> str:
            raise Failed("it was not kept")

        monkeypatch.setattr("worker.flows.conform.ROWS", (Row("promise", "It is kept.", fails),))

        ended = run_command("conform", "beancount")

        assert (ended.code, "promise\tfailed\tit was not kept" in ended.out) == (exits.FAILED, True)

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("conform beancont", "did you mean 'beancount'"),
            ("conform beancount --row creat", "There is no row creat."),
            ("conform --book US-BOOK", "--book needs the ledger"),
        ],
    )
    def test_says_what_was_wrong(self, line: str, told: str, folder: Path, run_command: Command) -> None:
        ended = run_command(*line.split())

        assert (ended.code, told in ended.err) == (exits.WRONG_USE, True), ended.err


class TestConformOfABook:
    def test_writes_a_trial_into_it(self, installation: Path, run_command: Command) -> None:
        ended = run_command("conform", "beancount", "--book", "US-BOOK", "--yes", "--json")

        (report,) = ended.json["conform"]
        verdicts = {one["row"]: one["verdict"] for one in report["results"]}
        assert (ended.code, report["book"]) == (exits.DONE, "US-BOOK")
        assert (verdicts["create"], verdicts["lost_answer"]) == ("passed", "not possible")
        assert "number:" in (installation / "us.beancount").read_text()

    def test_asks_first(self, installation: Path, run_command: Command) -> None:
        ended = run_command("conform", "beancount", "--book", "US-BOOK")

        assert (ended.code, (installation / "us.beancount").exists()) == (exits.REFUSED, False)
        assert "into book US-BOOK, company US-BOOK (" in ended.err

    def test_is_refused_for_a_book_with_documents(self, busy: Path, run_command: Command) -> None:
        before = (busy / "us.beancount").read_bytes()

        ended = run_command("conform", "beancount", "--book", "US-BOOK", "--yes")

        assert (ended.code, "has documents of yours" in ended.err) == (exits.REFUSED, True)
        assert (busy / "us.beancount").read_bytes() == before

    def test_is_of_the_ledger_that_was_named(self, installation: Path, run_command: Command) -> None:
        ended = run_command("conform", "quickbooks", "--book", "US-BOOK", "--yes")

        assert (ended.code, "is of ledger beancount" in ended.err) == (exits.WRONG_USE, True)


class TestLedgers:
    def test_are_listed_with_what_they_can_do(self, folder: Path, run_command: Command) -> None:
        ended = run_command("ledger", "list", "--json")

        assert [one["name"] for one in ended.json["ledgers"]] == list(registry.names())
        assert run_command("ledger", "list").out.splitlines()[0].split("\t") == list(COLUMNS)
