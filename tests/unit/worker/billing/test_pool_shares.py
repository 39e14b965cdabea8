"""What a pool measures, who is in it on a day, and who fills its tiers first."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical.party import ParentEdge
from mappings.canonical.subscription import Assignment, Subscription
from tests.unit.worker.billing.world import Pool, day, dec, party, replace, subscription
from worker.billing.hierarchy import Tree
from worker.billing.pools import Pools, is_fixed_at_purchase, pool_period
from worker.billing.timeline import Timeline

MOVING = party("B", parents=(ParentEdge("TOP", until=day("2026-01-21")),))
TREE = Tree((party("TOP"), party("A", parent="TOP"), MOVING, party("C", parent="TOP"), party("OUT")))


def timeline(*steps: tuple[str, object]) -> Timeline:
    return Timeline(tuple(day(on) for on, _ in steps), tuple(dec(quantity) for _, quantity in steps))


HELD = {
    "SA": timeline(("2026-01-01", 10), ("2026-01-11", 4)),
    "SB": timeline(("2026-01-01", 3)),
    "SC": timeline(("2026-01-05", 5), ("2026-01-15", 0), ("2026-02-10", 2)),
    "SOUT": timeline(("2026-01-01", 100)),
}
MEMBERS = tuple(subscription(code, party=code.removeprefix("S")) for code in HELD)


def pool(measure: Any = "end_of_period", **more: Any) -> Pool:
    return Pool(**{"code": "P", "group": "TOP", "products": ("E3",), "measure": measure, **more})


def pools(*given: Pool, members: tuple[Subscription, ...] = MEMBERS, held: Any = HELD) -> Pools:
    return Pools(given, members, held, tree=TREE)


def total(given: Pool, on: str = "2026-01-01", *, code: str = "SA", **more: Any) -> str:
    own = next(one for one in more.get("members", MEMBERS) if one.code == code)
    return f"{pools(given, **more).share(given, own, day(on)).total.normalize():f}"


class TestAMeasure:
    @pytest.mark.parametrize(
        ("measure", "january"),
        [("end_of_period", "4"), ("peak", "18"), ("time_weighted", "9.4839")],
    )
    def test_is_of_everyone_below_the_group_on_each_day(self, measure: str, january: str) -> None:
        """A: 10, from the 11th 4; B: 3 until it leaves on the 21st; C: 5 from the 5th until the 15th."""
        assert total(pool(measure)) == january

    def test_is_of_the_period_that_holds_the_day(self) -> None:
        assert total(pool(), "2026-02-09") == "6"
        assert total(pool("peak"), "2026-02-09") == "6"
        assert total(pool(anchor=day("2026-01-08")), "2026-01-10") == "4"
        assert total(pool(anchor=day("2026-01-08")), "2026-01-05") == "18"

    def test_is_of_the_days_on_which_the_pool_exists(self) -> None:
        """Until 15 January nothing of C counts before the 10th."""
        late = pool("peak", from_=day("2026-01-11"), until=day("2026-01-15"))

        assert total(late) == "12"
        assert pools(late).of(MEMBERS[0], day("2026-01-10")) is None
        assert pools(late).of(MEMBERS[0], day("2026-01-11")) == late
        assert pools(late).of(MEMBERS[0], day("2026-01-15")) is None

    def test_is_one_at_least(self) -> None:
        held = {**HELD, "SA": timeline(("2026-01-01", "0.25"))}

        assert total(pool(), held=held, members=MEMBERS[:1]) == "1"

    def test_is_rounded_half_up_to_four_places(self) -> None:
        """One seat for a day of 31 is 0.0322..., beside 10: 10.0323."""
        held = {"SA": timeline(("2026-01-01", 11), ("2026-01-02", 10))}

        assert total(pool("time_weighted"), held=held, members=MEMBERS[:1]) == "10.0323"


class TestAMember:
    def test_is_one_while_its_party_is_below_the_group(self) -> None:
        one, given = pool(), pools(pool())

        assert given.of(MEMBERS[1], day("2026-01-20")) == one
        assert given.of(MEMBERS[1], day("2026-01-21")) is None
        assert given.of(MEMBERS[3], day("2026-01-01")) is None

    def test_is_none_while_it_holds_nothing_or_is_of_another_product(self) -> None:
        given = pools(pool())

        assert given.of(MEMBERS[2], day("2026-01-04")) is None
        assert given.of(MEMBERS[2], day("2026-01-05")) is not None
        assert given.of(replace(MEMBERS[0], product="E5"), day("2026-01-05")) is None

    def test_belongs_to_the_first_pool_by_code(self) -> None:
        second = pool(code="Q")

        assert pools(second, pool()).of(MEMBERS[0], day("2026-01-05")) == pool()
        assert pools(second, pool()).named("Q") == second
        assert pools(second).named("P") is None

    def test_goes_with_whoever_holds_the_subscription(self) -> None:
        taken = replace(MEMBERS[0], assignments=(Assignment(day("2026-01-11"), "OUT"),))
        given = pools(pool(), members=(taken,))

        assert given.of(taken, day("2026-01-10")) is not None
        assert given.of(taken, day("2026-01-11")) is None


class TestAnOrder:
    def _before(self, given: Pool, code: str, on: str = "2026-01-01") -> str:
        own = next(one for one in MEMBERS if one.code == code)
        return f"{pools(given).share(given, own, day(on)).before.normalize():f}"

    def test_is_as_stated_then_by_party(self) -> None:
        by_party = pool("peak", allocation="in_order")
        stated = pool("peak", allocation="in_order", in_order=("C", "B"))

        assert [self._before(by_party, code) for code in ("SA", "SB", "SC")] == ["0", "10", "13"]
        assert [self._before(stated, code) for code in ("SA", "SB", "SC")] == ["8", "5", "0"]

    def test_counts_averages_where_the_measure_is_one(self) -> None:
        by_party = pool("time_weighted", allocation="in_order")

        assert [self._before(by_party, code) for code in ("SA", "SB", "SC")] == ["0", "5.9355", "7.871"]

    def test_is_the_subscriptions_within_a_party(self) -> None:
        two = (subscription("Z", party="A"), subscription("Y", party="A"))
        held = {code: timeline(("2026-01-01", quantity)) for code, quantity in (("Z", 1), ("Y", 2))}
        by_party = pool(allocation="in_order")
        given = pools(by_party, members=two, held=held)

        befores = [given.share(by_party, one, day("2026-01-01")).before for one in two]

        assert befores == [2, 0]

    def test_is_told_only_where_it_matters(self) -> None:
        share = pools(pool()).share(pool(), MEMBERS[1], day("2026-01-01"))

        assert (share.pool, share.allocation, share.before) == ("P", "blended", 0)


class TestALongerCycle:
    YEARLY = subscription("SA", party="A", plan="annual", term="P1Y")

    def test_keeps_the_tier_of_its_first_day(self) -> None:
        held = {**HELD, "SA": timeline(("2026-01-01", 10))}
        members = (self.YEARLY, *MEMBERS[1:])

        assert is_fixed_at_purchase(pool(), self.YEARLY)
        assert not is_fixed_at_purchase(pool(), MEMBERS[0])
        assert not is_fixed_at_purchase(pool(period="P1Y"), self.YEARLY)
        assert not is_fixed_at_purchase(pool(annual="settle_yearly"), self.YEARLY)
        assert total(pool(), "2026-01-06", members=members, held=held) == "18"
        assert total(pool(), "2026-01-25", members=members, held=held) == "10"

    @pytest.mark.parametrize(
        ("given", "period"),
        [
            (pool(), "2026-05-01..2026-05-31"),
            (pool(annual="settle_yearly"), "2026-01-01..2026-12-31"),
            (pool(annual="settle_yearly", anchor=day("2026-04-15")), "2026-04-15..2027-04-14"),
            (pool(period="P3M"), "2026-04-01..2026-06-30"),
        ],
    )
    def test_is_settled_over_the_pools_year_where_it_says_so(self, given: Pool, period: str) -> None:
        assert str(pool_period(given, day("2026-05-10"), self.YEARLY)) == period

    def test_leaves_shorter_ones_in_their_month(self) -> None:
        yearly = pool(annual="settle_yearly")

        assert str(pool_period(yearly, day("2026-05-10"), MEMBERS[0])) == "2026-05-01..2026-05-31"
        quarterly = replace(yearly, period="P1Y")
        assert str(pool_period(quarterly, day("2026-05-10"), self.YEARLY)) == "2026-01-01..2026-12-31"
