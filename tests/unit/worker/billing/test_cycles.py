"""Which cycles a run finds: one-time purchases, metered months, other systems' days, ended contracts."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical.contract import Commitment
from tests.unit.worker.billing.world import (
    SELLER,
    Product,
    Seller,
    contract,
    day,
    dec,
    held,
    only,
    only_line,
    party,
    per_seat,
    price_list,
    replace,
    setup,
    subscription,
    used,
)
from worker.billing import ground_of
from worker.billing.ground import common_ground
from worker.billing.origins import settings_of

PRICES = price_list(
    "LIST",
    per_seat("8.40"),
    per_seat("90", plan="one_time"),
    per_seat("0.50", plan="usage"),
    per_seat("96", plan="annual"),
)


def seller(*contracts: Any, usage: tuple[Any, ...] = (), world: Any = None, **facts: Any) -> Seller:
    """One subscription, held from its anchor on, at these prices."""
    given = {"price_lists": (PRICES,), "contracts": contracts or (contract(),), **(world or {})}
    one = subscription(**facts)
    return Seller(setup(**given), (one,), (held(str(one.anchor), 2),), usage)


def told(story: Seller) -> list[str]:
    assert story.last is not None
    return [check.code for check in story.last.checks]


class TestAOneTimePurchase:
    def test_is_billed_on_its_day_with_that_day(self) -> None:
        story = seller(plan="one_time", term="", anchor=day("2026-01-15"))

        assert story.run("2026-01-14") == ()
        line = only_line(story.run("2026-01-15"))
        assert (str(line.net), str(line.service)) == ("180.00 EUR", "2026-01-15..2026-01-15")
        assert story.run("2026-03-01") == ()

    def test_is_billed_days_later_where_the_contract_says_so(self) -> None:
        story = seller(contract(offset_days=3), plan="one_time", term="", anchor=day("2026-01-15"))

        assert story.run("2026-01-17") == ()
        assert len(story.run("2026-01-18")) == 1

    def test_is_what_was_known_last_and_an_expiry_takes_nothing_back(self) -> None:
        story = seller(plan="one_time", term="", anchor=day("2026-01-15"))
        story.run("2026-01-15")
        for on, quantity, status, owed in (
            ("2026-01-16", 3, "active", 27000),
            ("2026-01-17", 4, "active", 36000),
            ("2026-01-18", 4, "expired", 36000),
            ("2026-01-19", 1, "active", 9000),
        ):
            story.change(held(on, quantity, status=status))
            story.run(on)
            assert story.billed_net == owed

    def test_stays_as_billed_where_nothing_is_known_any_more(self) -> None:
        story = seller(plan="one_time", term="", anchor=day("2026-01-15"))
        story.run("2026-01-15")
        story.versions = ()

        assert story.run("2026-01-20") == ()

    def test_is_the_providers_where_its_lines_are_repeated(self) -> None:
        agreed = contract(bill_by="provider_lines")

        assert seller(agreed, plan="one_time", term="").run("2026-02-01") == ()

    def test_before_the_cut_over_was_another_systems(self) -> None:
        for agreed, issuer in (
            (contract(cut_over=day("2026-01-16")), SELLER),
            (contract(), replace(SELLER, cut_over=day("2026-01-16"))),
        ):
            story = seller(
                agreed, plan="one_time", term="", anchor=day("2026-01-15"), world={"issuers": (issuer,)}
            )
            assert story.run("2026-02-01") == ()
            assert story.last is not None
            assert story.last.account.excluded == 1

        own = seller(
            contract(cut_over=day("2026-01-16")),
            plan="one_time",
            term="",
            anchor=day("2026-01-15"),
            billed_until=day("2026-01-15"),
        )
        assert len(own.run("2026-02-01")) == 1

    def test_without_a_contract_is_said(self) -> None:
        story = seller(contract(from_=day("2027-01-01")), plan="one_time", term="")

        assert story.run("2026-02-01") == ()
        assert told(story) == ["unassigned_subscription"]


class TestAMeteredMonth:
    def _seller(self, *contracts: Any, usage: tuple[Any, ...], **facts: Any) -> Seller:
        return seller(*contracts, usage=usage, **{"plan": "usage", "term": "", **facts})

    def test_is_billed_when_it_is_over(self) -> None:
        story = self._seller(usage=(used("2026-01-05", 10), used("2026-01-31", 10)))

        assert story.run("2026-01-31") == ()
        assert str(only(story.run("2026-02-01")).net) == "10.00 EUR"

    def test_goes_by_the_contract_of_its_first_day(self) -> None:
        """A dearer contract takes over on the 16th; the month began under the first."""
        dear = price_list("DEAR", per_seat("1.00", plan="usage"))
        first = contract(until=day("2026-01-16"))
        then = contract(code="THEN", from_=day("2026-01-16"), price_list="DEAR")
        story = self._seller(
            first, then, usage=(used("2026-01-20", 10),), world={"price_lists": (PRICES, dear)}
        )

        assert str(only(story.run("2026-02-01")).net) == "5.00 EUR"

    def test_due_before_its_end_has_what_is_known_that_day(self) -> None:
        """Five days before the month's end is due on the 27th: what was used on that day counts."""
        story = self._seller(contract(offset_days=-5), usage=(used("2026-01-27", 10), used("2026-01-28", 10)))

        assert story.run("2026-01-26") == ()
        assert str(only(story.run("2026-01-27")).net) == "5.00 EUR"

    def test_that_cannot_be_billed_does_not_stop_the_next(self) -> None:
        """January is another system's, of February nobody has a contract, March is repeated by lines."""
        contracts = (
            contract(until=day("2026-02-01"), cut_over=day("2026-02-01")),
            contract(
                code="LINES", from_=day("2026-03-01"), until=day("2026-04-01"), bill_by="provider_lines"
            ),
            contract(code="APRIL", from_=day("2026-04-01"), until=day("2026-05-01")),
        )
        months = tuple(used(f"2026-0{month}-10", 10) for month in (1, 2, 3, 4))
        story = self._seller(*contracts, usage=months)

        assert [str(line.service) for line in only(story.run("2026-05-01")).lines] == [
            "2026-04-01..2026-04-30"
        ]
        assert told(story) == ["unassigned_subscription"] or "expired_contract" in told(story)

    def test_counts_what_is_known_until_the_day_of_the_run(self) -> None:
        story = self._seller(usage=(used("2026-01-05", 10), used("2026-02-05", 10)))

        assert str(only(story.run("2026-02-04")).net) == "5.00 EUR"


