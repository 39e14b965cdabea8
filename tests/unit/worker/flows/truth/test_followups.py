"""What is done about documents that are in the books: void, settle, attach, mail; each once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.ledgers.quickbooks.simulator import Fault
from tests.unit.worker.flows.truth.conftest import COMPANY, Truth
from tests.unit.worker.small_world import contract, party
from worker.flows import followup, replay
from worker.flows.followup import NotPossible


@pytest.fixture
def company() -> Any:
    return replace(COMPANY, customers=(), items=())


MAILED = (replace(contract("C-LONE", "LONE"), send="ledger"), contract("C-HOLD", "HOLD"))


@pytest.fixture
def posted(truth: Truth) -> Truth:
    truth.run()
    assert truth.states() == ["posted"] * 3
    return truth


def mailing(truth: Truth) -> None:
    """LONE's contract lets the ledger mail; LONE has an address."""
    truth.import_(
        contracts=MAILED,
        parties=(party("HOLD"), party("NORTH", "HOLD"), party("SOUTH", "HOLD"),
                 replace(party("LONE"), emails=("ap@lone.example",))),
    )  # fmt: skip


def number_of(truth: Truth, at: int = 0) -> str:
    return str(truth.rows("invoice")[at]["lookup"])


def invoice(truth: Truth, number: str) -> dict[str, Any]:
    return next(one for one in truth.dump("Invoice") if one["DocNumber"] == number)


class TestVoid:
    def test_leaves_the_invoice_at_zero_once(self, posted: Truth) -> None:
        number = number_of(posted)

        first = followup.void(posted.ports, number, actor="ann", reason="typed twice")
        again = followup.void(posted.ports, number, actor="bob", reason="")
        posted.drain()

        assert (first.planned[0].is_new, again.planned[0].is_new) == (True, False)
        assert posted.states("void") == ["posted"]
        assert (invoice(posted, number)["TotalAmt"], invoice(posted, number)["Balance"]) == (0, 0)

    def test_of_an_edited_invoice_is_for_a_person(self, posted: Truth) -> None:
        """Row 59: finance's edit is never overwritten."""
        number = number_of(posted)
        row = posted.rows("invoice")[0]
        detail = {"ItemRef": {"value": posted.rows("item")[0]["ledger_id"]}}
        line = {"Amount": 7, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        posted.company.human().edit("Invoice", row["ledger_id"], {"Line": [line]})

        followup.void(posted.ports, number, actor="ann", reason="")
        posted.drain()

        (void,) = posted.rows("void")
        assert (void["state"], void["reason"]) == ("parked", "edited_there")
        assert invoice(posted, number)["TotalAmt"] == 7

    def test_of_a_paid_invoice_points_to_a_credit_note(self, posted: Truth) -> None:
        """Row 61."""
        posted.company.human().pay(posted.rows("invoice")[0]["ledger_id"])

        followup.void(posted.ports, number_of(posted), actor="ann", reason="")
        posted.drain()

        (void,) = posted.rows("void")
        assert (void["reason"], "credit note" in void["hint"]) == ("paid_there", True)

    def test_whose_answer_was_lost_is_found_by_a_read(self, posted: Truth) -> None:
        """Row 16 for a void: commit, then the connection drops."""
        posted.company.misbehave(Fault("commit_then_drop", operation="void"))
        followup.void(posted.ports, number_of(posted), actor="ann", reason="")

        for _ in range(4):
            posted.drain()

        assert posted.states("void") == ["posted"]

    def test_of_what_is_not_posted_is_refused(self, truth: Truth) -> None:
        truth.release()

        with pytest.raises(NotPossible, match="cancelled, not voided"):
            followup.void(truth.ports, number_of(truth), actor="ann", reason="")


class TestMail:
    def test_goes_out_after_posting_where_the_contract_says_so(self, truth: Truth) -> None:
        mailing(truth)

        truth.run()

        assert truth.states("email") == ["posted"]
        sent = [one for one in truth.dump("Invoice") if one["EmailStatus"] == "EmailSent"]
        assert [one["BillEmail"]["Address"] for one in sent] == ["ap@lone.example"]

    def test_is_planned_with_the_release_and_waits_for_its_document(self, truth: Truth) -> None:
        mailing(truth)

        truth.release()

        assert truth.states("email") == ["planned"]

    def test_whose_outcome_is_unclear_is_never_repeated_by_itself(self, truth: Truth) -> None:
        """At most once: dropped before the ledger did anything; nobody can know, so a person decides."""
        mailing(truth)
        truth.company.misbehave(Fault("drop_before_commit", operation="send"))
        truth.run()
        for _ in range(4):
            truth.drain()

        (mail,) = truth.rows("email")
        assert (mail["state"], mail["reason"]) == ("parked", "email_unclear")

        replay.replay(truth.ports, mail["id"], actor="ann", reason="customer has none")
        truth.drain()
        assert truth.states("email") == ["posted"]

    def test_whose_answer_was_lost_is_read_back_from_the_ledger(self, truth: Truth) -> None:
        mailing(truth)
        truth.company.misbehave(Fault("commit_then_drop", operation="send"))
        truth.run()
        for _ in range(4):
            truth.drain()

        assert truth.states("email") == ["posted"]

    def test_needs_an_address(self, posted: Truth) -> None:
        with pytest.raises(NotPossible, match="no e-mail address"):
            followup.send(posted.ports, number_of(posted), actor="ann")

    def test_by_a_person_goes_to_whom_they_say_and_again_if_they_say_so(self, posted: Truth) -> None:
        for address in ("one@x.example", "two@x.example"):
            followup.send(posted.ports, number_of(posted), to=(address,), actor="ann")
            posted.drain()

        assert posted.states("email") == ["posted", "posted"]
        assert invoice(posted, number_of(posted))["BillEmail"]["Address"] == "two@x.example"


class TestAttachment:
    def test_hangs_on_the_document_once(self, posted: Truth) -> None:
        for _ in range(2):
            followup.attach(
                posted.ports, number_of(posted), name="Usage ü.csv", media_type="text/csv",
                content=b"a,b\r\n1,2", actor="ann",
            )  # fmt: skip
            posted.drain()

        files = posted.dump("Attachable")
        assert [(one["FileName"], one["Size"]) for one in files] == [("Usage ü.csv", 8)]
        assert posted.states("attachment") == ["posted"]

    def test_whose_answer_was_lost_is_not_uploaded_again(self, posted: Truth) -> None:
        posted.company.misbehave(Fault("commit_then_drop", operation="upload"))
        followup.attach(
            posted.ports, number_of(posted), name="a.txt", media_type="text/plain", content=b"x", actor="a"
        )
        for _ in range(4):
            posted.drain()

        assert len(posted.dump("Attachable")) == 1
        assert posted.states("attachment") == ["posted"]


class TestSettle:
    def test_asks_for_a_credit_note_and_an_invoice_of_one_payer(self, posted: Truth) -> None:
        with pytest.raises(NotPossible, match="must be a credit note"):
            followup.settle(posted.ports, number_of(posted), number_of(posted, 1), actor="ann")


class TestLink:
    def test_is_none_for_a_simulator(self, posted: Truth) -> None:
        row = posted.rows("invoice")[0]

        assert followup.link(posted.ports, posted.book, "invoice", row["ledger_id"]) == ""
