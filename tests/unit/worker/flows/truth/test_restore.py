"""A restored database has forgotten what it posted; the book has not, and is read first (row 71)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import select

from connectors.ledgers.quickbooks.simulator import Fault
from mappings.canonical.workspace import Setup, Workspace
from tests.unit.worker.flows.truth.conftest import COMPANY, Truth
from tests.unit.worker.small_world import contract, party, subscription, version
from worker.embedded import SentFile
from worker.flows import reconcile_book, verify, workspace
from worker.flows.push import drain
from worker.store import installation, lanes
from worker.store.tables import Row

UNGUARDED: tuple[Literal["ignore_request_id", "allow_duplicate_docnumber"], ...] = (
    "ignore_request_id",
    "allow_duplicate_docnumber",
)
"""A ledger that guards nothing: only our reads do."""


@pytest.fixture
def company() -> Any:
    return replace(COMPANY, customers=(), items=())


def snapshot(truth: Truth) -> dict[str, list[Any]]:
    """A backup: every row of every table."""
    with truth.store.read() as connection:
        return {
            name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for name, table in Row.metadata.tables.items()
        }


def restore(truth: Truth, backup: dict[str, list[Any]]) -> None:
    with truth.store.write() as connection:
        for name, table in Row.metadata.tables.items():
            connection.execute(table.delete())
            if backup[name]:
                connection.execute(table.insert(), backup[name])


def many(truth: Truth, count: int = 20) -> None:
    """Twenty more customers with a seat each."""
    codes = [f"P{number:02}" for number in range(count)]
    parties = (party("HOLD"), party("NORTH", "HOLD"), party("SOUTH", "HOLD"), party("LONE"))
    truth.import_(
        parties=(*parties, *(party(code) for code in codes)),
        contracts=(contract("C-HOLD", "HOLD"), contract("C-LONE", "LONE"),
                   *(contract(f"C-{code}", code) for code in codes)),
    )  # fmt: skip
    held = tuple(subscription(f"S-{code}", code) for code in codes)
    versions = tuple(version(f"S-{code}", 1) for code in codes)
    workspace.import_workspace(truth.ports, Workspace(Setup(), subscriptions=held, versions=versions))


def numbers(truth: Truth) -> list[str]:
    return sorted(str(one["DocNumber"]) for one in truth.dump("Invoice"))


def drain_with(truth: Truth, file: SentFile) -> None:
    ports = replace(truth.ports, watermark=file)
    for _ in range(12):
        drained = drain(ports, truth.book, truth.books[truth.book.code][1])
        if drained.wake_at is None:
            return


class TestARestoredDatabase:
    def test_posts_nothing_twice(self, truth: Truth, tmp_path: Path) -> None:
        """Row 71: snapshot, post 20, restore, run: the book holds each document once."""
        file = tmp_path / "subledger.db.sent"
        truth.run()
        many(truth)
        truth.release()
        backup = snapshot(truth)
        drain_with(truth, SentFile(file))
        before = numbers(truth)
        restore(truth, backup)
        truth.company.misbehave(
            Fault("ignore_request_id", times=0), Fault("allow_duplicate_docnumber", times=0)
        )

        drain_with(truth, SentFile(file))

        assert len(before) == 23
        assert numbers(truth) == before
        assert truth.states() == ["posted"] * 23
        assert len(truth.dump("Customer")) == 24

    def test_sends_what_the_book_does_not_hold(self, truth: Truth, tmp_path: Path) -> None:
        file = tmp_path / "subledger.db.sent"
        truth.release()
        backup = snapshot(truth)
        drain_with(truth, SentFile(file))
        gone = truth.rows("invoice")[0]["ledger_id"]
        truth.company.human().delete("Invoice", gone)
        restore(truth, backup)
        truth.company.misbehave(Fault("ignore_request_id", times=0))

        drain_with(truth, SentFile(file))

        assert truth.states() == ["posted"] * 3
        assert len(numbers(truth)) == 3

    def test_parks_what_it_would_number_anew(self, truth: Truth, tmp_path: Path) -> None:
        """Our mark is found among the changes whatever number it has there."""
        file = tmp_path / "subledger.db.sent"
        truth.release()
        backup = snapshot(truth)
        drain_with(truth, SentFile(file))
        row = truth.rows("invoice")[0]
        truth.company.human().edit("Invoice", row["ledger_id"], {"DocNumber": "OTHER-1"})
        restore(truth, backup)
        truth.company.misbehave(Fault("ignore_request_id", times=0))

        drain_with(truth, SentFile(file))

        parked = next(one for one in truth.rows("invoice") if one["state"] == "parked")
        assert (parked["reason"], "OTHER-1" in parked["why"]) == ("differs_there", True)
        assert len(numbers(truth)) == 3

    def test_creates_nothing_while_the_book_cannot_be_read(self, truth: Truth) -> None:
        truth.release()
        verify.restored(truth.ports, actor="ann", reason="backup")
        truth.company.misbehave(Fault("5xx_before_commit", operation="query", times=0))

        truth.drain()

        assert set(truth.states("customer")) == {"due", "planned"}
        assert truth.company.calls("writes") == 0

    def test_verifies_until_it_was_reconciled(self, truth: Truth) -> None:
        truth.release()
        verify.restored(truth.ports, actor="ann", reason="backup")
        for _ in range(5):
            truth.drain()
        verifying = lane(truth)

        reconcile_book.reconcile(truth.ports, truth.book)

        assert (verifying is not None, lane(truth)) == (True, None)
        assert truth.states() == ["posted"] * 3


def lane(truth: Truth) -> datetime | None:
    with truth.store.read() as connection:
        found = lanes.get(connection, truth.book.code)
    assert found is not None
    return found.verify_since


class TestTheEpoch:
    def test_that_the_environment_changed_lets_every_lane_verify(self, truth: Truth) -> None:
        """Row 71 where there is no file beside the database."""
        now = truth.company.clock.now()

        def meet(epoch: str) -> tuple[str, ...]:
            return truth.store.transact(
                lambda connection: installation.meet_epoch(connection, epoch, now=now)
            )

        assert (meet("one"), meet("one"), meet("two"), meet("two")) == ((), (), ("US-BOOK",), ())


class TestSentFile:
    def test_remembers_over_processes(self, tmp_path: Path, truth: Truth) -> None:
        at = truth.company.clock.now()
        SentFile(tmp_path / "x.sent").sent("B", at)

        assert SentFile(tmp_path / "x.sent").last_sent("B") == at

    @pytest.mark.parametrize("text", ["", "{", "[1]"])
    def test_that_is_damaged_says_nothing(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "x.sent").write_text(text)

        assert SentFile(tmp_path / "x.sent").last_sent("B") is None
