"""Laws of what contracts agree beyond a list: forms, shares, minimums, ramps, pools, 30-day months."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.canonical.catalog import Pool, Product
from mappings.canonical.contract import ChangeForm, Commitment, Discount, Proration, RampStep
from mappings.canonical.money import Money, to_money
from mappings.canonical.period import Period
from mappings.canonical.subscription import Assignment, Share, SplitKey
from tests.unit.worker.billing.test_laws import (
    days,
    models,
    prices,
    quantities,
    roundings,
    run_days,
    sellers,
)
from tests.unit.worker.billing.world import (
    E3,
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
)
from worker.billing.charges import Deal, exact_cost
from worker.billing.splits import part_figures
from worker.billing.values import PriceFacts, Span, SplitPart, Terms

EASY = settings(suppress_health_check=[HealthCheck.too_slow])
FIRST = day("2026-01-01")
MINIMUM = Product("MIN", "Minimum", unit="period")

agreed = st.fixed_dictionaries(
    {
        "change_form": st.sampled_from(get_args(ChangeForm)),
        "discounts": st.sampled_from(
            [
                (),
                (Discount(amount=dec("0.50"), until=day("2026-02-10"), decided_by="day"),),
                (Discount(dec(10), day("2026-01-20"), day("2026-03-05"), decided_by="day"),),
            ]
        ),
        "ramp": st.sampled_from(
            [
                (),
                (RampStep(day("2026-02-15"), quantity=dec(5)),),
                (RampStep(day("2026-03-01"), price=dec(6)),),
            ]
        ),
        "offset_days": st.sampled_from([0, 0, 5, -7]),
        "notice_days": st.sampled_from([0, 40]),
        "reassignment": st.sampled_from(["cycle_end", "split_at_date"]),
        "timing": st.just("advance"),
        "minimum": st.sampled_from(
            [
                None,
                Commitment(dec(500), "MIN", anchor=FIRST),
                Commitment(dec(90), "MIN", scope="entity", anchor=day("2026-01-10")),
            ]
        ),
    }
)
keys = st.lists(
    st.builds(
        SplitKey,
        days,
        st.just("seats"),
        st.lists(st.sampled_from([0, 1, 3, 7]), min_size=2, max_size=2).map(
            lambda weights: (Share("A", dec(weights[0])), Share("B", dec(weights[1] + 1)))
        ),
    ),
    max_size=2,
    unique_by=lambda key: key.from_,
)


@st.composite
def agreeing(draw: Any) -> Seller:
    """A holding whose contract agrees on more, with a shared subscription and one that changes hands."""
    seller: Seller = draw(sellers())
    setup = seller.setup
    listed = (*setup.price_lists, replace(setup.price_lists[0], from_=day("2026-02-20")))
    deal = replace(setup.contracts[0], from_=FIRST, **draw(agreed))
    first, second = seller.subscriptions
    taken = draw(st.sampled_from([(), (Assignment(day("2026-02-12"), "B"),)]))
    return replace(
        seller,
        setup=replace(setup, price_lists=listed, contracts=(deal,), products=(E3, MINIMUM)),
        subscriptions=(replace(first, assignments=taken), replace(second, splits=tuple(draw(keys)))),
        documents=[],
    )


class TestARunWithEverythingAgreed:
    @EASY
    @given(agreeing(), run_days)
    def test_bills_nothing_when_repeated(self, seller: Seller, runs: list[date]) -> None:
        for as_of in runs:
            seller.run(as_of)

            assert seller.run(as_of) == ()

    @EASY
    @given(agreeing(), run_days)
    def test_gives_documents_that_add_up(self, seller: Seller, runs: list[date]) -> None:
        for as_of in runs:
            for document in seller.run(as_of):
                assert document.net.minor == sum(line.net.minor for line in document.lines) >= 0
                assert all(line.quantity * line.unit_price == line.net.decimal for line in document.lines)
            assert seller.last is not None
            assert all(not draft.is_held for draft in seller.last.drafts)
            for draft in seller.last.drafts:
                for charge in draft.charges:
                    parts = [part.net.minor for part in charge.printed]
                    assert not parts or sum(parts) == charge.net.minor

    @EASY
    @given(agreeing(), st.randoms(use_true_random=False), days)
    def test_is_the_same_for_any_order_of_things(self, seller: Seller, random: Any, as_of: date) -> None:
        parties, subscriptions = list(seller.setup.parties), list(seller.subscriptions)
        random.shuffle(parties)
        random.shuffle(subscriptions)
        other = replace(
            seller,
            setup=replace(seller.setup, parties=tuple(parties)),
            subscriptions=tuple(subscriptions),
            documents=[],
        )

        assert seller.run(as_of) == other.run(as_of)


class TestTheFormOfAChange:
    @EASY
    @given(sellers(), run_days)
    def test_never_alters_a_total(self, seller: Seller, runs: list[date]) -> None:
        totals = set()
        for form in get_args(ChangeForm):
            terms = tuple(replace(one, change_form=form) for one in seller.setup.contracts)
            teller = replace(seller, setup=replace(seller.setup, contracts=terms), documents=[])
            totals.add(
                tuple(
                    tuple(sorted((one.kind, one.bill_to.code, one.net, one.gross) for one in teller.run(on)))
                    for on in runs
                )
            )

        assert len(totals) == 1


class TestACycleInSpans:
    """Splitting a period anywhere adds up, at every price and under every basis."""

    CYCLE = Period(day("2026-01-15"), day("2026-02-15"))

    @given(models, quantities, roundings, st.sampled_from(get_args(Proration)), st.sets(st.integers(1, 30)))
    def test_costs_the_same_however_it_is_split(
        self, price: Any, quantity: str, rounding: Any, basis: Any, cuts: set[int]
    ) -> None:
        price_of = PriceFacts(price.model, price.tiers, "seat", "", package_size=price.package_size)
        deal = Deal(
            "DE", "C", "A", "A", "E3", "EUR", "recurring", Terms(30), price_of, 1, basis, rounding
        )  # fmt: skip
        edges = [0, *sorted(cuts), self.CYCLE.days]
        days_of = [self.CYCLE.start + timedelta(days=edge) for edge in edges]
        spans = tuple(Span(Period(*two), dec(quantity)) for two in pairwise(days_of))

        whole = exact_cost(deal, (Span(self.CYCLE, dec(quantity)),), self.CYCLE)

        assert exact_cost(deal, spans, self.CYCLE) == whole
        if basis == "actual_days_of_cycle" and rounding.basis == "per_line":
            assert sum(exact_cost(deal, (span,), self.CYCLE) for span in spans) == whole


class TestPartsOfAFigure:
    @given(
        st.integers(-(10**9), 10**9),
        st.lists(st.decimals(0, 1000, places=3), min_size=1, max_size=9).filter(any),
    )
    def test_add_up_and_differ_from_their_share_by_less_than_a_unit(self, minor: int, by: list[Any]) -> None:
        parts = tuple(SplitPart(f"P{n}", f"P{n}", weight, "") for n, weight in enumerate(by))

        figures = part_figures(Money(minor, "EUR"), parts)

        assert sum(figure.minor for figure in figures) == minor
        for figure, weight in zip(figures, by, strict=True):
            assert abs(figure.minor - minor * Fraction(weight) / sum(map(Fraction, by))) < 1


class TestAMinimum:
    @EASY
    @given(agreeing(), days)
    def test_is_reached_by_fees_and_shortfall_together(self, seller: Seller, as_of: date) -> None:
        minimum = Commitment(dec(500), "MIN", anchor=FIRST)
        deal = replace(
            seller.setup.contracts[0],
            minimum=minimum,
            from_=FIRST,
            refund_method="credit_note",
            offset_days=0,
        )
        seller.setup = replace(seller.setup, contracts=(deal,))
        seller.run(as_of)

        charges = [one.charge for one in seller.billed]
        periods = {one.cycle for one in charges if one.kind == "commitment"}
        for period in periods:
            paid = [one for one in charges if one.service.start in period]
            fees = sum(one.net.minor for one in paid if one.kind in {"recurring", "commitment"})
            assert fees == 50_000


class TestAThirtyDayMonth:
    @given(
        prices,
        st.integers(1, 40),
        st.integers(0, 40),
        st.dates(day("2026-01-02"), day("2026-12-31")).filter(lambda on: on.day > 1),
    )
    def test_prorates_only_the_change_by_thirtieths(
        self, price: str, first: int, then: int, on: date
    ) -> None:
        start = on.replace(day=1)
        until = (start + timedelta(days=32)).replace(day=1)
        deal = contract(proration="30_day_month")
        world = setup(contracts=(deal,), price_lists=(price_list("LIST", per_seat(price)),))
        versions = (held(str(start), first), held(str(on), then))
        seller = Seller(world, (subscription(anchor=start),), versions)

        seller.run(start)
        seller.run(on)

        part = min(Fraction((until - on).days, 30), Fraction(1))
        exact = first * Fraction(dec(price)) + (then - first) * Fraction(dec(price)) * part
        assert seller.billed_net == to_money(exact, "EUR", "half_up").minor

    def test_bills_ten_seats_and_an_eleventh_on_16_march_at_316(self) -> None:
        deal = contract(proration="30_day_month")
        world = setup(contracts=(deal,), price_lists=(price_list("LIST", per_seat("30.00")),))
        versions = (held("2026-03-01", 10), held("2026-03-16", 11))
        seller = Seller(world, (subscription(anchor=day("2026-03-01")),), versions)

        seller.run("2026-03-31")

        assert seller.billed_net == 31_600


@st.composite
def pooled(draw: Any) -> Seller:
    """Three entities of one list that share a pool, in any order of theirs."""
    allocation = draw(st.sampled_from(["blended", "in_order"]))
    measure = draw(st.sampled_from(["end_of_period", "peak", "time_weighted"]))
    in_order = ("C", "A") if allocation == "in_order" else ()
    pool = Pool("POOL", "TOP", ("E3",), measure, allocation, in_order)
    amounts = [draw(quantities) for _ in "ABC"]
    world = setup(
        parties=(party("TOP"), *(party(code, parent="TOP") for code in "ABC")),
        price_lists=(price_list("LIST", draw(models)),),
        contracts=(contract("TOP", rounding=draw(roundings)),),
        pools=(pool,),
    )
    return Seller(
        world,
        tuple(subscription(f"S{code}", party=code) for code in "ABC"),
        tuple(held("2026-01-01", amount, f"S{code}") for code, amount in zip("ABC", amounts, strict=True)),
    )


class TestAPool:
    @EASY
    @given(pooled(), st.permutations("ABC"))
    def test_is_independent_of_the_order_of_entities(self, seller: Seller, order: list[str]) -> None:
        parties = {one.code: one for one in seller.setup.parties}
        subscriptions = {one.party: one for one in seller.subscriptions}
        other = replace(
            seller,
            setup=replace(seller.setup, parties=(*(parties[code] for code in order), parties["TOP"])),
            subscriptions=tuple(subscriptions[code] for code in order),
            documents=[],
        )

        assert seller.run(FIRST) == other.run(FIRST)

    @EASY
    @given(pooled())
    def test_shares_out_exactly_what_its_quantity_costs(self, seller: Seller) -> None:
        """Members of one list and rounding per line: blended parts add up to the group's rounded price."""
        deal = replace(seller.setup.contracts[0], rounding=contract().rounding)
        pool = replace(seller.setup.pools[0], allocation="blended", in_order=())
        shared = replace(seller.setup, contracts=(deal,), pools=(pool,))
        whole = sum((version.quantity for version in seller.versions), dec(0))
        alone = Seller(
            setup(price_lists=seller.setup.price_lists),
            (subscription("ALL"),),
            (held("2026-01-01", max(whole, dec(1)), "ALL"),) if whole else (),
        )
        seller = replace(seller, setup=shared, documents=[])

        seller.run(FIRST)
        alone.run(FIRST)

        assert seller.billed_net == alone.billed_net
