from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Refused
from connectors.protocols import Event, Source
from connectors.sources.partner_center import read_resource
from connectors.sources.subscription_events import SubscriptionEvents
from mappings.canonical.subscription import SubscriptionState

DATA: dict[str, object] = {
    "subscription": "S-1",
    "party": "NORTH",
    "product": "M365-E3",
    "plan": "monthly",
    "term": "P1Y",
    "start": "2026-01-15",
    "quantity": 14,
    "effective": "2026-02-10",
}
RESOURCE: dict[str, object] = {
    "id": "a4c1340d-6911-4758-bba3-0c4c6007d161",
    "offerId": "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
    "quantity": 12,
    "effectiveStartDate": "2026-01-14T16:57:14Z",
    "commitmentEndDate": "2027-01-13T00:00:00Z",
    "status": "active",
    "autoRenewEnabled": True,
    "billingCycle": "monthly",
    "termDuration": "P1Y",
}
SOURCE = SubscriptionEvents(formats={"partner_center": read_resource})


def read_body(body: bytes) -> SubscriptionState:
    (state,) = SOURCE.read(Event(source=SOURCE.name, event_id="msg_1", body=body))
    return state


def read(data: object, **envelope: object) -> SubscriptionState:
    return read_body(json.dumps({"type": "subscription.updated", "data": data} | envelope).encode())


class TestSource:
    def test_keeps_the_promise_of_a_source(self) -> None:
        source: Source = SOURCE

        assert source.name == "subscription_events"


