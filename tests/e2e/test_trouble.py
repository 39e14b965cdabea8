"""Books and disks that say no: a clear message and exit code, the others go on, nothing half-written."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import books
from tests.e2e.harness import REALMS, Done, Farm, a_farm, finished, rates
from tests.servers.databases import PostgresDatabases
from worker.store.vault import new_key

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def run(farm: Farm, day: date, *arguments: str) -> Done:
    return farm.run("run", "--as-of", day.isoformat(), *arguments)


def the_book(done: Done, code: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one for one in done.out["books"] if one["book"] == code)
    return found


@pytest.fixture
def seller(farm: Farm) -> Farm:
    """The farm, set up and connected, nothing billed yet."""
    farm.set_up(rates(JANUARY, FEBRUARY))
    return farm


class TestLostConsent:
    def test_pauses_that_book_alone_and_everything_posts_after_reconnecting(self, seller: Farm) -> None:
        """Row 56: one book is paused once; the other two post."""
        seller.simulator.post("revoke", {"realm": REALMS["US-BOOK"]})

        lost = run(seller, JANUARY)

        us = the_book(lost, "US-BOOK")
        assert (lost.code, us["paused"], us["posted"], us["attention"]) == (4, "consent_lost", 0, 0)
        assert "US-BOOK" in us["paused_why"]
        assert {the_book(lost, code)["open"] for code in ("UK-BOOK", "DE-BOOK")} == {0}
        assert {one.book for one in books.held_by(seller).documents} == {"UK-BOOK", "DE-BOOK"}

        assert seller.run(*seller.connecting("US-BOOK")).code == 0
        assert run(seller, JANUARY).code == 0
        books.check(seller)


class TestTakenNumber:
    def test_is_parked_and_never_adopted_and_the_others_are_posted(self, seller: Farm) -> None:
        """Row 62: a person used our number; ours waits for a person, the stranger's invoice is left alone."""
        human = {"realm": REALMS["US-BOOK"], "act": "create_invoice", "number": "US-2026-0002", "amount": 7}
        seller.simulator.post("human", human)

        done = run(seller, JANUARY)

        assert (done.code, the_book(done, "US-BOOK")["attention"]) == (3, 1)
        (parked,) = seller.run("delivery", "list", "--state", "parked").out["deliveries"]
        assert (parked["number"], parked["reason"]) == ("US-2026-0002", "number_taken")
        held = {one.number for one in books.held_by(seller).documents}
        issued = {one.number for one in books.issued_by(seller)}
        assert issued - held == {"US-2026-0002"}
        assert books.markers_held_twice(seller) == []


class TestFullDisk:
    LIMITED = (
        "import resource, sys; from worker.cli.main import invoke;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2);"
        "sys.exit(invoke(sys.argv[2:]))"
    )

    def limited(self, seller: Farm, bytes_max: int, *arguments: str) -> Done:
        """A command whose process cannot make any file longer than this (-B: nor leave half a .pyc)."""
        return finished(
            seller.spawn(sys.executable, "-B", "-c", self.LIMITED, str(bytes_max), *arguments, "--json")
        )

    def test_under_the_database_changes_nothing_and_says_so(self, seller: Farm) -> None:
        """Row 51: the write is refused, the transaction is rolled back; with space again it goes on."""
        before = books.canonical(seller)

        full = self.limited(seller, 4096, "run", "--as-of", JANUARY.isoformat())

        assert full.code == 7, full.stderr
        assert "disk" in full.told
        assert "Traceback" not in full.stderr
        assert (books.canonical(seller), books.held_by(seller).documents) == (before, ())
        assert run(seller, JANUARY).code == 0
        books.check(seller)

    def test_under_a_beancount_book_pauses_it_and_leaves_no_half_document(
        self, tmp_path: Path, postgres_databases: PostgresDatabases
    ) -> None:
        """The database is elsewhere, so only the book's file is at its end; the other books go on."""
        environment = {"DATABASE_URL": postgres_databases.empty(), "SUBLEDGER_KEYS": new_key("farm")}
        with a_farm(tmp_path, environment=environment) as seller:
            seller.set_up(rates(JANUARY, FEBRUARY))
            assert run(seller, JANUARY).code == 0
            whole = seller.beancount.read_bytes()

            full = self.limited(seller, len(whole) + 500, "run", "--as-of", FEBRUARY.isoformat())

            book = the_book(full, "DE-BOOK")
            assert (full.code, book["paused"], book["posted"]) == (3, "disk_full", 0), full.told
            assert "no document was written" in book["paused_why"]
            assert seller.beancount.read_bytes() == whole
            assert the_book(full, "US-BOOK")["open"] == the_book(full, "UK-BOOK")["open"] == 0
            assert seller.run("book", "resume", "DE-BOOK").code == 0
            assert run(seller, FEBRUARY).code == 0
            books.check(seller)
