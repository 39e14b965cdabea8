"""Reads of a book by month, and slots of an application, as rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from worker.store import lanes, metering, pacing
from worker.store.engine import Store
from worker.store.overview import lanes as lane_facts

NOVEMBER = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
DECEMBER = NOVEMBER + timedelta(days=1)
GAP = timedelta(seconds=2)


class TestReads:
    def test_are_counted_by_book_and_month(self, store: Store) -> None:
        with store.write() as connection:
            lanes.ensure(connection, ["US-BOOK", "UK-BOOK"])
            metering.count_reads(connection, "US-BOOK", 2, now=NOVEMBER)
            metering.count_reads(connection, "US-BOOK", 3, now=NOVEMBER)
            metering.count_reads(connection, "US-BOOK", 7, now=DECEMBER)
            metering.count_reads(connection, "UK-BOOK", 0, now=NOVEMBER)

        with store.read() as connection:
            assert metering.of_month(connection, "2026-11") == {"US-BOOK": 5}
            assert metering.of_month(connection, "2026-12") == {"US-BOOK": 7}

    def test_are_calls_unless_a_lane_has_counted_them_as_such(self, store: Store) -> None:
        with store.write() as connection:
            lanes.ensure(connection, ["US-BOOK"])
            metering.count_reads(connection, "US-BOOK", 2, now=NOVEMBER)
            metering.count_reads(connection, "US-BOOK", 1, now=NOVEMBER, calls=0)

        with store.read() as connection:
            (facts,) = lane_facts(connection)
        assert (facts.reads, facts.calls) == (3, 2)


class TestSlots:
    def test_of_an_application_are_taken_by_one_lane_each(self, store: Store) -> None:
        with store.write() as connection:
            taken = [pacing.take_slot(connection, "quickbooks app", gap=GAP, now=NOVEMBER) for _ in range(3)]
            free = pacing.next_slot(connection, "quickbooks app", gap=GAP, now=NOVEMBER)

        assert taken == [NOVEMBER, NOVEMBER + GAP, NOVEMBER + 2 * GAP]
        assert free == NOVEMBER + 3 * GAP

    def test_of_applications_are_their_own(self, store: Store) -> None:
        with store.write() as connection:
            pacing.take_slot(connection, "quickbooks one", gap=GAP, now=NOVEMBER)

            assert pacing.next_slot(connection, "quickbooks other", gap=GAP, now=NOVEMBER) == NOVEMBER

    def test_lie_in_the_past_for_one_that_was_idle(self, store: Store) -> None:
        with store.write() as connection:
            pacing.take_slot(connection, "quickbooks app", gap=GAP, now=NOVEMBER)

            assert pacing.take_slot(connection, "quickbooks app", gap=GAP, now=DECEMBER) == DECEMBER