class TestEvent:
    def test_tells_the_state_in_full(self) -> None:
        state = read(DATA, timestamp="2026-02-10T10:00:00+01:00")

        assert (state.subscription.code, state.subscription.party) == ("S-1", "NORTH")
        assert (state.subscription.plan, state.subscription.anchor) == ("monthly", date(2026, 1, 15))
        (version,) = state.versions
        assert (version.ref, version.on, version.quantity) == ("msg_1", date(2026, 2, 10), Decimal(14))
        assert (version.status, version.at) == ("active", None)
        assert version.observed == "2026-02-10T09:00:00.000000Z"

    def test_may_give_an_instant(self) -> None:
        (version,) = read(DATA | {"effective": "2026-02-10T23:30:00.5-02:00"}).versions

        assert version.at == datetime(2026, 2, 11, 1, 30, 0, 500000, tzinfo=UTC)
        assert version.on == date(2026, 2, 11)
        assert version.observed == "2026-02-11T01:30:00.500000Z"

    def test_may_cancel(self) -> None:
        (version,) = read(DATA, type="subscription.cancelled").versions

        assert version.status == "cancelled"

    def test_keeps_fractional_seats_exact(self) -> None:
        (version,) = read(DATA | {"quantity": "12.50"}).versions

        assert version.quantity == Decimal("12.5")

    def test_passes_over_members_of_later_versions(self) -> None:
        """Bad input 8."""
        assert read(DATA | {"colour": "blue", "amount": 7}, trace="x") == read(DATA)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            *((name, None) for name in DATA),
            ("subscription", 7),
            ("subscription", " S-1"),
            ("subscription", "S\u202e1"),
            ("subscription", "S\r\nX: y"),
            ("subscription", "S\u200b1"),
            ("party", "x" * 10_000),
            ("plan", "weekly"),
            ("plan", "Monthly"),
            ("term", "P1W"),
            ("term", ""),
            ("start", "2026-02-30"),
            ("start", "15/01/2026"),
            ("start", "0000-01-01"),
            ("start", 20260115),
            ("quantity", -1),
            ("quantity", "1,000"),
            ("quantity", True),
            ("quantity", 10**10),
            ("quantity", "0.0000000000001"),
            ("quantity", [1]),
            ("effective", "2026-02-10T09:30:00"),
            ("effective", "2026-02-10T24:00:00Z"),
            ("effective", "2026-02-30T09:30:00Z"),
            ("effective", "2026-01-14"),
            ("effective", "tomorrow"),
            ("status", "paused"),
            ("end", "2026-01-15"),
            ("auto_renew", "yes"),
            ("format", "tally"),
        ],
    )
    def test_with_a_wrong_member_is_refused_by_its_name(self, field: str, value: object) -> None:
        """Bad inputs 8, 13 and 29."""
        with pytest.raises(Refused, match=rf"data\.{field}") as refused:
            read(DATA | {field: value})

        assert refused.value.code == "event_invalid"
        assert len(str(refused.value)) < 400
        assert str(refused.value).isprintable()

    @pytest.mark.parametrize("misspelt", ["statsu", "Status", "quantiy", "efective", "auto_renewal"])
    def test_with_a_misspelt_member_is_refused(self, misspelt: str) -> None:
        with pytest.raises(Refused, match="did you mean"):
            read(DATA | {misspelt: "x"})

    def test_that_cancels_must_not_say_active(self) -> None:
        with pytest.raises(Refused, match=r"data\.status"):
            read(DATA | {"status": "active"}, type="subscription.cancelled")

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"", "is not JSON"),
            (b"[]", "is not an object"),
            (b'"text"', "is not an object"),
            (b"{}", "type"),
            (b'{"type": "invoice.paid", "data": {}}', "type"),
            (b'{"type": ["subscription.updated"], "data": {}}', "type"),
            (b'{"type": "subscription.updated"}', "data"),
            (b'{"type": "subscription.updated", "data": []}', "data"),
            (b'{"type": "subscription.updated", "timestamp": 7, "data": {}}', "timestamp"),
            (b'{"type": "subscription.updated", "data": {"quantity": NaN}}', "NaN"),
            (b'{"type": "subscription.updated", "data": {"a": 1, "a": 1}}', "twice"),
            (b'{"type": ' + b"[" * 10_000, "nested deeper"),
            (b'{"a": 1e400}', "no business figure"),
            (b"\xef\xbb\xbf{}", "byte order mark"),
            (b"{} x", "is not JSON"),
        ],
    )
    def test_with_a_wrong_body_is_refused(self, body: bytes, reason: str) -> None:
        """Bad inputs 8 and 10."""
        with pytest.raises(Refused, match=reason):
            read_body(body)

    @given(
        st.dictionaries(
            st.sampled_from([*sorted(DATA), "status", "end", "auto_renew", "format", "resource"]),
            st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.lists(st.integers()),
            max_size=4,
        )
    )
    def test_of_any_content_is_read_or_refused(self, changes: dict[str, object]) -> None:
        with contextlib.suppress(Refused):
            assert read(DATA | changes).versions


class TestProviderResource:
    @pytest.mark.parametrize("nested", [True, False])
    def test_is_read_by_its_own_reader(self, nested: bool) -> None:
        own = {"resource": RESOURCE} if nested else RESOURCE
        state = read({"format": "partner_center", "effective": "2026-02-10", "party": "NORTH", **own})

        assert (state.subscription.source, state.subscription.party) == ("partner_center", "NORTH")
        (version,) = state.versions
        assert (version.ref, version.on, version.quantity) == ("msg_1", date(2026, 2, 10), 12)

    def test_must_say_since_when_a_change_holds(self) -> None:
        with pytest.raises(Refused, match=r"data\.effective"):
            read({"format": "partner_center", "resource": RESOURCE})

    def test_of_a_new_subscription_counts_from_its_start(self) -> None:
        state = read({"format": "partner_center", "resource": RESOURCE}, type="subscription.created")

        assert state.versions[0].on == date(2026, 1, 14)

    @pytest.mark.parametrize("resource", [7, {}, RESOURCE | {"quantity": "many"}])
    def test_that_is_damaged_is_refused(self, resource: object) -> None:
        with pytest.raises(Refused):
            read({"format": "partner_center", "effective": "2026-02-10", "resource": resource})
