"""The pre-bill review: what the difference to last period is made of, always to the last cent."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.canonical.money import Money
from tests.unit.worker.billing.world import (
    FxRate,
    Seller,
    contract,
    day,
    dec,
    held,
    party,
    per_seat,
    price_list,
    setup,
    subscription,
    used,
)
from worker.billing.bill import bill_group
from worker.billing.review import PARTS, ReviewLine, by_surprise, pending_of, review
from worker.billing.values import GroupState


def reviewed(seller: Seller, on: str) -> tuple[ReviewLine, ...]:
    """The review of a run that is not released yet."""
    state = GroupState(seller.setup, seller.subscriptions, seller.versions, seller.usage, seller.billed)
    drafts = bill_group(state, as_of=day(on)).drafts
    return review(pending_of(drafts), seller.billed, as_of=day(on))


def told(line: ReviewLine) -> dict[str, str]:
    """The parts that are not nothing."""
    parts = {part: str(getattr(line, part).decimal) for part in PARTS if getattr(line, part)}
    return {"this": str(line.this.decimal), "last": str(line.last.decimal), **parts}


def seller(*versions: Any, **world: Any) -> Seller:
    return Seller(setup(**world), (subscription(),), versions or (held("2026-01-01", 10),))


class TestAReview:
    def test_of_a_first_bill_is_all_new_seats(self) -> None:
        [line] = reviewed(seller(), "2026-01-01")

        assert told(line) == {"this": "84.00", "last": "0.00", "seats": "84.00"}
        assert line.surprise == 1

    def test_of_an_unchanged_month_shows_no_difference(self) -> None:
        one = seller()
        one.run("2026-01-01")

        [line] = reviewed(one, "2026-02-01")

        assert told(line) == {"this": "84.00", "last": "84.00"}
        assert line.surprise == 0

    def test_tells_seats_from_price(self) -> None:
        prices = (price_list(), price_list("LIST", per_seat("9.00"), from_=day("2026-02-01")))
        one = seller(held("2026-01-01", 10), price_lists=prices)
        one.run("2026-01-01")
        one.change(held("2026-02-01", 12))

        [line] = reviewed(one, "2026-02-01")

        assert told(line) == {"this": "108.00", "last": "84.00", "seats": "16.80", "price": "7.20"}

    def test_calls_what_was_added_inside_the_cycle_proration(self) -> None:
        one = seller()
        one.run("2026-01-01")
        one.change(held("2026-01-17", 12))

        [line] = reviewed(one, "2026-02-01")

        # 2 x 8.40 x 15/31 = 8.129... -> 8.13, then February with 12 seats instead of January's 10.
        assert told(line) == {
            "this": "108.93",
            "last": "84.00",
            "seats": "16.80",
            "proration": "8.13",
        }

    def test_tells_credits_and_what_ended(self) -> None:
        one = seller()
        one.run("2026-01-01")
        one.change(held("2026-01-17", 0, status="cancelled"))

        [line] = reviewed(one, "2026-02-01")

        assert told(line) == {"this": "-40.65", "last": "84.00", "seats": "-84.00", "credits": "-40.65"}

    def test_tells_usage_from_the_exchange_rate_of_its_month(self) -> None:
        lists = (price_list("LIST"), price_list("METERS", per_seat("1.00", plan="usage"), currency="USD"))
        rates = (
            FxRate("USD", "EUR", day("2026-01-01"), "0.80", "ECB"),
            FxRate("USD", "EUR", day("2026-02-01"), "0.90", "ECB"),
        )
        one = Seller(
            setup(price_lists=lists, fx_rates=rates, contracts=(contract(usage_price_list="METERS"),)),
            (subscription(plan="usage"),),
            (),
            (used("2026-01-05", 100), used("2026-02-05", 110)),
        )
        one.run("2026-02-01")

        [line] = reviewed(one, "2026-03-01")

        assert told(line) == {"this": "99.00", "last": "80.00", "usage": "9.00", "exchange_rate": "10.00"}

    def test_tells_one_offs(self) -> None:
        prices = price_list("LIST", per_seat("8.40"), per_seat("500.00", plan="one_time"))
        one = Seller(
            setup(price_lists=(prices,)),
            (subscription(), subscription("SETUP", plan="one_time")),
            (held("2026-01-01", 10), held("2026-01-01", 1, "SETUP")),
        )
        one.run("2026-01-01")

        [line] = reviewed(one, "2026-02-01")

        assert told(line) == {"this": "84.00", "last": "584.00", "one_offs": "-500.00"}

    def test_compares_a_year_with_the_year_before(self) -> None:
        prices = price_list("LIST", per_seat("96.00", plan="annual"))
        one = Seller(
            setup(price_lists=(prices,)),
            (subscription(plan="annual", term="P1Y"),),
            (held("2026-01-01", 10),),
        )
        one.run("2026-01-01")

        assert reviewed(one, "2026-07-01") == ()
        [line] = reviewed(one, "2027-01-01")
        assert told(line) == {"this": "960.00", "last": "960.00"}

    def test_has_the_most_surprising_payer_first(self) -> None:
        parties = (party("ACME"), party("BETA"))
        one = Seller(
            setup(parties=parties, contracts=(contract(), contract("BETA"))),
            (subscription(), subscription("S2", party="BETA")),
            (held("2026-01-01", 10), held("2026-01-01", 10, "S2")),
        )
        one.run("2026-01-01")
        one.change(held("2026-02-01", 11), held("2026-02-01", 20, "S2"))

        assert [line.bill_to for line in reviewed(one, "2026-02-01")] == ["BETA", "ACME"]

    def test_compares_what_is_held_at_the_end_of_both_cycles(self) -> None:
        """January ended with 12 of 10 seats; February begins with 12: no seats more, less proration."""
        one = seller(held("2026-01-01", 10), held("2026-01-17", 12))
        one.run("2026-01-31")

        [line] = reviewed(one, "2026-02-01")

        assert told(line) == {"this": "100.80", "last": "92.13", "proration": "8.67"}

    def test_compares_with_the_newest_cycle_before(self) -> None:
        one = seller(held("2026-01-01", 10), held("2026-02-01", 20), held("2026-03-01", 20))
        for on in ("2026-01-01", "2026-02-01"):
            one.run(on)

        [line] = reviewed(one, "2026-03-01")

        assert told(line) == {"this": "168.00", "last": "168.00"}

    def test_of_several_cycles_at_once_compares_with_the_one_before_the_newest(self) -> None:
        one = seller(held("2026-01-01", 10), held("2026-03-01", 20))
        one.run("2026-01-01")

        [line] = reviewed(one, "2026-03-01")

        assert told(line)["last"] == "84.00"
        assert told(line)["this"] == "252.00"

    def test_knows_when_the_newest_cycle_is_due_again(self) -> None:
        """January and February are billed; the seats are given up from March on, and March was due."""
        one = seller()
        for on in ("2026-01-01", "2026-02-01"):
            one.run(on)
        one.versions = (held("2026-01-01", 10), held("2026-03-01", 0, status="cancelled"))

        assert reviewed(one, "2026-02-28") == ()
        [line] = reviewed(one, "2026-03-01")
        assert told(line) == {"this": "0.00", "last": "84.00", "seats": "-84.00"}

    def test_of_an_addition_compares_nothing_that_is_not_new(self) -> None:
        """Inside a cycle: what is added is proration, and nothing of the month before is due again."""
        one = seller()
        one.run("2026-01-01")
        one.run("2026-02-01")
        one.change(held("2026-02-15", 12))

        [line] = reviewed(one, "2026-02-15")

        assert told(line)["proration"] == "8.40"

    def test_counts_one_offs_of_the_month_before_the_day(self) -> None:
        prices = price_list("LIST", per_seat("8.40"), per_seat("500.00", plan="one_time"))
        for bought, last in (("2025-12-31", "84.00"), ("2026-01-01", "584.00"), ("2026-01-31", "584.00")):
            one = Seller(
                setup(price_lists=(prices,)),
                (subscription(), subscription("SETUP", plan="one_time", anchor=day(bought))),
                (held("2026-01-01", 10), held(bought, 1, "SETUP")),
            )
            for on in sorted({bought, "2026-01-01"}):
                one.run(on)

            [line] = reviewed(one, "2026-02-01")
            assert told(line)["last"] == last

    def test_shows_a_payer_that_is_billed_nothing_when_it_was_due(self) -> None:
        one = seller()
        one.run("2026-01-01")
        one.versions = (held("2026-01-01", 10), held("2026-02-01", 0, status="cancelled"))

        assert reviewed(one, "2026-01-31") == ()
        [line] = reviewed(one, "2026-02-01")
        assert told(line) == {"this": "0.00", "last": "84.00", "seats": "-84.00"}
        assert (line.documents, line.held, line.surprise) == ((), 0, 1)
        assert reviewed(one, "2026-03-02") == ()

    def test_expects_a_cycle_in_arrears_when_it_is_over(self) -> None:
        one = seller(contracts=(contract(timing="arrears"),))
        one.run("2026-02-01")
        one.change(held("2026-02-01", 0, status="cancelled"))

        assert reviewed(one, "2026-02-28") == ()
        [line] = reviewed(one, "2026-03-01")
        assert told(line) == {"this": "0.00", "last": "84.00", "seats": "-84.00"}

    def test_counts_the_documents_and_those_that_are_held(self) -> None:
        prices = price_list("LIST", per_seat("8.40", cost=dec(9)))
        one = seller(price_lists=(prices,))

        [line] = reviewed(one, "2026-01-01")

        assert (len(line.documents), line.held) == (1, 1)
        assert (line.issuer, line.bill_to, line.currency) == ("DE", "ACME", "EUR")

    def test_puts_two_payers_of_one_subscription_apart(self) -> None:
        parties = (party("ACME"), party("PAYER"))
        one = seller(parties=parties)
        one.run("2026-01-01")
        one.setup = setup(parties=parties, contracts=(contract(bill_to="party:PAYER"),))

        assert {line.bill_to: told(line) for line in reviewed(one, "2026-02-01")} == {
            "ACME": {"this": "0.00", "last": "84.00", "seats": "-84.00"},
            "PAYER": {"this": "84.00", "last": "0.00", "seats": "84.00"},
        }

    def test_is_sorted_by_surprise_then_by_difference_then_by_payer(self) -> None:
        def line(bill_to: str, this: int, last: int, issuer: str = "DE", currency: str = "EUR") -> ReviewLine:
            nothing = dict.fromkeys(PARTS, Money(0, currency))
            return ReviewLine(
                issuer, bill_to, currency, Money(this, currency), Money(last, currency),
                **nothing, documents=(), held=0,
            )  # fmt: skip

        lines = [
            line("F", 100, 100),
            line("E", 110, 100),
            line("D", 100, -100),
            line("C", 5, 0),
            line("B", 0, 50),
            line("A", 5, 0),
            line("A", 5, 0, currency="CHF"),
            line("A", 5, 0, issuer="AT"),
        ]

        found = [(one.issuer, one.bill_to, one.currency) for one in by_surprise(lines)]

        assert [bill_to for _, bill_to, _ in found] == ["D", "B", "A", "A", "A", "C", "E", "F"]
        assert found[2:5] == [("AT", "A", "EUR"), ("DE", "A", "CHF"), ("DE", "A", "EUR")]

    @settings(deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(1, 59), st.integers(0, 40)),
            min_size=1,
            max_size=6,
            unique_by=lambda one: one[0],
        ),
        st.sampled_from(["credit_note", "net_next"]),
        st.sampled_from(["advance", "arrears"]),
    )
    def test_always_sums_to_the_difference(
        self, changes: list[tuple[int, int]], refund: Any, timing: Any
    ) -> None:
        start = day("2026-01-01").toordinal() - 1
        versions = [
            held(day("2026-01-01").fromordinal(start + at).isoformat(), quantity) for at, quantity in changes
        ]
        one = Seller(
            setup(contracts=(contract(refund_method=refund, timing=timing),)),
            (subscription(),),
            tuple(versions),
        )
        for on in ("2026-01-01", "2026-02-01"):
            one.run(on)

        for line in reviewed(one, "2026-03-01"):
            parts = sum(getattr(line, part).minor for part in PARTS)
            assert parts == line.difference.minor
