"""A lane over a fake ledger: what the book holds after every kind of answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from connectors.errors import (
    Conflict,
    ConnectorError,
    ConsentLost,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unreachable,
    Unrecognised,
)
from connectors.protocols import Held, Outcome, Posted, Rates, Shipment
from mappings.canonical.book import Book
from tests.fakes.ledger import MEMORY, Fault, MemoryLedger
from tests.unit.worker.flows.conftest import BOOK, Bench
from worker.flows import push, sending
from worker.flows.push import drain
from worker.flows.sweep import sweep
from worker.store import attempts, deliveries, lanes, metering, pacing
from worker.store.lanes import Lane


def raising(error: ConnectorError) -> Fault:
    """Nothing is committed, the call fails."""

    def fault(_ledger: MemoryLedger, _shipments: Sequence[Shipment]) -> Sequence[Outcome]:
        raise error

    return fault


def committing(error: ConnectorError) -> Fault:
    """The ledger commits, and the answer is lost (row 16)."""

    def fault(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Sequence[Outcome]:
        ledger.commit(shipments)
        raise error

    return fault


def attempt_starts(bench: Bench) -> list[datetime]:
    """When the lane's calls started."""
    with bench.store.read() as connection:
        return list(connection.scalars(select(attempts.ATTEMPT.c.started_at)))


