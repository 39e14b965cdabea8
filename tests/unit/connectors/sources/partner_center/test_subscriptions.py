from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Refused
from connectors.sources.partner_center import (
    Import,
    ProviderSubscription,
    parties_by_tenant,
    products_by_offer,
    read_file,
    read_resource,
    to_state,
)
from mappings.canonical.catalog import Product
from mappings.canonical.party import Party
from mappings.canonical.subscription import SubscriptionState

SUBSCRIPTION: dict[str, object] = {
    "id": "A4C1340D-6911-4758-BBA3-0C4C6007D161",
    "offerId": "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
    "quantity": 12,
    "unitType": "Licenses",
    "creationDate": "2021-01-14T16:57:15.0966728Z",
    "effectiveStartDate": "2021-01-14T16:57:14.498252Z",
    "commitmentEndDate": "2022-01-13T00:00:00Z",
    "status": "active",
    "autoRenewEnabled": True,
    "isTrial": False,
    "billingType": "license",
    "billingCycle": "monthly",
    "termDuration": "P1Y",
    "links": {"self": {"uri": "/customers/D8202A51-69f9-4228-b900-d0e081af17d7/subscriptions/a4c1340d"}},
    "attributes": {"objectType": "Subscription"},
}


def read(*items: object) -> Import:
    return read_file(json.dumps({"items": list(items)}).encode(), name="subscriptions.json")


def one(**changes: object) -> ProviderSubscription:
    imported = read(SUBSCRIPTION | changes)
    assert imported.refusals == ()
    return imported.subscriptions[0]


def state(subscription: ProviderSubscription, changed_at: datetime | None = None) -> SubscriptionState:
    return to_state(subscription, products_by_offer={}, parties_by_tenant={}, changed_at=changed_at)


class TestSubscriptions:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("quantity", -1),
            ("quantity", None),
            ("quantity", "twelve"),
            ("quantity", True),
            ("id", ""),
            ("status", None),
            ("effectiveStartDate", "1/1/0001"),
            ("effectiveStartDate", "2021-01-14T16: 57: 14Z"),
            ("commitmentEndDate", "2020-01-13T00:00:00Z"),
            ("billingCycle", "biennial"),
            ("billingCycle", ""),
            ("termDuration", "P1X"),
            ("termDuration", ""),
            ("autoRenewEnabled", "perhaps"),
            ("refundOptions", "none"),
            ("refundableQuantity", {"details": [7]}),
            ("scheduledNextTermInstructions", [1]),
            ("productType", 7),
        ],
    )
    def test_with_a_damaged_value_are_refused_by_field(self, field: str, value: object) -> None:
        imported = read(SUBSCRIPTION | {field: value})

        assert imported.subscriptions == ()
        assert [(refusal.row, refusal.field) for refusal in imported.refusals] == [(1, field)]

    @pytest.mark.parametrize(
        ("changes", "plan", "term"),
        [
            ({"billingCycle": "Annual"}, "annual", "P1Y"),
            ({"billingCycle": "triennial", "termDuration": "P3Y"}, "triennial", "P3Y"),
            ({"billingCycle": "one_time", "termDuration": ""}, "one_time", ""),
            ({"billingCycle": "none", "termDuration": "P1M"}, "trial", "P1M"),
            ({"isTrial": True, "termDuration": "P1M"}, "trial", "P1M"),
            ({"billingType": "usage", "billingCycle": "", "termDuration": ""}, "usage", "P1M"),
        ],
    )
    def test_are_billed_as_they_say(self, changes: dict[str, object], plan: str, term: str) -> None:
        subscription = one(**changes)

        assert (subscription.plan, subscription.term) == (plan, term)

    def test_keep_and_flag_unknown_fields(self) -> None:
        imported = read(SUBSCRIPTION | {"mood": ["good"]})

        assert imported.subscriptions[0].extra == {"mood": ["good"]}
        assert [flag.field for flag in imported.flags] == ["mood"]

    def test_keep_the_windows_of_seat_batches(self) -> None:
        batches = [{"quantity": "2", "allowedUntilDateTime": "2021-01-21T16:57:15Z"}, {"quantity": 3}]

        subscription = one(refundableQuantity={"totalQuantity": 5, "details": batches})

        assert subscription.refundable_total == 5
        assert [(batch.quantity, batch.until) for batch in subscription.refundable_batches] == [
            (Decimal(2), datetime(2021, 1, 21, 16, 57, 15, tzinfo=UTC)),
            (Decimal(3), None),
        ]

    def test_told_twice_alike_are_read_once(self) -> None:
        imported = read(SUBSCRIPTION, SUBSCRIPTION)

        assert len(imported.subscriptions) == 1
        assert [flag.field for flag in imported.flags] == ["id"]

    def test_told_twice_and_differently_are_refused(self) -> None:
        imported = read(SUBSCRIPTION, SUBSCRIPTION | {"quantity": 13, "id": str(SUBSCRIPTION["id"]).lower()})

        assert [(refusal.row, refusal.field) for refusal in imported.refusals] == [(2, "id")]

    def test_of_an_empty_collection_are_none_and_it_says_so(self) -> None:
        imported = read()

        assert (imported.kind, imported.refusals) == ("empty", ())
        assert "nothing to import" in imported.flags[0].sentence

    @given(
        st.dictionaries(
            st.sampled_from([*sorted(SUBSCRIPTION), "refundOptions", "scheduledNextTermInstructions"]),
            st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.lists(st.integers()),
            max_size=5,
        )
    )
    def test_of_any_content_are_read_or_refused(self, changes: dict[str, object]) -> None:
        imported = read(SUBSCRIPTION | changes)

        assert imported.subscriptions or imported.refusals
        assert all(state(subscription).subscription.code for subscription in imported.subscriptions)


