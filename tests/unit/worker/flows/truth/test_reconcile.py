"""What people do in the book: each difference has its own reason and fix, and nothing is overwritten."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.unit.worker.flows.truth.conftest import COMPANY, Truth
from worker.flows import followup, reconcile_book
from worker.flows.reconcile_book import Reconciled
from worker.store.deliveries import DELIVERY
from worker.store.references import REFERENCE


@pytest.fixture
def company() -> Any:
    return replace(COMPANY, customers=(), items=())


@pytest.fixture
def posted(truth: Truth) -> Truth:
    truth.run()
    assert truth.states() == ["posted"] * 3
    return truth


def look(truth: Truth) -> Reconciled:
    return reconcile_book.reconcile(truth.ports, truth.book)


def reasons(done: Reconciled) -> list[str]:
    return sorted(one.reason for one in done.open)


def first(truth: Truth) -> dict[str, Any]:
    return truth.rows("invoice")[0]


def edit(truth: Truth, amount: int) -> None:
    detail = {"ItemRef": {"value": truth.rows("item")[0]["ledger_id"]}}
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    truth.company.human().edit("Invoice", first(truth)["ledger_id"], {"Line": [line]})


class TestNothingHappened:
    def test_is_no_difference_and_costs_one_read(self, posted: Truth) -> None:
        """What we posted ourselves comes back as a change, and is ours."""
        before = posted.company.calls("reads")

        done = look(posted)

        assert (reasons(done), done.reads, posted.company.calls("reads") - before) == ([], 1, 1)
        assert done.ours == 8

    def test_asks_next_time_only_from_where_it_stopped(self, posted: Truth) -> None:
        until = look(posted).until

        assert look(posted).since == until
        assert posted.company.clock.now() - until >= timedelta(minutes=5)


class TestDocuments:
    def test_edited_there_are_listed_and_flagged_never_overwritten(self, posted: Truth) -> None:
        """Row 59."""
        edit(posted, 7)

        done = look(posted)
        posted.drain()

        assert reasons(done) == ["edited_there"]
        assert "book has" in done.open[0].what
        assert (first(posted)["state"], first(posted)["flags"]) == ("posted", "differs")
        held = next(one for one in posted.dump("Invoice") if one["DocNumber"] == first(posted)["lookup"])
        assert held["TotalAmt"] == 7

    def test_voided_there(self, posted: Truth) -> None:
        """Row 60."""
        posted.company.human().void("Invoice", first(posted)["ledger_id"])

        done = look(posted)

        assert (reasons(done), first(posted)["flags"]) == (["voided_there"], "voided")

    def test_deleted_there_are_not_created_again(self, posted: Truth) -> None:
        """Row 60."""
        posted.company.human().delete("Invoice", first(posted)["ledger_id"])

        done = look(posted)
        posted.drain()

        assert (reasons(done), first(posted)["flags"]) == (["deleted_there"], "missing")
        assert len(posted.dump("Invoice")) == 2

    def test_renumbered_there(self, posted: Truth) -> None:
        posted.company.human().edit("Invoice", first(posted)["ledger_id"], {"DocNumber": "MINE-1"})

        assert reasons(look(posted)) == ["renumbered_there"]

    def test_paid_there_are_flagged_and_no_difference(self, posted: Truth) -> None:
        """Row 61."""
        posted.company.human().pay(first(posted)["ledger_id"])

        done = look(posted)

        assert (reasons(done), done.paid, first(posted)["flags"]) == ([], 1, "paid")

    def test_that_we_voided_ourselves_are_no_difference(self, posted: Truth) -> None:
        followup.void(posted.ports, first(posted)["lookup"], actor="ann", reason="")
        posted.drain()

        assert reasons(look(posted)) == []

    def test_with_our_mark_that_we_do_not_know(self, posted: Truth) -> None:
        """R12: after a restore, or a copy made by hand."""
        with posted.store.write() as connection:
            connection.execute(DELIVERY.delete().where(DELIVERY.c.id == first(posted)["id"]))
            connection.execute(REFERENCE.delete().where(REFERENCE.c.kind == "invoice"))

        assert "unknown_there" in reasons(look(posted))


class TestCustomersAndItems:
    def test_made_inactive(self, posted: Truth) -> None:
        """Row 68."""
        posted.company.human().deactivate("Item", posted.rows("item")[0]["ledger_id"])

        done = look(posted)

        assert [(one.kind, one.reason) for one in done.open] == [("item", "inactive_there")]

    def test_merged_there_propose_to_link_the_one_that_stayed(self, posted: Truth) -> None:
        """Row 67: no auto re-create; the documents moved with the customer."""
        by_code = {row["ref"]: row["ledger_id"] for row in posted.rows("customer")}
        posted.company.human().merge(by_code["LONE/USD"], by_code["HOLD/USD"])

        done = look(posted)

        assert reasons(done) == ["customer_changed_there", "merged_there"]
        assert any("mapping import" in one.hint for one in done.open)
        assert len(posted.dump("Customer")) == 3

    def test_renamed_there_stay_ours(self, posted: Truth) -> None:
        """Row 66."""
        posted.company.human().rename(posted.rows("customer")[0]["ledger_id"], "Another Name")

        assert reasons(look(posted)) == []

    def test_active_again_let_go_on_what_they_had_blocked(self, posted: Truth) -> None:
        """Row 68: no retry loop, and no hand needed once it is active again."""
        item = posted.rows("item")[0]["ledger_id"]
        posted.company.human().deactivate("Item", item)
        posted.run(date(2026, 2, 28))
        blocked = posted.states().count("blocked")
        posted.company.human().edit("Item", item, {"Active": True})

        done = look(posted)
        posted.drain()

        assert (blocked, len(done.freed)) == (3, 3)
        assert posted.states() == ["posted"] * 6


class TestADifference:
    def test_is_closed_by_the_book_when_it_agrees_again(self, posted: Truth) -> None:
        item = posted.rows("item")[0]["ledger_id"]
        posted.company.human().deactivate("Item", item)
        look(posted)
        posted.company.human().edit("Item", item, {"Active": True})

        assert reasons(look(posted)) == []

    def test_accepted_by_a_person_stays_closed_until_the_record_changes_again(self, posted: Truth) -> None:
        edit(posted, 7)
        (difference,) = look(posted).open
        reconcile_book.accept(posted.ports, difference.id, actor="ann", reason="agreed")
        accepted = reasons(look(posted))
        edit(posted, 8)

        again = reasons(look(posted))

        assert (accepted, again) == ([], ["edited_there"])
