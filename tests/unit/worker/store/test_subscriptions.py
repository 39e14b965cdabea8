from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical.subscription import (
    Agreed,
    NextTerm,
    RefundableSeats,
    Share,
    SplitKey,
    Subscription,
    SubscriptionVersion,
    Usage,
)
from mappings.canonical.workspace import Workspace
from tests.unit.worker.small_world import NOW, SETUP, START, subscription, version
from worker.store import subscriptions
from worker.store.engine import Store
from worker.store.subscriptions import Directory, StateChange
from worker.store.workspace import store_workspace

NOBODY = Directory({}, {})
HELD = subscription("S-1", "LONE")


def store_state(
    store: Store,
    *versions: SubscriptionVersion,
    held: Subscription | None = HELD,
    usage: tuple[Usage, ...] = (),
    by_hand: bool = False,
) -> StateChange:
    given_now = () if held is None else (held,)
    return store.transact(
        lambda c: subscriptions.store_state(
            c, given_now, versions, usage, directory=NOBODY, is_written_by_hand=by_hand
        )
    )


def kept(store: Store) -> tuple[Subscription, tuple[SubscriptionVersion, ...]]:
    with store.read() as connection:
        state = subscriptions.load_all(connection)
    return state.subscriptions[0], state.versions


class TestVersions:
    def test_are_added_once(self, store: Store) -> None:
        seen = replace(version("S-1", 5), ref="event-1")

        changes = [store_state(store, seen) for _ in range(2)]

        assert [change.versions for change in changes] == [1, 0]
        assert kept(store)[1] == (seen,)

    def test_of_a_file_are_corrected_by_its_next_word_about_the_day(self, store: Store) -> None:
        for quantity in (5, 5, 6, 6, 5):
            store_state(store, version("S-1", quantity), by_hand=True)

        assert [(one.ref, one.quantity) for one in kept(store)[1]] == [
            ("file:2026-01-01:1", Decimal(5)),
            ("file:2026-01-01:2", Decimal(6)),
            ("file:2026-01-01:3", Decimal(5)),
        ]

    def test_of_a_subscription_that_nobody_told_us_of_are_an_error(self, store: Store) -> None:
        with pytest.raises(ValueError, match="S-GONE"):
            store_state(store, version("S-GONE", 1))

    def test_keep_what_was_agreed_accepted_and_refundable_with_them(self, store: Store) -> None:
        """Without `accepted`, a reduction that the provider took would be held back by our own windows."""
        until = NOW.replace(microsecond=123000)
        agreed = Agreed(plan="annual", auto_renew=False, next_term=NextTerm(Decimal(3), term="P3Y"))
        refundable = (RefundableSeats(Decimal("2.5"), until),)
        told = replace(version("S-1", 5), accepted=True, agreed=agreed, refundable=refundable)

        changes = [store_state(store, told) for _ in range(2)]

        assert [change.versions for change in changes] == [1, 0]
        assert kept(store)[1] == (told,)

    def test_keep_their_exact_quantity(self, store: Store) -> None:
        exact = replace(version("S-1", 0), quantity=Decimal("0.100000000001"))

        store_state(store, exact)

        assert kept(store)[1] == (exact,)

    @given(st.integers(1, 400))
    def test_sort_by_the_number_of_their_word(self, number: int) -> None:
        assert subscriptions._word("2026-01-01", number) < subscriptions._word("2026-01-01", number + 1)


class TestUsage:
    def test_is_added_once(self, store: Store) -> None:
        used = Usage("S-1", "u-1", START, Decimal("12.5"), "GB")

        changes = [store_state(store, usage=(used,)) for _ in range(2)]

        assert [change.usage for change in changes] == [1, 0]


class TestLastingFacts:
    def test_are_corrected_by_the_source_that_brought_them(self, store: Store) -> None:
        store_state(store, held=replace(HELD, source="partner_center", contract="C-1", party="LONE"))

        change = store_state(
            store, held=replace(HELD, source="partner_center", name="renamed", party="", product="")
        )

        stored, _ = kept(store)
        assert change.changed == 1
        assert (stored.name, stored.party, stored.product, stored.contract) == (
            "renamed",
            "LONE",
            "SEAT",
            "C-1",
        )

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_are_what_was_observed_last_whenever_it_arrives(
        self, store: Store, order: tuple[int, int]
    ) -> None:
        """A late webhook of yesterday must not hand a subscription back to the party that held it then."""
        event = replace(HELD, source="subscription_events", party="LONE")
        states = (
            (event, replace(version("S-1", 5), ref="a", observed="2026-02-01T10:00:00.000000Z")),
            (
                replace(event, party="NORTH", name="moved"),
                replace(version("S-1", 5), ref="b", observed="2026-02-02T10:00:00.000000Z"),
            ),
        )

        for number in order:
            store_state(store, states[number][1], held=states[number][0])

        assert (kept(store)[0].party, kept(store)[0].name) == ("NORTH", "moved")

    def test_keep_what_only_people_say_of_them(self, store: Store) -> None:
        """The provider knows nothing of shares, so a look of it takes none away."""
        shared = SplitKey(START, "seats", (Share("NORTH", Decimal(1)), Share("LONE", Decimal(2))))
        provided = replace(HELD, source="partner_center")
        store_state(store, held=replace(provided, splits=(shared,), converted_from="S-0"), by_hand=True)

        store_state(store, held=provided)

        assert (kept(store)[0].splits, kept(store)[0].converted_from) == ((shared,), "S-0")

    def test_are_left_alone_by_every_other_source(self, store: Store) -> None:
        store_state(store)

        change = store_state(store, held=replace(HELD, source="subscription_events", anchor=date(2025, 1, 1)))

        assert change.is_empty
        assert kept(store)[0] == HELD

    def test_are_what_a_file_written_by_hand_says(self, store: Store) -> None:
        store_state(store, held=replace(HELD, source="partner_center", name="theirs"))

        store_state(store, by_hand=True)

        assert kept(store)[0] == HELD


class TestLatest:
    def test_is_the_later_day_then_the_later_observation(self, store: Store) -> None:
        early = replace(version("S-1", 1), ref="a", observed="2026-01-01T10:00:00Z")
        late = replace(version("S-1", 2), ref="b", observed="2026-01-01T11:00:00Z")
        store_state(store, late, early)

        with store.read() as connection:
            latest = subscriptions.load_latest(connection, ["S-1", "S-2"])

        assert latest == {"S-1": late}


class TestGroups:
    def test_of_touched_subscriptions_are_named(self, store: Store) -> None:
        store.transact(lambda c: store_workspace(c, Workspace(SETUP), now=NOW))

        change = store_state(store, version("S-1", 4))

        assert change.groups == {"LONE"}
