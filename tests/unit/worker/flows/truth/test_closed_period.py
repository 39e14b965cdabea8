"""A closed period: held or dated anew before release, blocked after it, and free once it is open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from mappings.canonical.document import Document
from tests.unit.worker.flows.truth.conftest import COMPANY, JANUARY, Truth, book_at
from tests.unit.worker.small_world import ISSUER
from worker.billing.values import Check
from worker.flows import book_check
from worker.flows.sweep import sweep
from worker.store.book_facts import FACTS
from worker.store.overview import DOCUMENT


@pytest.fixture
def company() -> Any:
    """Nothing is in the way of creating customers and items."""
    return replace(COMPANY, customers=(), items=())


@pytest.fixture
def as_of(truth: Truth) -> Truth:
    """Documents are dated on the last billed day, 31 January."""
    truth.import_(issuers=(replace(ISSUER, document_date="as_of"),))
    return truth


def policy(truth: Truth, closed_period: Any) -> None:
    truth.book = book_at(truth.company, closed_period=closed_period)
    truth.import_(issuers=(replace(ISSUER, document_date="as_of"),))


def close(truth: Truth, until: date | None) -> None:
    """Finance closes (or opens) the books."""
    truth.company.reconfigure(book_close_date=until)


def ask(truth: Truth) -> book_check.BookCheck:
    return book_check.check(truth.ports, truth.book)


def documents(truth: Truth) -> list[tuple[str, Document, tuple[Check, ...]]]:
    with truth.store.read() as connection:
        rows = connection.execute(select(DOCUMENT).order_by(DOCUMENT.c.sort_key)).mappings().all()
    return [
        (row["state"], msgspec.json.decode(row["body"], type=Document),
         msgspec.json.decode(row["checks"], type=tuple[Check, ...]))
        for row in rows
    ]  # fmt: skip


class TestBeforeRelease:
    def test_a_document_into_a_closed_period_is_held(self, as_of: Truth) -> None:
        """Row 64: before the push, by the closing date the book told."""
        close(as_of, JANUARY)
        ask(as_of)

        as_of.release()

        assert {state for state, _, _ in documents(as_of)} == {"held"}
        assert {checks[0].code for _, _, checks in documents(as_of)} == {"closed_period"}
        assert as_of.rows() == []

    def test_goes_on_with_the_next_bill_once_the_period_is_open(self, as_of: Truth) -> None:
        close(as_of, JANUARY)
        ask(as_of)
        as_of.release()
        close(as_of, None)
        ask(as_of)

        as_of.run()

        assert as_of.states() == ["posted"] * 3

    def test_may_be_dated_on_the_first_open_day_with_the_reason_kept(self, truth: Truth) -> None:
        policy(truth, "redate")
        close(truth, date(2026, 2, 28))
        ask(truth)

        truth.run()

        state, document, notes = documents(truth)[0]
        assert (state, document.document_date) == ("released", date(2026, 3, 1))
        assert document.due_date == date(2026, 3, 31)
        assert notes[0].code == "redated"
        assert "Dated 2026-03-01 instead of 2026-01-31" in notes[0].sentence
        assert {invoice["TxnDate"] for invoice in truth.dump("Invoice")} == {"2026-03-01"}

    def test_is_held_where_the_period_is_not_over(self, truth: Truth) -> None:
        policy(truth, "redate")
        close(truth, truth.company.clock.now().date() + timedelta(days=30))
        ask(truth)

        truth.release()

        assert {state for state, _, _ in documents(truth)} == {"held"}

    def test_a_book_is_asked_at_most_once_in_twelve_hours(self, truth: Truth) -> None:
        book_check.refresh(truth.ports, (truth.book,))
        before = truth.company.calls("reads")

        book_check.refresh(truth.ports, (truth.book,))
        same = truth.company.calls("reads") - before
        with truth.store.write() as connection:
            old = truth.company.clock.now() - timedelta(hours=13)
            connection.execute(update(FACTS).values(asked_at=old, checked_at=old))
        book_check.refresh(truth.ports, (truth.book,))

        assert (same, truth.company.calls("reads") - before) == (0, 2)


class TestAfterRelease:
    def test_a_document_is_blocked_and_goes_on_by_itself_once_the_period_is_open(self, as_of: Truth) -> None:
        """Row 64: its own date never changes."""
        as_of.release()
        close(as_of, JANUARY)
        as_of.drain()
        blocked = as_of.states()
        still = ask(as_of).freed
        close(as_of, date(2025, 12, 31))

        freed = ask(as_of).freed
        as_of.drain()

        assert blocked == ["blocked"] * 3
        assert (still, len(freed)) == ((), 3)
        assert as_of.states() == ["posted"] * 3
        assert {invoice["TxnDate"] for invoice in as_of.dump("Invoice")} == {"2026-01-31"}

    def test_the_sweeper_asks_the_book_again_after_a_while(self, as_of: Truth) -> None:
        as_of.release()
        close(as_of, JANUARY)
        as_of.drain()
        as_of.bell.rung.clear()

        sweep(as_of.ports)
        first = list(as_of.bell.rung)
        ask(as_of)
        as_of.bell.rung.clear()
        sweep(as_of.ports)

        assert ("probe_book", "US-BOOK") in first
        assert ("probe_book", "US-BOOK") not in as_of.bell.rung


class TestAnotherCompany:
    def test_behind_the_same_connection_pauses_the_book_until_a_person_accepts(self, truth: Truth) -> None:
        """Row 72."""
        ask(truth)
        truth.company.reconfigure(name="Somebody Else Inc.", customers=(), items=())
        found = ask(truth)
        paused = truth.drain().why

        accepted = book_check.check(truth.ports, truth.book, actor="ann", accept=True)
        truth.run()

        assert "--accept" in found.problems[0]
        assert paused == "paused: company_changed"
        assert accepted.problems == ()
        assert truth.states() == ["posted"] * 3

    def test_is_not_taken_for_ours_by_asking_again(self, truth: Truth) -> None:
        """Row 72."""
        ask(truth)
        truth.company.reconfigure(name="Somebody Else Inc.", customers=(), items=())
        ask(truth)

        assert "Somebody Else" in ask(truth).problems[0]
