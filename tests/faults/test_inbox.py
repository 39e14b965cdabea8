"""The inbox keeps an event once, whatever its sender repeats; where that key fails, billing still holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.invariants import Violation
from tests.unit.worker.flows.front.conftest import Front
from tests.unit.worker.flows.front.test_events import AT_ONCE, event, send
from worker.flows import apply
from worker.store.engine import open_store

REPEATS = 20


def repeated(front: Front) -> tuple[Violation, ...]:
    """What the inbox holds, and applied, more than once: by the body, which no repeat changes."""
    bodies = Counter(body_hash for (body_hash,) in front.rows("inbox", "body_hash"))
    return tuple(Violation("duplicate", f"event {body}") for body, count in bodies.items() if count > 1)


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    """A world whose lone customer is billed at once; January is released already."""
    store = open_store(sqlite_url)
    made = Front(store)
    made.load()
    made.load(AT_ONCE)
    made.bill()
    made.release()
    yield made
    store.close()


def deliver(front: Front, event_ids: list[str]) -> None:
    """Send one body under these ids, four at a time, and apply whatever was stored."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: send(front, event(4), event_id=one), event_ids))
    for (row_id,) in front.rows("inbox", "id"):
        apply.run(front.ports, str(row_id))


class TestDedupe:
    def test_keeps_one_row_of_an_event_that_is_repeated_at_the_same_time(self, front: Front) -> None:
        """Row 33: the same id again and again has one effect."""
        before = len(front.rows("document"))

        deliver(front, ["e-1"] * REPEATS)

        assert repeated(front) == ()
        assert front.rows("inbox", "state", "duplicates") == [("applied", REPEATS - 1)]
        assert len(front.rows("document")) == before + 1

    def test_missing_is_noticed_and_bills_nothing_twice_all_the_same(self, front: Front) -> None:
        """Row 34: a sender that numbers its repeats anew takes the key away; the state is what it was."""
        before = len(front.rows("document"))

        deliver(front, [f"e-{n}" for n in range(REPEATS)])

        assert {one.law for one in repeated(front)} == {"duplicate"}
        assert len(front.rows("document")) == before + 1
