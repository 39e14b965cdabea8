"""Dates are calendar days of the issuer's zone, at the edges of days, years and daylight saving."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest

from tests.fakes.clock import VirtualClock
from tests.unit.worker.flows.front.conftest import Front
from tests.unit.worker.flows.front.test_release import with_issuer
from worker.store.engine import open_store


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    store = open_store(sqlite_url)
    made = Front(store)
    made.load()
    yield made
    store.close()


class TestDocumentDate:
    @pytest.mark.parametrize(
        ("zone", "instant", "day"),
        [
            ("Pacific/Kiritimati", "2026-02-28T10:30:00+00:00", date(2026, 3, 1)),
            ("Pacific/Kiritimati", "2027-12-31T10:00:00+00:00", date(2028, 1, 1)),
            ("Pacific/Apia", "2026-01-31T10:59:00+00:00", date(2026, 1, 31)),
            ("Pacific/Apia", "2026-01-31T11:00:00+00:00", date(2026, 2, 1)),
            ("Pacific/Pago_Pago", "2026-02-01T10:59:00+00:00", date(2026, 1, 31)),
            ("America/New_York", "2026-03-09T03:30:00+00:00", date(2026, 3, 8)),
            ("America/New_York", "2026-11-02T04:30:00+00:00", date(2026, 11, 1)),
            ("Europe/Berlin", "2026-03-29T22:30:00+00:00", date(2026, 3, 30)),
            ("Europe/Berlin", "2026-10-25T22:30:00+00:00", date(2026, 10, 25)),
            ("Africa/Cairo", "2028-02-29T22:30:00+00:00", date(2028, 3, 1)),
        ],
    )
    def test_is_the_issuers_own_day(self, front: Front, zone: str, instant: str, day: date) -> None:
        """Row 43: 23:30 on the day of a change, the first to see a new year, the leap day."""
        front.clock = VirtualClock(datetime.fromisoformat(instant))
        front.load(with_issuer(timezone=zone))
        front.bill()

        front.release()

        assert {row[0] for row in front.rows("document", "document_date")} == {day}