class TestState:
    def test_has_our_codes_whatever_the_case_of_the_provider(self) -> None:
        product = Product(code="BASIC", name="Basic", offers=("cfq7ttc0lh18:0001",))
        party = Party(code="NORTH", name="North", tenants=("d8202a51-69F9-4228-b900-d0e081af17d7",))

        found = to_state(
            one(),
            products_by_offer=products_by_offer([product]),
            parties_by_tenant=parties_by_tenant([party]),
        ).subscription

        assert (found.product, found.party) == ("BASIC", "NORTH")
        assert found.code == "a4c1340d-6911-4758-bba3-0c4c6007d161"

    def test_leaves_unknown_ids_open_and_keeps_them(self) -> None:
        found = state(one()).subscription

        assert (found.product, found.party) == ("", "")
        assert found.offer == "CFQ7TTC0LH18:0001:CFQ7TTC0K971"
        assert found.tenant == "D8202A51-69f9-4228-b900-d0e081af17d7"

    def test_of_a_first_sight_counts_from_the_start(self) -> None:
        (version,) = state(one()).versions

        assert (version.on, version.quantity, version.status) == (date(2021, 1, 14), 12, "active")
        assert version.at == datetime(2021, 1, 14, 16, 57, 14, 498252, tzinfo=UTC)
        assert version.accepted

    def test_of_a_change_counts_from_the_change(self) -> None:
        (version,) = state(one(quantity=15), datetime(2021, 3, 2, 23, 30, tzinfo=UTC)).versions

        assert (version.on, version.quantity) == (date(2021, 3, 2), 15)

    def test_read_twice_is_one_version(self) -> None:
        first, again, other = state(one()), state(one(quantity="12.0")), state(one(quantity=13))

        assert first.versions[0].ref == again.versions[0].ref
        assert first.versions[0].ref != other.versions[0].ref

    @pytest.mark.parametrize(
        ("status", "held"),
        [
            ("suspended", ["suspended"]),
            ("expired", ["active", "expired"]),
            ("deleted", ["cancelled"]),
            ("pending", []),
            ("none", []),
            ("disabled", []),
        ],
    )
    def test_holds_nothing_that_the_provider_does_not_say(self, status: str, held: list[str]) -> None:
        imported = read(SUBSCRIPTION | {"status": status})

        versions = state(imported.subscriptions[0]).versions
        assert [version.status for version in versions] == held
        assert bool(imported.flags) == (status not in ("suspended", "expired"))

    def test_ends_after_its_term_only_when_it_does_not_renew(self) -> None:
        renewing, ending = one(), one(autoRenewEnabled=False)

        assert state(renewing).subscription.end is None
        assert state(ending).subscription.end == date(2022, 1, 14)


class TestResource:
    def test_is_read_alone(self) -> None:
        read = read_resource(SUBSCRIPTION, changed_at=None, observed="")

        assert read == state(one())

    def test_that_is_damaged_is_refused_with_every_reason(self) -> None:
        with pytest.raises(Refused, match=r"quantity.*termDuration") as refused:
            read_resource(
                SUBSCRIPTION | {"quantity": -1, "termDuration": "P1X"}, changed_at=None, observed=""
            )

        assert refused.value.code == "event_invalid"

    def test_of_another_kind_is_refused(self) -> None:
        with pytest.raises(Refused, match="an order"):
            read_resource({"attributes": {"objectType": "Order"}}, changed_at=None, observed="")
