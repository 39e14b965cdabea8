"""What an event says of terms."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

from connectors.errors import Refused
from mappings.canonical.subscription import Agreed, NextTerm
from tests.unit.connectors.sources.subscription_events.test_event import DATA, read


def _agreed(**changes: object) -> Agreed | None:
    return read(DATA | changes).versions[0].agreed


class TestTerms:
    def test_are_stated_in_full_so_that_any_order_of_events_ends_the_same(self) -> None:
        assert _agreed() == Agreed(
            product="M365-E3", plan="monthly", term="P1Y", auto_renew=True, next_term=NextTerm()
        )

    def test_tell_what_is_scheduled(self) -> None:
        scheduled = {"quantity": 8, "product": "M365-E5", "plan": "annual", "until": "2027-07-01"}

        agreed = _agreed(next_term=scheduled, auto_renew=False)

        assert agreed is not None
        assert agreed.auto_renew is False
        assert agreed.next_term == NextTerm(Decimal(8), "M365-E5", "", "annual", "P1Y", date(2027, 7, 1))

    def test_keep_what_the_schedule_leaves_out(self) -> None:
        agreed = _agreed(next_term={"quantity": 8})

        assert agreed is not None
        assert agreed.next_term == NextTerm(Decimal(8))

    def test_tell_a_custom_end_a_promotion_and_the_source_of_an_upgrade(self) -> None:
        told = read(
            DATA | {"term_end": "2026-12-31", "promotion": "SPRING", "converted_from": "S-0"}
        ).subscription

        assert (told.term_end, told.promotion, told.converted_from) == (date(2026, 12, 31), "SPRING", "S-0")

    @pytest.mark.parametrize(
        ("scheduled", "why"),
        [
            ([], "data.next_term (a list of 2 characters) is not an object"),
            ({"quantity": -1}, "data.quantity"),
            ({"plan": "weekly"}, "data.plan = 'weekly' is not one of"),
            ({"term": "P1D"}, "data.term = 'P1D' is not a term"),
            ({"until": "soon"}, "data.until = 'soon' is not a date"),
            ({"quantitiy": 3}, "did you mean 'quantity'?"),
        ],
    )
    def test_are_refused_by_member(self, scheduled: object, why: str) -> None:
        with pytest.raises(Refused, match=re.escape(why)):
            read(DATA | {"next_term": scheduled})
