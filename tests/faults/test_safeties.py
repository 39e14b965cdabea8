"""Mutation sanity: each safety switch taken away makes the invariant checker cry, and in place it is silent.

Nothing is patched: the safety is taken out by handing the real flows a store, ledger, clock or lane
without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.errors import OutcomeUnknown, Unreachable
from tests.fakes.clock import VirtualClock
from tests.faults.unreliable import (
    BlindLedger,
    MortalStore,
    StoreWithoutWriteAhead,
    committing,
    committing_late,
    raising,
)
from tests.faults.world import BOOK, TIMING, Frozen, World, a_world
from tests.servers.databases import SqliteDatabases
from worker.flows import recover, sending
from worker.flows.ports import Timing
from worker.store import deliveries, lanes
from worker.store.lanes import LEASE

A_WHILE_S = 3600


@pytest.fixture
def world(sqlite_databases: SqliteDatabases) -> Iterator[World]:
    """A book that holds its customer already, with INV-1 waiting."""
    with a_world(sqlite_databases) as made:
        made.plan("INV-0")
        made.come_to_rest()
        made.plan("INV-1")
        yield made


class TestWriteAhead:
    def die_before_the_verdict(self, world: World, kind: type[MortalStore]) -> None:
        """The verdict is a drain's third write: take, write-ahead, settle."""
        store = kind(world.store.engine, dies_at=2, after_commit=False)
        assert world.drain_and_die(store)
        assert world.ledger.documents() == ["INV-0", "INV-1"]

    def test_keeps_a_document_single_when_its_worker_dies_before_it_hears(self, world: World) -> None:
        self.die_before_the_verdict(world, MortalStore)

        world.come_to_rest()

        assert world.violations() == ()

    def test_missing_is_noticed(self, world: World) -> None:
        self.die_before_the_verdict(world, StoreWithoutWriteAhead)

        world.come_to_rest()

        assert "duplicate" in world.laws_broken()


class TestRecoveryRead:
    def test_keeps_a_document_single_when_the_answer_is_lost(self, world: World) -> None:
        world.ledger.faults = [committing(OutcomeUnknown("reset"))]

        world.come_to_rest()

        assert world.violations() == ()

    def test_missing_is_noticed(self, world: World) -> None:
        world.ledger = BlindLedger(clock=world.clock, records=world.ledger.records)
        world.ledger.faults = [committing(OutcomeUnknown("reset"))]

        world.come_to_rest()

        assert "duplicate" in world.laws_broken()


class TestQuietPeriod:
    @pytest.mark.parametrize(
        ("timing", "broken"), [(TIMING, set()), (Timing(server_limit_s=0, recheck_s=1), {"duplicate"})]
    )
    def test_decides_whether_a_late_commit_is_waited_for(
        self, world: World, timing: Timing, broken: set[str]
    ) -> None:
        world.timing = timing
        world.ledger.faults = [committing_late(OutcomeUnknown("timeout"), after_s=100)]

        world.come_to_rest()
        world.clock.advance(A_WHILE_S)
        world.ledger.catch_up()

        assert world.laws_broken() == broken


class TestDeadline:
    @pytest.mark.parametrize(("minds_deadline", "broken"), [(True, set()), (False, {"duplicate"})])
    def test_decides_whether_a_frozen_worker_sends_late(
        self, world: World, minds_deadline: bool, broken: set[str]
    ) -> None:
        """Row 41: frozen after the write-ahead; the next holder has sent it again before it wakes up."""
        world.ledger.minds_deadline = minds_deadline
        frozen = world.freeze()
        assert frozen is not None
        world.come_to_rest()

        world.thaw(frozen)

        assert world.laws_broken() == broken


