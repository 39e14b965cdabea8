"""A pause whose cause we can look at ends by itself; others end by a person."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.ledgers import beancount
from connectors.protocols import Ledger
from mappings.canonical.book import Book
from tests.unit.worker.flows.conftest import BOOK, Bench
from worker.bootstrap import SilentDoorbell
from worker.flows.probe import probe
from worker.flows.sweep import sweep
from worker.store import lanes
from worker.store.tokens import BookTokens
from worker.store.vault import Vault


class TestProbe:
    @pytest.fixture
    def book(self, tmp_path: Path) -> Book:
        file = tmp_path / "books" / "de.beancount"
        return replace(BOOK, ledger="beancount", settings={"file": str(file)})

    def pause(self, bench: Bench, reason: str) -> None:
        with bench.store.write() as connection:
            lanes.pause(connection, BOOK.code, reason=reason, why="")

    def probe(self, bench: Bench, book: Book) -> bool:
        def open_ledger(book: Book) -> Ledger:
            tokens = BookTokens(bench.store, lambda: Vault({}), bench.clock, book.code)
            return beancount.LEDGER.open(book, clock=bench.clock, tokens=tokens)

        return probe(replace(bench.ports(), open_ledger=open_ledger, doorbell=SilentDoorbell()), book)

    def test_resumes_a_book_whose_cause_is_gone(self, bench: Bench, book: Book) -> None:
        self.pause(bench, "book_damaged")
        assert not self.probe(bench, book)
        assert ("probe_book", BOOK.code) not in self.rung(bench)
        Path(book.settings["file"]).parent.mkdir()
        bench.clock.advance(31)
        assert ("probe_book", BOOK.code) in self.rung(bench)

        assert self.probe(bench, book)

        with bench.store.read() as connection:
            lane = lanes.get(connection, BOOK.code)
        assert lane is not None
        assert lane.pause_reason == ""

    @pytest.mark.parametrize("reason", ["by_operator", "consent_lost"])
    def test_leaves_alone_what_a_person_must_end(self, bench: Bench, book: Book, reason: str) -> None:
        Path(book.settings["file"]).parent.mkdir()
        self.pause(bench, reason)

        assert not self.probe(bench, book)
        assert ("probe_book", BOOK.code) not in self.rung(bench)

    def rung(self, bench: Bench) -> list[tuple[str, str]]:
        bench.bell.rung.clear()
        sweep(bench.ports())
        return bench.bell.rung
