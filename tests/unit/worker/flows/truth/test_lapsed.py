"""A company whose plan ended: the book pauses as a whole, nothing is tried row by row, it goes on alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.ledgers.quickbooks.simulator import CompanyConfig, Fault
from tests.unit.worker.flows.truth.conftest import COMPANY, Truth
from worker.flows.probe import probe
from worker.store import lanes


@pytest.fixture
def company() -> CompanyConfig:
    """Nothing is there yet: customers and items are created."""
    return replace(COMPANY, customers=(), items=())


class TestLapsedSubscription:
    def test_pauses_the_book_once_and_everything_goes_when_it_is_renewed(self, truth: Truth) -> None:
        """Row 58: QuickBooks answers 6190 to everything; no delivery is blamed for it."""
        truth.release()
        truth.company.misbehave(Fault(fault="fault", code="6190", times=1))

        paused = truth.drain().why
        writes = truth.company.calls("writes")
        again = truth.drain().why
        went_on = probe(truth.ports, truth.book)
        truth.drain()

        assert (paused, again) == ("paused: subscription_lapsed",) * 2
        assert truth.company.calls("writes") > writes
        assert went_on
        assert truth.states() == ["posted"] * 3

    def test_is_asked_again_later_while_it_lasts(self, truth: Truth) -> None:
        """Row 58: not blindly: a look every quarter of an hour, where reads cost money."""
        truth.release()
        truth.company.misbehave(Fault(fault="fault", code="6190", times=9))
        truth.drain()

        assert not probe(truth.ports, truth.book)

        with truth.store.read() as connection:
            lane = lanes.get(connection, truth.book.code)
        assert lane is not None
        assert (lane.not_before - truth.company.clock.now()).total_seconds() > 800
        assert set(truth.states()) <= {"due", "planned"}
