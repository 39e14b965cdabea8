"""A pause whose cause we can look at ends by itself; others end by a person."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.errors import ConsentLost
from connectors.ledgers import beancount
from connectors.protocols import BookState, Ledger, Token
from mappings.canonical.book import Book
from tests.fakes.ledger import MemoryLedger
from tests.unit.worker.flows.conftest import BOOK, Bench
from worker.bootstrap import SilentDoorbell
from worker.flows.probe import probe
from worker.flows.sweep import sweep
from worker.store import lanes
from worker.store.tokens import BookTokens
from worker.store.vault import Vault, new_key, parse_keys


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


class RenewingLedger(MemoryLedger):
    """A ledger whose every question renews the token first, as a client of an OAuth ledger does."""

    def __init__(self, tokens: BookTokens, lost: ConsentLost | None = None) -> None:
        super().__init__()
        self.tokens = tokens
        self.lost = lost
        self.asked = 0

    def check(self) -> BookState:
        self.asked += 1
        stored = self.tokens.read()
        assert stored is not None
        if self.lost is not None:
            raise self.lost
        self.tokens.save(replace(stored, refresh_token="renewed"), expected_version=stored.version)
        return super().check()


class TestIdleToken:
    """Consent ends when a token is unused for 100 days: a quiet book must not lose it."""

    BEANCOUNT = replace(BOOK, ledger="beancount", settings={"file": "/nowhere/de.beancount"})

    @pytest.fixture
    def tokens(self, bench: Bench) -> BookTokens:
        vault = parse_keys(new_key("k"))
        tokens = BookTokens(bench.store, lambda: vault, bench.clock, BOOK.code)
        tokens.save(Token("access", "first", bench.clock.now()), expected_version=0)
        return tokens

    def sweep(self, bench: Bench, ledger: RenewingLedger) -> None:
        """Sweep, and do what was rung for."""
        bench.bell.rung.clear()
        sweep(bench.ports())
        for name, _ in bench.bell.rung:
            if name == "probe_book":
                ports = replace(bench.ports(), open_ledger=lambda _book: ledger)
                probe(ports, self.BEANCOUNT)

    def test_is_renewed_after_thirty_days(self, bench: Bench, tokens: BookTokens) -> None:
        ledger = RenewingLedger(tokens)
        for _ in range(3):
            self.sweep(bench, ledger)
        assert ledger.asked == 0
        bench.clock.advance(31 * 86_400)

        for _ in range(3):
            self.sweep(bench, ledger)

        renewed = tokens.read()
        assert ledger.asked == 1
        assert renewed is not None
        assert renewed.refresh_token == "renewed"

    def test_that_can_no_longer_be_renewed_pauses_the_book_once(
        self, bench: Bench, tokens: BookTokens
    ) -> None:
        """Row 56: nobody has to send something first to hear of it."""
        ledger = RenewingLedger(tokens, ConsentLost("withdrawn", code="invalid_grant"))
        bench.clock.advance(31 * 86_400)

        for _ in range(3):
            self.sweep(bench, ledger)
            bench.clock.advance(2 * 3600)

        with bench.store.read() as connection:
            lane = lanes.get(connection, BOOK.code)
        assert ledger.asked == 1
        assert lane is not None
        assert (lane.pause_reason, lane.pause_why) == ("consent_lost", "withdrawn")

    def test_of_a_book_that_a_person_paused_is_renewed_and_stays_paused(
        self, bench: Bench, tokens: BookTokens
    ) -> None:
        bench.pause("by_operator")
        ledger = RenewingLedger(tokens)
        bench.clock.advance(31 * 86_400)

        self.sweep(bench, ledger)

        with bench.store.read() as connection:
            lane = lanes.get(connection, BOOK.code)
        assert ledger.asked == 1
        assert lane is not None
        assert lane.pause_reason == "by_operator"
