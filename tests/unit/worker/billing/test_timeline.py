"""Versions and what is held: order, ends, and windows in which seats may go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical.period import Period
from tests.unit.worker.billing.world import Seller, contract, day, dec, held, setup, subscription
from worker.billing.timeline import Timeline, timeline
from worker.billing.windows import Windows, renewals, within

BOUGHT = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)


def _windowed(one: Any, until: str = "2026-12-31") -> dict[str, Any]:
    """Windows that always bind, for a subscription bought on 1 January 2026."""
    opens_anew = tuple(renewals(one, day("2026-01-01"), day(until)))
    return {"windowed": partial(within, Windows(lambda _day: True, opens_anew), one.code)}


def _steps(line: Timeline) -> list[tuple[str, str]]:
    return [(str(on), f"{quantity:f}") for on, quantity in zip(line.days, line.quantities, strict=True)]


class TestATimeline:
    def test_takes_the_later_observation_of_a_day(self) -> None:
        line, _ = timeline(
            subscription(),
            (
                held("2026-01-01", 9, observed="2026-01-01T10:00:00Z", ref="b"),
                held("2026-01-01", 5, observed="2026-01-01T11:00:00Z", ref="a"),
                held("2026-01-01", 7, observed="2026-01-01T11:00:00Z", ref="c"),
            ),
            known_until=day("2026-01-01"),
        )

        assert _steps(line) == [("2026-01-01", "7")]

    def test_knows_nothing_of_later_days(self) -> None:
        line, _ = timeline(
            subscription(), (held("2026-01-01", 5), held("2026-01-03", 9)), known_until=day("2026-01-02")
        )

        assert _steps(line) == [("2026-01-01", "5")]

    def test_goes_on_through_a_suspension(self) -> None:
        line, _ = timeline(
            subscription(),
            (held("2026-01-01", 5), held("2026-01-10", 5, status="suspended")),
            known_until=day("2026-02-01"),
        )

        assert _steps(line) == [("2026-01-01", "5")]

    def test_has_one_form_of_a_quantity(self) -> None:
        line, _ = timeline(subscription(), (held("2026-01-01", "12.00"),), known_until=day("2026-02-01"))

        assert _steps(line) == [("2026-01-01", "12")]

    @given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), min_size=1, max_size=8))
    def test_cuts_a_period_into_adjoining_days(self, changes: list[tuple[int, int]]) -> None:
        versions = tuple(
            held(str(day("2026-01-01") + timedelta(days=on)), quantity, ref=str(n))
            for n, (on, quantity) in enumerate(changes)
        )
        line, _ = timeline(subscription(), versions, known_until=day("2026-12-31"))
        period = Period(day("2026-01-10"), day("2026-02-20"))

        spans = line.spans(period)

        assert (spans[0].period.start, spans[-1].period.until) == (period.start, period.until)
        for earlier, later in pairwise(spans):
            assert earlier.period.until == later.period.start
            assert earlier.quantity != later.quantity
        assert all(line.on(span.period.last_day) == span.quantity for span in spans)


class TestASeatWindow:
    """Seats may go within 168 hours of their batch; exactly 168 hours is too late."""

    def _left(self, *reductions: Any) -> list[tuple[str, str]]:
        versions = (held("2026-01-01", 10, at=BOUGHT), *reductions)
        one = subscription(term="P1Y")
        line, _ = timeline(one, versions, known_until=day("2026-12-31"), **_windowed(one))
        return _steps(line)

    def _reduced(self, after: timedelta, quantity: int = 4, **more: Any) -> Any:
        at = BOUGHT + after
        return held(str(at.date()), quantity, at=at, **more)

    def test_is_open_a_minute_before_its_end(self) -> None:
        inside = self._reduced(timedelta(hours=167, minutes=59))

        assert self._left(inside) == [("2026-01-01", "10"), ("2026-01-08", "4")]

    def test_is_closed_after_exactly_168_hours(self) -> None:
        assert self._left(self._reduced(timedelta(hours=168))) == [("2026-01-01", "10")]

    def test_belongs_to_its_own_batch_the_newest_first(self) -> None:
        """10 on 1 January, 5 more on 20 January; down to 8 on 22 January: only the 5 can go."""
        added = held("2026-01-20", 15, at=BOUGHT + timedelta(days=19))
        reduced = self._reduced(timedelta(days=21), 8)

        assert self._left(added, reduced) == [
            ("2026-01-01", "10"),
            ("2026-01-20", "15"),
            ("2026-01-22", "10"),
        ]

    def test_does_not_bind_what_the_provider_accepted(self) -> None:
        late = self._reduced(timedelta(days=100), accepted=True)

        assert self._left(late) == [("2026-01-01", "10"), ("2026-04-11", "4")]

    def test_opens_again_with_the_renewal(self) -> None:
        """Monthly term: the renewal of 1 February is a new batch, closed again on the 8th."""
        versions = (held("2026-01-01", 10), held("2026-02-07", 6), held("2026-02-08", 3))

        line, notices = timeline(
            subscription(), versions, known_until=day("2026-02-28"), **_windowed(subscription(), "2026-02-28")
        )

        assert _steps(line) == [("2026-01-01", "10"), ("2026-02-07", "6")]
        assert [notice.code for notice in notices] == ["reduction_waits"]

    def test_that_was_missed_lets_the_wish_wait_for_the_renewal(self) -> None:
        """The customer pays 10 seats to the end of the year's term and 4 from its renewal."""
        seller = Seller(
            setup(contracts=(contract(reductions="window_7d"),)),
            (subscription(term="P1Y"),),
            (held("2026-01-01", 10), held("2026-03-10", 4)),
        )

        seller.run("2026-12-31")
        assert seller.last is not None
        assert "6 of the seats given up on 2026-03-10" in seller.last.notices[0].sentence
        renewed = seller.run("2027-01-01")

        assert seller.billed_net == 12 * 8400 + 3360
        assert [str(document.net) for document in renewed] == ["33.60 EUR"]

    def test_lets_a_cancelled_subscription_run_to_its_end(self) -> None:
        seller = Seller(
            setup(contracts=(contract(reductions="window_7d"),)),
            (subscription(term="P1Y"),),
            (held("2026-01-01", 10), held("2026-03-10", 10, status="cancelled")),
        )

        seller.run("2028-01-01")

        assert seller.billed_net == 12 * 8400
        assert dec(seller.billed_net) == 100800
