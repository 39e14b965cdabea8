"""Who is above a party and who holds a subscription, day by day."""

from __future__ import annotations

import pytest

from mappings.canonical.party import ParentEdge, Party
from mappings.canonical.subscription import Assignment, Share, SplitKey
from tests.unit.worker.billing.world import day, dec, subscription


class TestAParty:
    @pytest.mark.parametrize(
        ("on", "above"),
        [
            ("2025-12-31", "OLD"),
            ("2026-01-01", None),
            ("2026-02-01", "NEW"),
            ("2026-02-28", "NEW"),
            ("2026-03-01", "LAST"),
            ("2036-03-01", "LAST"),
        ],
    )
    def test_has_the_parent_of_the_day(self, on: str, above: str | None) -> None:
        parents = (
            ParentEdge("OLD", until=day("2026-01-01")),
            ParentEdge("NEW", from_=day("2026-02-01"), until=day("2026-03-01")),
            ParentEdge("LAST", from_=day("2026-03-01")),
        )

        assert Party("ACME", "Acme", parents=parents).parent_on(day(on)) == above


class TestASharedSubscription:
    HANDED = subscription(
        party="FIRST",
        assignments=(Assignment(day("2026-03-01"), "THIRD"), Assignment(day("2026-02-01"), "SECOND")),
        splits=(
            SplitKey(day("2026-02-01"), "percent", (Share("SECOND", dec(60)), Share("OTHER", dec(40)))),
            SplitKey(day("2026-01-01"), "seats", (Share("FIRST", dec(1)),)),
        ),
    )

    @pytest.mark.parametrize(
        ("on", "holder"),
        [
            ("2026-01-31", "FIRST"),
            ("2026-02-01", "SECOND"),
            ("2026-02-28", "SECOND"),
            ("2026-03-01", "THIRD"),
        ],
    )
    def test_is_held_by_whoever_took_it_last(self, on: str, holder: str) -> None:
        assert self.HANDED.party_on(day(on)) == holder
        assert subscription(party="FIRST").party_on(day(on)) == "FIRST"

    @pytest.mark.parametrize(
        ("on", "by"), [("2025-12-31", None), ("2026-01-01", "seats"), ("2026-02-01", "percent")]
    )
    def test_is_shared_by_the_newest_key(self, on: str, by: str | None) -> None:
        key = self.HANDED.split_on(day(on))

        assert (key.by if key else None) == by

    def test_knows_everybody_it_ever_concerned(self) -> None:
        assert self.HANDED.holders == ("FIRST", "THIRD", "SECOND")
        assert self.HANDED.parties == {"FIRST", "SECOND", "THIRD", "OTHER"}
        assert subscription(party="FIRST").holders == ("FIRST",)
