"""A recovery read that fails says as much about the book as a failed push: the lane follows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.errors import ConsentLost, OutcomeUnknown, Throttled
from tests.faults.unreliable import committing
from tests.faults.world import BOOK, World, a_world
from tests.servers.databases import SqliteDatabases
from worker.store import lanes
from worker.store.lanes import Lane

QUIET_S = 132


@pytest.fixture
def world(sqlite_databases: SqliteDatabases) -> Iterator[World]:
    """A book with an invoice whose answer was lost, its quiet period over."""
    with a_world(sqlite_databases) as made:
        made.plan("INV-1")
        made.drain()
        made.ledger.faults = [committing(OutcomeUnknown("reset"))]
        made.plan("INV-2")
        made.drain()
        made.clock.advance(QUIET_S)
        yield made


def the_lane(world: World) -> Lane:
    with world.store.read() as connection:
        lane = lanes.get(connection, BOOK.code)
    assert lane is not None
    return lane


class TestFailedRead:
    def test_without_consent_pauses_the_book_once(self, world: World) -> None:
        """Row 56: seen by crash points; the read was tried again for ever, and nobody was told."""
        world.ledger.find_faults = [ConsentLost("revoked")] * 9

        for _ in range(3):
            world.drain()
            world.clock.advance(3600)

        assert (the_lane(world).pause_reason, world.ledger.finds) == ("consent_lost", 1)
        world.ledger.find_faults = []
        world.come_to_rest()
        assert world.violations() == ()

    def test_that_was_throttled_lets_the_whole_lane_wait(self, world: World) -> None:
        """Row 22: the book asked us to wait, so nothing else is called either."""
        world.ledger.find_faults = [Throttled("slow down", retry_after_s=300)]

        world.drain()

        assert (the_lane(world).not_before - world.clock.now()).total_seconds() == 300

    def test_again_and_again_opens_the_circuit_and_an_answered_one_closes_it(self, world: World) -> None:
        """Row 21: a book that answers no read is left alone for a minute after the fifth failure."""
        world.ledger.find_faults = [OutcomeUnknown("500 on the read") for _ in range(4)]
        while world.ledger.find_faults:
            world.clock.advance(60)
            world.drain()

        assert (the_lane(world).not_before - world.clock.now()).total_seconds() == 60

        world.come_to_rest()
        assert (the_lane(world).failures, world.violations()) == (0, ())