class TestAnEndedContract:
    def test_is_told_with_the_price_that_would_have_counted(self) -> None:
        """Nothing was billed under it; it held from 1 June 2025, when the list cost 5.00."""
        lists = (
            price_list("LIST", per_seat("4.00"), from_=day("2025-01-01")),
            price_list("LIST", per_seat("5.00"), from_=day("2025-06-01")),
            price_list("LIST", per_seat("6.00"), from_=day("2025-09-01")),
        )
        agreed = contract(until=day("2025-12-01"), from_=day("2025-03-01"))
        story = seller(agreed, world={"price_lists": lists}, anchor=day("2025-06-01"), term="P1M")
        story.versions = (held("2025-06-15", 2),)
        story.setup = replace(story.setup, issuers=(replace(SELLER, cut_over=day("2026-01-01")),))
        story.run("2026-01-01")

        assert story.last is not None
        [check] = story.last.checks
        assert check.code == "expired_contract"
        assert "10.00 EUR a month are at stake" in check.sentence

    def test_is_the_one_that_ended_last(self) -> None:
        contracts = (
            contract(code="A", until=day("2025-06-01")),
            contract(code="B", until=day("2025-12-01")),
            contract(code="C", until=day("2025-03-01")),
        )
        story = seller(*contracts)
        story.run("2026-01-01")

        assert story.last is not None
        assert "contract B of ACME ended on 2025-12-01" in story.last.checks[0].sentence

    def test_is_not_one_that_never_began_or_is_still_to_end(self) -> None:
        never = contract(code="NEVER", from_=day("2025-06-01"), until=day("2025-06-01"))
        later = contract(code="LATER", from_=day("2026-06-01"), until=day("2026-07-01"))
        for agreed in (never, later):
            story = seller(agreed)
            story.run("2026-01-01")
            assert told(story) == ["unassigned_subscription"]

    def test_of_seats_given_up_has_nothing_at_stake(self) -> None:
        story = seller(
            contract(until=day("2026-02-01")), plan="usage", term="", usage=(used("2026-02-10", 1),)
        )
        story.run("2026-03-01")

        assert story.last is not None
        [check] = story.last.checks
        assert "at stake" not in check.sentence


class TestASettingsText:
    def test_is_what_a_file_would_say(self) -> None:
        minimum = Commitment(dec(100), "MIN")
        agreed = contract(minimum=minimum, retail_price_list="RETAIL", cut_over=day("2026-01-01"))
        world = setup(contracts=(agreed,), products=(Product("E3", "E3"),))

        found = {
            one.name: one.value for one in settings_of(subscription(), day("2026-01-01"), ground_of(world))
        }

        assert found["minimum"].startswith('{"amount":"100","product":"MIN"')
        assert found["discounts"] == ""
        assert found["cut_over"] == "2026-01-01"
        assert found["retail_price_list"] == "RETAIL"
        assert found["markup_percent"] == ""

    def test_is_of_what_is_agreed_not_of_who_agreed(self) -> None:
        found = {one.name for one in settings_of(subscription(), day("2026-01-01"), ground_of(setup()))}

        assert not found & {"code", "party", "from_", "until"}
        assert found >= {"timing", "bill_to"}

    def test_names_the_subscription_that_names_the_contract(self) -> None:
        world = setup(contracts=(contract(notice_days=5),))
        named = subscription(contract="C-ACME")

        found = {one.name: one for one in settings_of(named, day("2026-01-01"), ground_of(world))}

        assert found["notice_days"].origin == (
            "contract C-ACME of ACME from 2020-01-01, named by subscription S1"
        )

    def test_takes_the_payment_terms_of_an_issuer_or_none(self) -> None:
        lost = setup(contracts=(contract(issuer="XX"),))
        own = setup(contracts=(contract(payment_terms_days=7),))

        def terms(world: Any) -> tuple[str, str]:
            found = settings_of(subscription(), day("2026-01-01"), ground_of(world))
            [one] = [one for one in found if one.name == "payment_terms_days"]
            return one.value, one.origin

        assert terms(lost) == ("0", "issuer XX")
        assert terms(own)[0] == "7"


