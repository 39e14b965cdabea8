"""What the provider says of terms becomes what is agreed from the version's day on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from mappings.canonical.subscription import Agreed, NextTerm, RefundableSeats
from tests.unit.connectors.sources.partner_center.test_subscriptions import one, state


def _agreed(**changes: object) -> Agreed:
    version = state(one(**changes)).versions[0]
    assert version.agreed is not None
    return version.agreed


class TestAgreedTerms:
    def test_are_stated_in_full(self) -> None:
        assert _agreed() == Agreed(
            offer="CFQ7TTC0LH18:0001:CFQ7TTC0K971",
            plan="monthly",
            term="P1Y",
            auto_renew=True,
            next_term=NextTerm(),
        )

    def test_tell_what_is_scheduled(self) -> None:
        scheduled = {
            "product": {
                "productId": "CFQ7TTC0LCHC",
                "skuId": "0002",
                "availabilityId": "X",
                "billingCycle": "Annual",
                "termDuration": "P3Y",
            },
            "quantity": 8,
            "customTermEndDate": "2022-06-30T00:00:00Z",
        }

        assert _agreed(scheduledNextTermInstructions=scheduled).next_term == NextTerm(
            Decimal(8), offer="CFQ7TTC0LCHC:0002:X", plan="annual", term="P3Y", until=date(2022, 7, 1)
        )

    def test_end_with_the_commitment_where_it_is_not_renewed(self) -> None:
        agreed = _agreed(autoRenewEnabled=False)

        assert (agreed.auto_renew, agreed.end) == (False, date(2022, 1, 14))

    @pytest.mark.parametrize(
        ("last_day", "custom"),
        [("2022-01-13", None), ("2024-01-13", None), ("2021-12-31", date(2022, 1, 1))],
    )
    def test_have_a_custom_end_where_no_whole_term_ends_there(
        self, last_day: str, custom: date | None
    ) -> None:
        assert _agreed(commitmentEndDate=f"{last_day}T00:00:00Z").term_end == custom

    def test_leave_the_ends_of_legacy_licences_alone(self) -> None:
        legacy = {
            "offerId": "796B6B5F-613C-4E24-A17C-EBA730D49C02",
            "commitmentEndDate": "2022-01-14T00:00:00Z",
        }

        assert _agreed(**legacy).term_end is None

    def test_are_of_what_is_held_only(self) -> None:
        (gone,) = state(one(status="deleted")).versions

        assert gone.agreed is None

    def test_make_another_version_of_the_same_quantity(self) -> None:
        refs = {state(one(autoRenewEnabled=renewed)).versions[0].ref for renewed in (True, False, True)}

        assert len(refs) == 2


class TestRefundableSeats:
    def test_are_kept_with_their_instants(self) -> None:
        until = datetime(2021, 1, 21, 16, 57, 15, tzinfo=UTC)
        told = {"totalQuantity": 2, "details": [{"quantity": 2, "allowedUntilDateTime": until.isoformat()}]}

        assert state(one(refundableQuantity=told)).versions[0].refundable == (
            RefundableSeats(Decimal(2), until),
        )

    def test_may_be_none_at_all(self) -> None:
        told = {"totalQuantity": 0, "details": []}

        assert state(one(refundableQuantity=told)).versions[0].refundable == ()
        assert state(one()).versions[0].refundable is None


class TestTheStart:
    def test_is_an_instant(self) -> None:
        assert state(one()).subscription.anchored_at == datetime(2021, 1, 14, 16, 57, 14, 498252, tzinfo=UTC)

    def test_of_midnight_is_a_day(self) -> None:
        assert state(one(effectiveStartDate="2021-01-14T00:00:00Z")).subscription.anchored_at is None
