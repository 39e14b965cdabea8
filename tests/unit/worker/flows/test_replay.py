"""Replay and cancel: what an operator may do, and what is refused to protect the book."""

from __future__ import annotations

import pytest

from connectors.errors import ConnectorError, OutcomeUnknown, Refused, Unrecognised
from tests.unit.worker.flows.conftest import BOOK, Bench
from tests.unit.worker.flows.test_push import committing, raising, success
from worker.flows import replay
from worker.flows.replay import NotCancellable, UnknownDelivery


def delivery_id(bench: Bench, lookup: str = "INV-1") -> str:
    return str(bench.row(lookup)["id"])


class TestReplay:
    def test_of_a_refused_document_sends_it_under_a_new_key(self, bench: Bench) -> None:
        """A ledger may answer a used key with the refusal it stored."""
        bench.plan("INV-1")
        bench.ledger.faults = [success, raising(Refused("no such tax code", code="2500"))]
        bench.drain_until_idle()
        before = bench.row("INV-1")["key"]

        done = replay.replay(bench.ports(), delivery_id(bench), actor="ann", reason="tax code added")
        bench.drain_until_idle()

        assert (done.before, done.after) == ("parked", "due")
        assert bench.ledger.documents() == ["INV-1"]
        assert bench.ledger.finds == 0
        assert bench.row("INV-1")["key"] != before

    def test_of_what_may_have_arrived_looks_first(self, bench: Bench) -> None:
        """Decision 0003: an answer we did not understand may have created the document."""
        bench.plan("INV-1")
        bench.ledger.faults = [success, committing(Unrecognised("a new kind of answer"))]
        bench.drain_until_idle()
        assert bench.row("INV-1")["state"] == "parked"

        done = replay.replay(bench.ports(), delivery_id(bench), actor="ann", reason="looked at it")
        bench.drain_until_idle()

        assert done.after == "uncertain"
        assert bench.ledger.documents() == ["INV-1"]
        assert bench.row("INV-1")["state"] == "posted"

    def test_pressed_twice_is_as_good_as_once(self, bench: Bench) -> None:
        """Row 38."""
        bench.plan("INV-1")
        bench.ledger.faults = [success, raising(Refused("bad", code="2010"))]
        bench.drain_until_idle()

        first = replay.replay(bench.ports(), delivery_id(bench), actor="ann", reason="")
        second = replay.replay(bench.ports(), delivery_id(bench), actor="bob", reason="")
        bench.drain_until_idle()

        assert first.after == second.after == "due"
        assert "on its way" in second.sentence
        assert bench.ledger.documents() == ["INV-1"]

    def test_of_a_posted_document_only_compares(self, bench: Bench) -> None:
        """Row 39."""
        bench.plan("INV-1")
        bench.drain_until_idle()

        done = replay.replay(bench.ports(), delivery_id(bench), actor="ann", reason="")

        assert done.after == "posted"
        assert replay.verify(bench.ports(), BOOK, delivery_id(bench), bench.timing) == ""
        assert bench.ledger.documents() == ["INV-1"]

    def test_of_an_unknown_id_says_so(self, bench: Bench) -> None:
        with pytest.raises(UnknownDelivery):
            replay.replay(bench.ports(), "01a20dea-629d-7068-b242-44bd8f132d70", actor="ann", reason="")


class TestCancel:
    def test_ends_what_was_never_sent(self, bench: Bench) -> None:
        bench.plan("INV-1")

        replay.cancel(bench.ports(), delivery_id(bench), actor="ann", reason="billed elsewhere")
        bench.drain_until_idle()

        assert bench.row("INV-1")["state"] == "cancelled"
        assert bench.ledger.documents() == []

    @pytest.mark.parametrize("error", [OutcomeUnknown("reset"), Unrecognised("?")])
    def test_is_refused_for_what_may_be_in_the_book(self, bench: Bench, error: ConnectorError) -> None:
        bench.plan("INV-1")
        bench.ledger.faults = [success, committing(error)]
        bench.drain()

        with pytest.raises(NotCancellable, match="may already be in book"):
            replay.cancel(bench.ports(), delivery_id(bench), actor="ann", reason="")

    def test_is_refused_for_what_is_posted(self, bench: Bench) -> None:
        bench.plan("INV-1")
        bench.drain_until_idle()

        with pytest.raises(NotCancellable, match="credit note"):
            replay.cancel(bench.ports(), delivery_id(bench), actor="ann", reason="")
