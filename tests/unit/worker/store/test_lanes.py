"""One lane, one sender: leases, epochs and their clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.fakes.clock import VirtualClock
from worker.store import lanes
from worker.store.engine import Store
from worker.store.lanes import LEASE, Lane

BOOK = "UK"


@pytest.fixture
def clock(store: Store) -> VirtualClock:
    with store.write() as connection:
        lanes.ensure(connection, [BOOK])
    return VirtualClock()


def take(store: Store, clock: VirtualClock, holder: str = "one") -> Lane | None:
    return store.transact(lambda connection: lanes.take(connection, BOOK, holder=holder, now=clock.now()))


class TestLane:
    def test_is_taken_by_one_of_many(self, store: Store, clock: VirtualClock) -> None:
        """Row 40: workers race for one book."""
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(lambda n: take(store, clock, f"worker-{n}"), range(8)))

        assert sum(lane is not None for lane in taken) == 1

    def test_changes_hands_only_after_its_lease(self, store: Store, clock: VirtualClock) -> None:
        first = take(store, clock)
        assert first is not None
        clock.advance(LEASE.total_seconds() - 0.001)
        assert take(store, clock, "two") is None
        clock.advance(0.001)

        second = take(store, clock, "two")

        assert second is not None
        assert second.epoch == first.epoch + 1

    def test_is_not_renewed_by_who_lost_it(self, store: Store, clock: VirtualClock) -> None:
        """Row 41: a frozen worker that wakes up."""
        first = take(store, clock)
        assert first is not None
        clock.advance(LEASE.total_seconds())
        second = take(store, clock, "two")
        assert second is not None

        with store.write() as connection:
            assert not lanes.renew(connection, first, now=clock.now())
            lanes.release(connection, first)
            assert lanes.lock_mine(connection, second, now=clock.now(), margin=timedelta(seconds=6))
            assert not lanes.lock_mine(connection, first, now=clock.now(), margin=timedelta(0))

    def test_is_free_at_once_after_it_was_given_back(self, store: Store, clock: VirtualClock) -> None:
        first = take(store, clock)
        assert first is not None
        with store.write() as connection:
            lanes.release(connection, first)

        assert take(store, clock, "two") is not None

    def test_is_not_offered_while_it_is_paused_or_waits(self, store: Store, clock: VirtualClock) -> None:
        with store.write() as connection:
            assert lanes.free_of(connection, [BOOK, "UNKNOWN"], now=clock.now()) == (BOOK,)
            lanes.pause(connection, BOOK, reason="by_operator", why="audit week")
            assert lanes.free_of(connection, [BOOK], now=clock.now()) == ()
            lanes.resume(connection, BOOK)
            assert lanes.free_of(connection, [BOOK], now=clock.now()) == (BOOK,)
