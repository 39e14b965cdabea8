"""What is remembered: the very same objects, computed once, and not without end."""

from __future__ import annotations

from mappings.canonical.money import Money
from worker.billing.memo import KEPT_MAX, remembered, remembered_pair


class TestARememberedFunction:
    def test_is_computed_once_for_an_object(self) -> None:
        seen: list[Money] = []

        @remembered
        def noted(money: Money) -> Money:
            seen.append(money)
            return -money

        one, equal = Money(1, "EUR"), Money(1, "EUR")

        assert [noted(one), noted(one), noted(equal)] == [Money(-1, "EUR")] * 3
        assert len(seen) == 2

    def test_of_two_objects_is_computed_once_for_both(self) -> None:
        seen: list[tuple[Money, Money]] = []

        @remembered_pair
        def noted(first: Money, second: Money) -> Money:
            seen.append((first, second))
            return first - second

        one, two = Money(1, "EUR"), Money(2, "EUR")

        assert [noted(one, two), noted(one, two), noted(two, one)] == [
            Money(-1, "EUR"),
            Money(-1, "EUR"),
            Money(1, "EUR"),
        ]
        assert len(seen) == 2

    def test_forgets_all_when_it_keeps_too_much(self) -> None:
        alone: list[Money] = []
        pairs: list[Money] = []
        single = remembered(alone.append)

        @remembered_pair
        def pair(first: Money, _second: Money) -> None:
            pairs.append(first)

        many = [Money(minor, "EUR") for minor in range(KEPT_MAX + 1)]

        for money in (*many, many[-1], many[0]):
            single(money)
            pair(money, many[0])

        assert len(alone) == len(pairs) == KEPT_MAX + 2
        assert alone[-1] == pairs[-1] == many[0]
