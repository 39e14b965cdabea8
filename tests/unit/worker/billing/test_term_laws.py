"""Laws of everything that is dated about a subscription: terms, products, windows, add-ons, conversions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.canonical.catalog import Pool, Product, Promotion, Returns
from mappings.canonical.contract import Proration
from mappings.canonical.subscription import Agreed, NextTerm, RefundableSeats, SubscriptionVersion
from tests.unit.worker.billing.world import (
    SELLER,
    Seller,
    contract,
    day,
    dec,
    party,
    per_seat,
    price_list,
    setup,
    subscription,
)

FIRST = day("2026-01-01")
DAYS = 400
EASY = settings(suppress_health_check=[HealthCheck.too_slow])

days = st.integers(0, DAYS).map(lambda n: FIRST + timedelta(days=n))
quantities = st.sampled_from(["0", "1", "2", "3", "7", "10"])
products = st.sampled_from(["", "", "E3", "E5"])
next_terms = st.builds(
    NextTerm,
    quantity=st.none() | st.sampled_from(["1", "4", "12"]).map(dec),
    product=products,
    plan=st.sampled_from(["", "", "monthly", "annual"]),
    term=st.sampled_from(["", "P1Y"]),
    until=st.none() | st.just(FIRST + timedelta(days=DAYS + 100)),
)
agreements = st.none() | st.builds(
    Agreed,
    product=products,
    plan=st.sampled_from(["", "", "", "annual"]),
    auto_renew=st.none() | st.booleans(),
    next_term=st.none() | next_terms,
    promotion=st.sampled_from(["", "NAMED"]),
)
contracts = st.fixed_dictionaries(
    {
        "alignment": st.sampled_from(["own", "own", "anchor:2025-12-31"]),
        "timing": st.sampled_from(["advance", "advance", "arrears"]),
        "proration": st.sampled_from(get_args(Proration)),
        "reductions": st.sampled_from(["any_time", "window_7d"]),
        "end_of_term": st.sampled_from(["expire", "est"]),
        "suspension": st.sampled_from(["keep_billing", "no_charge"]),
        "conversions": st.sampled_from(["together", "apart"]),
    }
)


@st.composite
def histories(draw: Any, code: str) -> tuple[SubscriptionVersion, ...]:
    """Snapshots and events of one subscription: full of what sources say, in the order of their days."""
    found = []
    for number, on in enumerate(sorted(draw(st.lists(days, min_size=1, max_size=6)))):
        at = datetime(on.year, on.month, on.day, draw(st.integers(0, 23)), 30, tzinfo=UTC)
        seats = (RefundableSeats(dec(2), at + timedelta(days=draw(st.integers(0, 7)))),)
        found.append(
            SubscriptionVersion(
                code,
                f"{code}-{number}",
                on,
                dec(draw(quantities)),
                draw(st.sampled_from(["active", "active", "active", "suspended", "cancelled", "expired"])),
                f"{number:03}",
                draw(st.none() | st.just(at)),
                draw(st.booleans()),
                draw(agreements),
                draw(st.sampled_from([None, None, (), seats])),
            )
        )
    return tuple(found)


@st.composite
def sellers(draw: Any) -> Seller:
    """A customer with two subscriptions; the second may hang on the first, or come from it."""
    returns = draw(st.sampled_from([*get_args(Returns), "by_contract", "by_contract", "by_contract"]))
    plan, term = draw(
        st.sampled_from([("monthly", "P1M"), ("monthly", "P1Y"), ("annual", "P1Y"), ("trial", "P1M")])
    )
    prices = [
        per_seat(amount, product=product, plan=each)
        for product, each, amount in (
            ("E3", "monthly", "8.40"),
            ("E3", "annual", "99.99"),
            ("E5", "monthly", "19.999"),
            ("E5", "annual", "240"),
        )
    ]
    zone = draw(st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Tokyo"]))
    linked: dict[str, Any] = draw(st.sampled_from([{}, {"parent": "SA"}, {"converted_from": "SA"}]))
    facts: dict[str, Any] = {
        "plan": plan,
        "term": term,
        "anchor": draw(st.sampled_from([FIRST, day("2026-01-31"), day("2026-01-17")])),
        "auto_renew": draw(st.booleans()),
        "next_term": draw(st.none() | next_terms),
        "term_end": draw(st.none() | st.just(day("2026-06-15"))),
    }
    return Seller(
        setup(
            issuers=(replace(SELLER, timezone=zone),),
            parties=(party("ACME"),),
            products=(Product("E3", "Office E3", returns=returns), Product("E5", "Office E5")),
            price_lists=(price_list("LIST", *prices),),
            promotions=(
                Promotion("SPRING", "E3", dec(10), FIRST, day("2026-04-01")),
                Promotion("NAMED", "E5", dec("33.3"), FIRST, terms="any", automatic=False),
            ),
            pools=draw(st.sampled_from([(), (Pool("P", "ACME", ("E3",), "peak"),)])),
            contracts=(contract(**draw(contracts)),),
        ),
        (subscription("SA", **facts), subscription("SB", **facts, **linked)),
        (*draw(histories("SA")), *draw(histories("SB"))),
    )


run_days = st.lists(days, min_size=1, max_size=5).map(sorted)


class TestSnapshotsAndEvents:
    @EASY
    @given(sellers(), st.randoms(use_true_random=False), run_days)
    def test_give_the_same_bills_in_any_order(self, seller: Seller, random: Any, runs: list[date]) -> None:
        shuffled = list(seller.versions)
        random.shuffle(shuffled)
        other = replace(seller, versions=tuple(shuffled), documents=[])

        for as_of in runs:
            assert seller.run(as_of) == other.run(as_of)

    @EASY
    @given(sellers(), run_days)
    def test_are_billed_once(self, seller: Seller, runs: list[date]) -> None:
        for as_of in runs:
            seller.run(as_of)

            assert seller.run(as_of) == ()

    @EASY
    @given(sellers(), st.randoms(use_true_random=False), days)
    def test_end_at_the_same_sum_when_they_come_late(self, seller: Seller, random: Any, as_of: date) -> None:
        """Every version arrives by itself, in any order, with a run after each.

        A cycle keeps its grid and price once it is billed: what turns out later about plan or promotion
        counts from then on, and a renewal that was billed is not taken back. Those stay out of the sum.
        """
        seller.setup = replace(seller.setup, promotions=())
        seller.subscriptions = tuple(
            replace(one, auto_renew=True, next_term=None) for one in seller.subscriptions
        )
        at_once = replace(seller, documents=[])
        at_once.run(as_of)
        late = list(seller.versions)
        random.shuffle(late)
        seller.versions = ()
        for version in late:
            seller.change(version)
            seller.run(as_of)

        assert seller.run(as_of) == ()
        if not any(version.agreed for version in late):
            assert seller.billed_net == at_once.billed_net

    @EASY
    @given(sellers(), run_days)
    def test_come_to_the_same_sum_in_one_run_as_in_many(self, seller: Seller, runs: list[date]) -> None:
        at_once = replace(seller, documents=[])
        at_once.run(runs[-1])

        for as_of in runs:
            seller.run(as_of)

        assert seller.billed_net == at_once.billed_net

    @EASY
    @given(sellers(), run_days)
    def test_never_take_back_more_than_was_charged(self, seller: Seller, runs: list[date]) -> None:
        for as_of in runs:
            seller.run(as_of)

        left: defaultdict[Any, int] = defaultdict(int)
        for one in seller.billed:
            ref = one.charge.ref
            revision = ref.revision if one.charge.reverses is None else one.charge.reverses
            left[ref.subscription, ref.cycle_start, revision] += one.charge.net.minor
        assert all(minor >= 0 for minor in left.values())
        references = [one.charge.ref for one in seller.billed]
        assert len(set(references)) == len(references)
