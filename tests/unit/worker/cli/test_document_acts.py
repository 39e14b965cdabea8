"""Voids, settlements, files and mails on the command line, for a ledger that can do none of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.worker.cli.conftest import Command, everything
from worker.cli import exits

NUMBER = "US-2026-00001"


class TestALedgerThatCannot:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("void", NUMBER, "--yes"),
            ("attach", NUMBER, "note.txt"),
            ("send", NUMBER, "--to", "ap@x.example", "--yes"),
            ("settle", NUMBER, "--to", "US-2026-00002"),
        ],
    )
    def test_says_so_and_stores_nothing(
        self, busy: Path, run_command: Command, arguments: tuple[str, ...]
    ) -> None:
        (busy / "note.txt").write_text("hello")
        before = everything(busy)

        ended = run_command("document", *arguments, "--json")

        assert (ended.code, ended.error["class"]) == (exits.REFUSED, "refused")
        assert everything(busy) == before


class TestDocumentsThatWereNotSent:
    def test_are_listed(self, busy: Path, run_command: Command) -> None:
        listed = run_command("document", "list", "--not-sent", "--json")

        assert {one["number"] for one in listed.json["documents"]} == {NUMBER, "US-2026-00002"}


class TestAVoidWithoutAYes:
    def test_is_refused(self, busy: Path, run_command: Command) -> None:
        assert run_command("document", "void", NUMBER).code == exits.REFUSED
