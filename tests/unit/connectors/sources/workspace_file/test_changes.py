from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.workspace_file.changes import versions_of
from connectors.sources.workspace_file.schema import ChangeEntry, SubscriptionEntry
from mappings.canonical.subscription import SubscriptionVersion

START = date(2026, 1, 1)


def versions(*changes: ChangeEntry, quantity: str = "10") -> tuple[SubscriptionVersion, ...]:
    return versions_of(
        SubscriptionEntry(code="S", plan="monthly", start=START, quantity=quantity, changes=changes)
    )


class TestVersions:
    def test_carry_totals(self) -> None:
        found = versions(
            ChangeEntry(on=date(2026, 2, 1), add="5"),
            ChangeEntry(on=date(2026, 3, 1), remove="3"),
            ChangeEntry(on=date(2026, 4, 1), quantity="20"),
        )

        assert [(version.on.month, version.quantity) for version in found] == [
            (1, 10),
            (2, 15),
            (3, 12),
            (4, 20),
        ]

    def test_are_named_by_their_day(self) -> None:
        first, second = versions(ChangeEntry(on=date(2026, 3, 14), add="1"))

        assert (first.ref, second.ref) == ("file:2026-01-01:1", "file:2026-03-14:1")

    def test_net_the_changes_of_one_day(self) -> None:
        day = date(2026, 2, 1)

        found = versions(ChangeEntry(on=day, add="5"), ChangeEntry(on=day, remove="2"))

        assert [(version.on, version.quantity) for version in found] == [(START, 10), (day, 13)]

    def test_end_with_a_cancellation(self) -> None:
        *_, last = versions(ChangeEntry(on=date(2026, 2, 1), cancel=True))

        assert (last.quantity, last.status) == (0, "cancelled")

    def test_remember_the_quantity_over_a_suspension(self) -> None:
        _, suspended, changed, resumed = versions(
            ChangeEntry(on=date(2026, 2, 1), suspend=True),
            ChangeEntry(on=date(2026, 3, 1), add="1"),
            ChangeEntry(on=date(2026, 4, 1), resume=True),
        )

        assert (suspended.quantity, suspended.status) == (10, "suspended")
        assert (changed.quantity, changed.status) == (11, "suspended")
        assert (resumed.quantity, resumed.status) == (11, "active")

    @given(st.lists(st.decimals(min_value=1, max_value=1000, places=3), max_size=20))
    def test_add_up_exactly(self, added: list[Decimal]) -> None:
        changes = tuple(
            ChangeEntry(on=date(2026, 2, 1 + day), add=format(number, "f"))
            for day, number in enumerate(added)
        )

        *_, last = versions(*changes, quantity="0.1")

        assert last.quantity == sum(added, Decimal("0.1"))
