"""Where every subscription of a run went, and add-ons that end with what they are added to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.worker.billing.world import day, dec
from worker.billing.account import Outcome, account, outcome
from worker.billing.addons import with_parents
from worker.billing.timeline import Timeline
from worker.billing.values import AccountReason, Check

HELD = Check("margin_negative", "below cost")
LOST = Check("unassigned_subscription", "nobody's")
FREE = Check("unpriced_subscription", "no price")


class TestAnOutcome:
    @pytest.mark.parametrize(
        ("checks", "held", "is_billed", "excluded", "column", "why"),
        [
            ((), (), True, "", "billed", ""),
            ((), (), False, "", "nothing_due", ""),
            ((), (), False, "elsewhere", "excluded", "elsewhere"),
            ((), (), True, "elsewhere", "billed", ""),
            ((LOST,), (), True, "", "unassigned", "nobody's"),
            ((FREE,), (), True, "", "unpriced", "no price"),
            ((FREE, LOST), (), True, "", "unassigned", "nobody's"),
            ((LOST,), (HELD,), True, "", "held", "below cost"),
            ((), (HELD, Check("zero_price", "nothing")), False, "", "held", "below cost"),
        ],
    )
    def test_is_the_first_column_that_fits(
        self, checks: Any, held: Any, is_billed: bool, excluded: str, column: str, why: str
    ) -> None:
        found = outcome("S1", checks, is_billed=is_billed, held=held, excluded=excluded)

        assert (found.subscription, found.column, found.why) == ("S1", column, why)


class TestAnAccount:
    def test_counts_every_column_and_tells_reasons_in_order(self) -> None:
        outcomes = [
            Outcome("Z", "held", "b"),
            Outcome("A", "held", "b"),
            Outcome("M", "held", "a"),
            Outcome("B", "billed"),
            Outcome("N", "nothing_due"),
            Outcome("X", "excluded", "c"),
            Outcome("U", "unassigned", "d"),
            Outcome("P", "unpriced", "e"),
        ]

        found = account(iter(outcomes))

        assert (found.active, found.billed, found.nothing_due, found.held) == (8, 1, 1, 3)
        assert (found.excluded, found.unassigned, found.unpriced) == (1, 1, 1)
        assert found.reasons == (
            AccountReason("excluded", "c", ("X",)),
            AccountReason("held", "a", ("M",)),
            AccountReason("held", "b", ("A", "Z")),
            AccountReason("unassigned", "d", ("U",)),
            AccountReason("unpriced", "e", ("P",)),
        )


def timeline(*steps: tuple[str, int]) -> Timeline:
    return Timeline(tuple(day(on) for on, _ in steps), tuple(dec(quantity) for _, quantity in steps))


class TestAddOns:
    FIVE = timeline(("2026-01-01", 5))
    GONE = timeline(("2026-01-01", 1), ("2026-02-01", 0), ("2026-03-01", 1))

    def test_hold_nothing_while_their_parent_does_not(self) -> None:
        found = with_parents({"ADD": self.FIVE, "BASE": self.GONE}, {"ADD": "BASE"})

        assert found["BASE"] == self.GONE
        assert [str(on) for on in found["ADD"].days] == ["2026-01-01", "2026-02-01", "2026-03-01"]
        assert found["ADD"].quantities == (5, 0, 5)

    def test_of_add_ons_end_with_the_first(self) -> None:
        found = with_parents(
            {"TOP": self.FIVE, "ADD": self.FIVE, "BASE": self.GONE}, {"TOP": "ADD", "ADD": "BASE"}
        )

        assert found["TOP"].quantities == (5, 0, 5)

    def test_of_nothing_known_are_left(self) -> None:
        given = {"ADD": self.FIVE}

        assert with_parents(given, {"ADD": "GONE"}) == given
        assert with_parents(given, {}) is given

    def test_in_a_circle_are_the_same_in_any_order(self) -> None:
        parents = {"A": "B", "B": "A"}
        one = with_parents({"A": self.FIVE, "B": self.GONE}, parents)
        other = with_parents({"B": self.GONE, "A": self.FIVE}, parents)

        assert one == other