class TestACommonGround:
    def test_is_of_a_set_up_with_the_very_same_lists(self) -> None:
        world = setup()
        ground = common_ground(world)

        assert ground.is_of(world)
        assert ground.is_of(replace(world, parties=(party("OTHER"),)))
        assert not ground.is_of(replace(world, issuers=(replace(SELLER),)))
        assert not ground.is_of(replace(world, products=(Product("E3", "Other"),)))
        assert not ground.is_of(replace(world, price_lists=(PRICES,)))


class TestACutOver:
    @pytest.mark.parametrize(
        ("changed", "codes"),
        [
            ("2026-01-15", []),
            ("2026-01-19", []),
            ("2026-01-20", ["opening_missing"]),
            ("2026-01-31", ["opening_missing"]),
        ],
    )
    def test_asks_for_an_opening_only_where_a_later_day_changed(self, changed: str, codes: list[str]) -> None:
        """Cut over on the 20th, inside a cycle that the other system billed."""
        story = seller(contract(cut_over=day("2026-01-20")))
        story.versions = (*story.versions, held(changed, 3))

        assert story.run("2026-01-31") == ()
        assert told(story) == codes

    def test_of_the_contract_that_took_over_counts_for_days_before_it(self) -> None:
        story = seller(contract(from_=day("2026-02-01"), cut_over=day("2026-02-01")))

        assert len(story.run("2026-02-01")) == 1
        assert told(story) == []

    def test_leaves_the_next_cycle_to_us(self) -> None:
        story = seller(contract(cut_over=day("2026-01-20")))
        story.run("2026-01-31")

        assert str(only_line(story.run("2026-02-01")).service) == "2026-02-01..2026-02-28"


class TestTheAccount:
    def test_counts_what_was_billed_though_nothing_is_held_any_more(self) -> None:
        story = seller()
        story.run("2026-01-01")
        story.change(held("2026-01-16", 0, status="cancelled"))
        story.run("2026-01-16")

        assert story.last is not None
        assert (story.last.account.active, story.last.account.billed) == (1, 1)
        story.run("2026-01-17")
        assert story.last.account.active == 0

    def test_counts_what_is_held_back_though_nothing_is_held_any_more(self) -> None:
        below_cost = price_list("LIST", per_seat("8.40", cost=dec(9)))
        story = seller(world={"price_lists": (below_cost,)})
        story.versions = (held("2026-01-01", 2), held("2026-01-16", 0, status="cancelled"))
        story.run("2026-01-31")

        assert story.last is not None
        assert (story.last.account.active, story.last.account.held) == (1, 1)

    def test_counts_what_cannot_be_billed_though_nothing_is_held_any_more(self) -> None:
        story = seller(contract(from_=day("2027-01-01")))
        story.versions = (held("2026-01-01", 2), held("2026-01-16", 0, status="cancelled"))
        story.run("2026-01-31")

        assert story.last is not None
        assert (story.last.account.active, story.last.account.unassigned) == (1, 1)

    def test_names_checks_in_order(self) -> None:
        below_cost = price_list("LIST", per_seat("8.40", cost=dec(9)))
        story = seller(world={"price_lists": (below_cost,)})
        codes = [f"S{at}" for at in range(9)]
        story.subscriptions = tuple(subscription(code) for code in reversed(codes))
        story.versions = tuple(held("2026-01-01", 1, code) for code in codes)
        story.run("2026-01-01")

        assert story.last is not None
        assert [check.subscription for check in story.last.drafts[0].checks] == codes


class TestASharedDocument:
    def test_names_why_a_subscription_is_held_along(self) -> None:
        """ACME's seats are sold below cost; the other subscription on the document waits with them."""
        cheap = price_list("LIST", per_seat("8.40", cost=dec(9)), per_seat("5", product="E5"))
        story = seller(world={"price_lists": (cheap,), "products": (Product("E3", "A"), Product("E5", "B"))})
        story.subscriptions = (subscription(), subscription("S2", product="E5"))
        story.versions = (held("2026-01-01", 1), held("2026-01-01", 1, "S2"))
        story.run("2026-01-01")

        assert story.last is not None
        assert story.last.account.held == 2
        assert party("ACME").code in story.last.drafts[0].document.bill_to.code