def success(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Sequence[Outcome]:
    return ledger.commit(shipments)


def send_and_freeze(bench: Bench) -> tuple[sending.Parcel, Lane]:
    """A worker that got as far as the write-ahead."""
    with bench.store.write() as connection:
        lane = lanes.take(connection, BOOK.code, holder="frozen", now=bench.clock.now())
        assert lane is not None
        due = deliveries.due(connection, BOOK.code, now=bench.clock.now(), limit=5)
    parcel = sending.write_ahead(
        bench.ports("frozen"), lane, bench.ledger, [one.id for one in due], pacing=lane.pacing
    )
    assert parcel is not None
    return parcel, lane


class TestDrain:
    def test_posts_the_customer_before_the_documents(self, bench: Bench) -> None:
        bench.plan("INV-1", "INV-2")

        bench.drain_until_idle()

        assert bench.ledger.pushes == [("ACME/EUR",), ("INV-1",), ("INV-2",)]
        assert set(bench.states().values()) == {"posted"}

    def test_sends_a_backlog_by_the_batch_call(self, bench: Bench) -> None:
        bench.plan(*(f"INV-{n:02}" for n in range(40)))

        bench.drain_until_idle()

        assert [len(push) for push in bench.ledger.pushes] == [1, 30, 10]
        assert len(bench.ledger.documents()) == 40

    def test_sends_nothing_twice_when_it_is_run_again(self, bench: Bench) -> None:
        bench.plan("INV-1")
        bench.drain_until_idle()
        calls = len(bench.ledger.pushes)

        bench.drain_until_idle()

        assert len(bench.ledger.pushes) == calls
        assert bench.ledger.finds == 0

    def test_parks_the_document_when_the_book_creates_nothing_by_itself(self, bench: Bench) -> None:
        bench.plan("INV-1", create_missing="never")

        bench.drain_until_idle()

        assert bench.row("INV-1")["reason"] == "target_missing"
        assert bench.ledger.pushes == []

    def test_leaves_a_lane_alone_that_another_worker_holds(self, bench: Bench) -> None:
        bench.plan("INV-1")
        with bench.store.write() as connection:
            lanes.take(connection, BOOK.code, holder="other", now=bench.clock.now())

        drained = bench.drain()

        assert drained.why == "held by another worker"
        assert bench.ledger.pushes == []


class TestUnclearOutcome:
    def test_is_found_after_the_quiet_period_when_the_answer_was_lost(self, bench: Bench) -> None:
        """Row 16: the ledger committed, the response was lost; no second POST."""
        bench.plan("INV-1")
        bench.ledger.faults = [success, committing(OutcomeUnknown("read timed out"))]

        bench.drain_until_idle()

        assert bench.ledger.documents() == ["INV-1"]
        assert bench.states()["INV-1"] == "posted"
        assert bench.ledger.finds == 1

    def test_is_sent_again_only_after_two_reads_when_nothing_was_committed(self, bench: Bench) -> None:
        """Row 15: absent twice, the first time after the quiet period, then the same bytes and key."""
        bench.plan("INV-1")
        bench.ledger.faults = [success, raising(OutcomeUnknown("reset"))]
        started = bench.clock.now()

        bench.drain_until_idle()

        assert bench.ledger.documents() == ["INV-1"]
        assert bench.ledger.finds == 2
        assert (bench.clock.now() - started).total_seconds() >= 120 + 10

    def test_survives_a_read_that_lags(self, bench: Bench) -> None:
        """Row 20: the first read does not see the record yet, the second does."""
        bench.plan("INV-1")
        hidden: list[tuple[Shipment, object]] = []

        def commits_late(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Sequence[Outcome]:
            ledger.commit(shipments)
            hidden.append(ledger.records.pop())
            raise OutcomeUnknown("timeout")

        bench.ledger.faults = [success, commits_late]
        bench.drain()
        bench.clock.advance(133)
        bench.drain()
        assert bench.row("INV-1")["absent_reads"] == 1
        bench.ledger.records.append(hidden[0])  # type: ignore[arg-type]  # what was popped above
        bench.drain_until_idle()

        assert bench.ledger.documents() == ["INV-1"]

    def test_stays_uncertain_when_the_read_itself_fails(self, bench: Bench) -> None:
        """Row 21."""
        bench.plan("INV-1")
        bench.ledger.faults = [success, raising(OutcomeUnknown("reset"))]
        bench.ledger.find_faults = [OutcomeUnknown("500 on the read")] * 3
        bench.drain()
        bench.clock.advance(133)

        bench.drain()

        assert bench.states()["INV-1"] == "uncertain"
        bench.drain_until_idle()
        assert bench.ledger.documents() == ["INV-1"]

    def test_parks_a_number_that_a_stranger_holds(self, bench: Bench) -> None:
        """Row 62: a record under our number without our marker is never adopted."""
        bench.plan("INV-1")
        bench.ledger.faults = [success, raising(OutcomeUnknown("reset"))]
        bench.drain()
        stranger = replace(bench.ledger.records[0][0], kind="invoice", lookup="INV-1", marker="")
        bench.ledger.commit([stranger])

        bench.drain_until_idle()

        assert bench.row("INV-1")["reason"] == "number_taken"

    def test_resolves_a_lost_batch_by_one_read_and_sends_the_rest_alone(self, bench: Bench) -> None:
        """A batch whose answer was lost is never repeated (design section 7)."""
        bench.plan(*(f"INV-{n}" for n in range(8)))

        def half(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Sequence[Outcome]:
            ledger.commit(shipments[:4])
            raise OutcomeUnknown("reset")

        bench.ledger.faults = [success, half]

        bench.drain_until_idle()

        assert sorted(bench.ledger.documents()) == [f"INV-{n}" for n in range(8)]
        assert [len(push) for push in bench.ledger.pushes] == [1, 8, 1, 1, 1, 1]
        assert bench.ledger.finds == 2

    def test_of_a_missing_item_in_a_batch_concerns_only_that_item(self, bench: Bench) -> None:
        """Row 31."""
        bench.plan(*(f"INV-{n}" for n in range(6)))

        def partial(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Sequence[Outcome]:
            outcomes: list[Outcome] = list(ledger.commit(shipments[:4]))
            return [*outcomes, Refused("bad line", code="6000"), OutcomeUnknown("no answer for this one")]

        bench.ledger.faults = [success, partial]

        bench.drain_until_idle()

        assert bench.states()["INV-4"] == "parked"
        assert bench.states()["INV-5"] == "posted"
        assert bench.ledger.documents().count("INV-5") == 1


class TestAnswer:
    @pytest.mark.parametrize(
        ("error", "state", "reason"),
        [
            (Refused("bad", code="2010"), "parked", "2010"),
            (Refused("closed", clears_by="period_closed"), "blocked", "period_closed"),
            (Unrecognised("what?"), "parked", "unrecognised"),
        ],
    )
    def test_decides_the_state(self, bench: Bench, error: ConnectorError, state: str, reason: str) -> None:
        bench.plan("INV-1")
        bench.ledger.faults = [success, raising(error)]

        bench.drain_until_idle()

        assert (bench.row("INV-1")["state"], bench.row("INV-1")["reason"]) == (state, reason)

    def test_of_a_throttle_waits_as_asked_and_burns_no_attempt(self, bench: Bench) -> None:
        """Rows 22 and 23."""
        bench.plan("INV-1")
        bench.ledger.faults = [success, raising(Throttled("slow down", retry_after_s=10**9))]

        drained = bench.drain()

        assert drained.wake_at is not None
        assert (drained.wake_at - bench.clock.now()).total_seconds() == 900
        assert (bench.row("INV-1")["state"], bench.row("INV-1")["attempts"]) == ("due", 0)
        bench.drain_until_idle()
        assert bench.ledger.documents() == ["INV-1"]
        assert bench.ledger.finds == 0

    def test_of_nothing_sent_is_sent_again_without_a_read(self, bench: Bench) -> None:
        """Row 86: a refused connection is proof that nothing was delivered."""
        bench.plan("INV-1")
        bench.ledger.faults = [success, raising(Unreachable("connection refused"))]

        bench.drain_until_idle()

        assert bench.ledger.documents() == ["INV-1"]
        assert bench.ledger.finds == 0

    def test_of_lost_consent_pauses_the_book_once(self, bench: Bench) -> None:
        """Row 56: no per-item retries, everything stays due, and goes on after reconnecting."""
        bench.plan("INV-1", "INV-2", "INV-3")
        bench.ledger.faults = [success, raising(ConsentLost("token revoked"))]

        drained = bench.drain()

        assert drained.why == "paused: consent_lost"
        assert set(bench.states().values()) == {"posted", "due"}
        with bench.store.write() as connection:
            lanes.resume(connection, BOOK.code)
        bench.drain_until_idle()
        assert len(bench.ledger.documents()) == 3

    def test_for_another_document_is_parked(self, bench: Bench) -> None:
        """Row 30: the answer's number is not ours."""
        bench.plan("INV-1")

        def swapped(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Sequence[Outcome]:
            (posted,) = ledger.commit(shipments)
            assert isinstance(posted, Posted)
            return [replace(posted, lookup="INV-9")]

        bench.ledger.faults = [success, swapped]

        bench.drain_until_idle()

        assert bench.row("INV-1")["reason"] == "echo_differs"

    def test_that_a_name_is_taken_elsewhere_is_parked_after_one_look(self, bench: Bench) -> None:
        """Row 69: the name belongs to a vendor, say; nothing is created under another name."""
        bench.plan("INV-1")
        bench.ledger.faults = [raising(Conflict("duplicate name", code="6240"))]

        bench.drain_until_idle()

        assert bench.row("ACME/EUR")["reason"] == "taken_elsewhere"
        assert bench.states()["INV-1"] == "planned"

    def test_of_a_crashing_connector_is_an_unknown_outcome(self, bench: Bench) -> None:
        """Row 73: an unknown exception after the write-ahead."""
        bench.plan("INV-1")

        def crash(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Sequence[Outcome]:
            ledger.commit(shipments)
            raise ZeroDivisionError

        bench.ledger.faults = [success, crash]

        bench.drain_until_idle()

        assert bench.ledger.documents() == ["INV-1"]


class TestDeadWorker:
    @pytest.mark.parametrize("was_committed", [True, False])
    def test_leaves_its_sending_to_a_read_by_the_next(self, bench: Bench, was_committed: bool) -> None:
        """Rows 14 and 17: died after the write-ahead, with and without the record in the book."""
        bench.plan("INV-1")
        bench.drain()
        bench.plan("INV-2")
        parcel, _ = send_and_freeze(bench)
        if was_committed:
            sending.call(bench.ledger, parcel, clock=bench.clock)
        bench.clock.advance(13)

        bench.drain_until_idle()

        assert bench.ledger.documents() == ["INV-1", "INV-2"]
        assert bench.ledger.finds == (1 if was_committed else 2)

    def test_that_wakes_up_changes_no_delivery_but_leaves_evidence(self, bench: Bench) -> None:
        """Row 41: frozen between sending and hearing; the next holder uses its answer without a read."""
        bench.plan("INV-1")
        bench.drain()
        bench.plan("INV-2")
        parcel, lane = send_and_freeze(bench)
        answer = sending.call(bench.ledger, parcel, clock=bench.clock)
        bench.clock.advance(13)
        with bench.store.write() as connection:
            successor = lanes.take(connection, BOOK.code, holder="next", now=bench.clock.now())
            assert successor is not None
        assert sending.settle(bench.ports("frozen"), lane, answer, bench.timing) is None
        assert bench.states()["INV-2"] == "sending"
        with bench.store.write() as connection:
            lanes.release(connection, successor)

        bench.drain_until_idle()

        assert bench.ledger.documents() == ["INV-1", "INV-2"]
        assert bench.ledger.finds == 0
        with bench.store.read() as connection:
            history = attempts.of_delivery(connection, str(bench.row("INV-2")["id"]))
        assert [one.verdict for one in history] == ["lane_lost"]

    def test_that_lost_its_lane_may_not_write_ahead(self, bench: Bench) -> None:
        bench.plan("INV-1")
        with bench.store.write() as connection:
            lane = lanes.take(connection, BOOK.code, holder="slow", now=bench.clock.now())
            assert lane is not None
            due = deliveries.due(connection, BOOK.code, now=bench.clock.now(), limit=5)
        bench.clock.advance(7)

        assert (
            sending.write_ahead(
                bench.ports("slow"), lane, bench.ledger, [one.id for one in due], pacing=lane.pacing
            )
            is None
        )
        assert bench.states()["ACME/EUR"] == "due"


SLOW = replace(MEMORY, rates=Rates(per_minute=60))


class TestFairness:
    def test_gives_the_thread_back_where_others_wait_and_says_when_the_slot_comes(self, bench: Bench) -> None:
        """A full house: a lane keeps no thread only to wait, and nobody rings for it before its slot."""
        bench.ledger.capabilities = SLOW
        bench.plan("INV-1", "INV-2")
        began = bench.clock.now()

        drained = drain(bench.ports(), BOOK, bench.timing, is_crowded=lambda: True)

        assert (drained.calls, bench.clock.now()) == (1, began)
        assert drained.slot_at == drained.wake_at
        assert drained.wake_at is not None
        assert timedelta(seconds=0.8) < drained.wake_at - began < timedelta(seconds=1.1)
        assert sweep(bench.ports()) == ()
        bench.clock.advance(1.1)
        assert sweep(bench.ports()) == (BOOK.code,)

    def test_keeps_the_thread_for_a_near_slot_where_nobody_waits(self, bench: Bench) -> None:
        bench.ledger.capabilities = SLOW
        bench.plan("INV-1", "INV-2")

        drained = bench.drain()

        assert (drained.why, drained.posted) == ("idle", 3)

    def test_sends_nothing_more_once_the_process_is_told_to_stop(self, bench: Bench) -> None:
        """Graceful drain on SIGTERM: what is open is heard and written down, the rest stays due."""
        bench.plan("INV-1", "INV-2")
        pushes = bench.ledger.pushes

        drained = drain(bench.ports(), BOOK, bench.timing, should_stop=lambda: bool(pushes))

        assert (drained.calls, drained.posted) == (1, 1)
        assert sorted(bench.states().values()) == ["due", "due", "posted"]


class TestApplication:
    def test_that_is_limited_over_all_its_books_spaces_their_calls(self, bench: Bench) -> None:
        """Another book of the same application took the next slot; a batch limit alone would not see it."""
        bench.ledger.capabilities = replace(MEMORY, app_calls_per_minute=30)
        bench.plan("INV-1", "INV-2")
        began = bench.clock.now()
        with bench.store.write() as connection:
            pacing.take_slot(connection, "memory", gap=timedelta(seconds=2), now=began)

        bench.drain_until_idle()

        starts = sorted(attempt_starts(bench))
        assert [(start - began).total_seconds() for start in starts] == [2, 4, 6]

    def test_that_is_not_limited_stores_no_slot(self, bench: Bench) -> None:
        bench.plan("INV-1")

        bench.drain_until_idle()

        with bench.store.read() as connection:
            assert connection.execute(select(pacing.PACE)).all() == []


class SlowLedger(MemoryLedger):
    """Its look-ups take longer than a lease: a step at a time, each as soon as the heartbeat was seen."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench
        self.beats = 0

    def find(self, shipments: Sequence[Shipment]) -> Sequence[Held | None]:
        for _ in range(5):
            self.bench.clock.advance(4)
            self.beats += any(self.lease_left() > timedelta(seconds=9) for _ in range(2000))
        return super().find(shipments)

    def lease_left(self) -> timedelta:
        with self.bench.store.read() as connection:
            lane = lanes.get(connection, BOOK.code)
        assert lane is not None
        return lane.lease_until - self.bench.clock.now()


class TestVerifying:
    def test_keeps_its_lane_while_it_reads_for_longer_than_a_lease(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After a restore the book is read first; the heartbeat goes on meanwhile."""
        monkeypatch.setattr(push, "_TICK_S", 0.005)
        ledger = SlowLedger(bench)
        bench.ledger = ledger
        bench.plan("INV-1")
        with bench.store.write() as connection:
            lanes.verify(connection, now=bench.clock.now(), book=BOOK.code)

        bench.drain_until_idle()

        assert ledger.beats == 10, "both look-ups, the customer's and the document's"
        assert ledger.documents() == ["INV-1"]


class TestMeter:
    def test_counts_the_look_ups_of_a_lane_by_month(self, bench: Bench) -> None:
        bench.plan("INV-1")
        bench.ledger.faults = [success, committing(OutcomeUnknown("reset"))]

        bench.drain_until_idle()

        month = f"{bench.clock.now():%Y-%m}"
        with bench.store.read() as connection:
            assert metering.of_month(connection, month) == {BOOK.code: bench.ledger.finds}


class TestSettings:
    def test_that_cannot_work_pause_the_book_in_words(self, bench: Bench) -> None:
        def refuse(book: Book) -> MemoryLedger:
            raise ValueError(f"book {book.code}: file must be a full path")

        bench.plan("INV-1")
        ports = replace(bench.ports(), open_ledger=refuse)

        drained = drain(ports, BOOK, bench.timing)

        assert drained.why == "paused: misconfigured"
        with bench.store.read() as connection:
            lane = lanes.get(connection, BOOK.code)
        assert lane is not None
        assert "full path" in lane.pause_why