class TestLease:
    def drain_meanwhile(self, world: World, clock: VirtualClock) -> None:
        """A second worker, on its own idea of time, drains for a long while."""
        for _ in range(10):
            drained = world.drain("second", clock=clock)
            if drained.wake_at is not None:
                clock.advance(max(0.001, (drained.wake_at - clock.now()).total_seconds()))

    @pytest.mark.parametrize(("ahead", "broken"), [(0.0, set()), (600.0, {"duplicate"})])
    def test_holds_only_on_one_clock(self, world: World, ahead: float, broken: set[str]) -> None:
        """Row 42: a lease read by a clock ten minutes ahead is no lease (so all leases use one clock)."""
        frozen = world.freeze()
        assert frozen is not None
        self.drain_meanwhile(world, VirtualClock(world.clock.now() + timedelta(seconds=ahead)))

        world.thaw(frozen)
        world.come_to_rest()

        assert world.laws_broken() == broken

    def test_missing_is_noticed(self, world: World) -> None:
        """A second worker takes the lane whoever holds it, and goes on as if time had passed."""
        frozen = world.freeze()
        assert frozen is not None
        later = VirtualClock(world.clock.now() + timedelta(seconds=200))
        for _ in range(4):  # adopt, read, read again, send
            world.store.transact(lanes.free_all)
            world.drain("second", clock=later)
            later.advance(200)

        world.thaw(frozen)

        assert "duplicate" in world.laws_broken()


class TestEpoch:
    def answer_of_a_frozen_worker(self, world: World) -> tuple[Frozen, sending.Answer, Frozen]:
        """It heard that nothing was sent, and froze; its successor is in the middle of sending again."""
        frozen = world.freeze()
        assert frozen is not None
        world.ledger.faults = [raising(Unreachable("connection refused"))]
        answer = sending.call(world.ledger, frozen.parcel, clock=world.clock)
        for _ in range(3):  # adopt, read, read again
            world.clock.advance(200)
            successor = self.take_over(world)
            if successor is not None:
                return frozen, answer, successor
        raise AssertionError("nobody took over")

    def take_over(self, world: World) -> Frozen | None:
        """Adopt what the frozen one left, and send again as soon as two reads have proven it absent."""
        ports, now = world.ports("successor"), world.clock.now()
        with world.store.write() as connection:
            lane = lanes.take(connection, BOOK.code, holder="successor", now=now)
        assert lane is not None
        recover.adopt_abandoned(ports, lane, world.timing)
        with world.store.read() as connection:
            unclear = deliveries.unclear(connection, BOOK.code, now=now, limit=5)
        if unclear and unclear[0].absent_reads >= 2:
            parcel = sending.write_ahead(ports, lane, world.ledger, [unclear[0].id], pacing=lane.pacing)
            return Frozen(ports, lane, parcel) if parcel is not None else None
        if unclear:
            reading = recover.read(world.ledger, unclear, clock=world.clock)
            recover.settle(ports, lane, reading, world.timing)
        with world.store.write() as connection:
            lanes.release(connection, lane)
        return None

    def test_keeps_a_verdict_of_the_past_from_moving_a_row(self, world: World) -> None:
        frozen, answer, successor = self.answer_of_a_frozen_worker(world)

        assert sending.settle(frozen.ports, frozen.lane, answer, world.timing) is None
        world.thaw(successor)
        world.clock.advance(LEASE.total_seconds())
        world.come_to_rest()

        assert world.violations() == ()

    def test_ignored_is_noticed(self, world: World) -> None:
        """A worker that believes the row instead of the epoch it was given."""
        frozen, answer, successor = self.answer_of_a_frozen_worker(world)
        heard = sending.call(world.ledger, successor.parcel, clock=world.clock)
        with world.store.read() as connection:
            row = deliveries.get(connection, answer.parcel.deliveries[0].id)
        assert row is not None
        forged = replace(answer, parcel=replace(answer.parcel, deliveries=(row,)))

        sending.settle(frozen.ports, successor.lane, forged, world.timing)
        sending.settle(successor.ports, successor.lane, heard, world.timing)
        world.clock.advance(LEASE.total_seconds())
        world.come_to_rest()

        assert "duplicate" in world.laws_broken()
