"""Laws of billing that hold for every contract, price, calendar and order of events."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.canonical.catalog import Pool
from mappings.canonical.contract import Discount, Proration
from mappings.canonical.money import Rounding
from tests.unit.worker.billing.world import (
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
    tiered,
)
from worker.billing import BilledCharge, GroupBill

FIRST = day("2026-01-01")
DAYS = 200
EASY = settings(suppress_health_check=[HealthCheck.too_slow])

days = st.integers(0, DAYS).map(lambda n: FIRST + timedelta(days=n))
quantities = st.sampled_from(["0", "1", "2", "3", "7", "10", "12.5", "40", "120"])
prices = st.sampled_from(["8.40", "0.333333", "19.99", "7", "1000.005"])
models = st.one_of(
    prices.map(per_seat),
    prices.map(lambda price: tiered("graduated", (5, price), (50, "6.10"), (None, "5", "3.33"))),
    prices.map(lambda price: tiered("volume", (5, price), (50, "6.10"), (None, "5"))),
    prices.map(lambda price: tiered("package", (None, price), package_size=dec(5))),
    st.just(tiered("stairstep", (5, 0, "50"), (50, 0, "199.99"), (None, 0, "999"))),
)
roundings = st.builds(
    Rounding,
    st.sampled_from(["per_line", "per_unit"]),
    st.sampled_from(["half_up", "half_down", "half_even", "down"]),
)
contracts = st.fixed_dictionaries(
    {
        "alignment": st.sampled_from(["own", "anchor:2025-12-31", "anchor:2026-01-10"]),
        "timing": st.sampled_from(["advance", "advance", "arrears"]),
        "proration": st.sampled_from(get_args(Proration)),
        "rounding": roundings,
        "reductions": st.sampled_from(["any_time", "window_7d"]),
        "bill_to": st.sampled_from(["own", "parent", "consolidated"]),
        "discounts": st.sampled_from([(), (Discount(dec("7.5")),), (Discount(dec(-3), day("2026-03-01")),)]),
        "refund_method": st.sampled_from(["credit_note", "credit_note", "net_next"]),
    }
)


@st.composite
def sellers(draw: Any, *, pooled: bool = False) -> Seller:
    """A holding with two or three entities, each with a subscription whose seats change on any day."""
    terms = draw(contracts)
    pools: tuple[Pool, ...] = ()
    entities = draw(st.sampled_from(["AB", "ABC"])) if pooled else "AB"
    if pooled:
        measure = draw(st.sampled_from(["end_of_period", "peak", "time_weighted"]))
        allocation = draw(st.sampled_from(["blended", "in_order"]))
        pools = (Pool("POOL", "TOP", ("E3",), measure, allocation, ("B",)),)
    world = setup(
        parties=(party("TOP"), *(party(code, parent="TOP") for code in entities)),
        price_lists=(price_list("LIST", draw(models), currency="EUR"),),
        contracts=(contract("TOP", **terms),),
        pools=pools,
    )
    anchors = [draw(st.sampled_from([FIRST, day("2026-01-31"), day("2026-01-17")])) for _ in entities]
    plan, term = draw(st.sampled_from([("monthly", "P1M"), ("monthly", "P1Y")]))
    return Seller(
        world,
        tuple(
            subscription(f"S{code}", party=code, anchor=anchor, plan=plan, term=term)
            for code, anchor in zip(entities, anchors, strict=True)
        ),
        tuple(version for code in entities for version in draw(_histories(f"S{code}"))),
    )


@st.composite
def _histories(draw: Any, code: str) -> list[Any]:
    changes = draw(st.lists(st.tuples(days, quantities), min_size=1, max_size=6))
    return [
        held(str(on), quantity, code, ref=f"{code}-{n}", observed=f"{n:03}")
        for n, (on, quantity) in enumerate(changes)
    ]


run_days = st.lists(days, min_size=1, max_size=5).map(sorted)


class TestARun:
    @EASY
    @given(sellers(), run_days)
    def test_bills_nothing_when_repeated(self, seller: Seller, runs: list[date]) -> None:
        for as_of in runs:
            seller.run(as_of)

            assert seller.run(as_of) == ()

    @EASY
    @given(sellers(pooled=True), run_days)
    def test_bills_nothing_when_repeated_in_a_pool(self, seller: Seller, runs: list[date]) -> None:
        for as_of in runs:
            seller.run(as_of)

            assert seller.run(as_of) == ()

    @EASY
    @given(sellers(pooled=True), run_days)
    def test_takes_nothing_back_when_run_again_for_an_earlier_day(
        self, seller: Seller, runs: list[date]
    ) -> None:
        seller.setup = _with_refunds(seller)
        for as_of in runs:
            seller.run(as_of)

        assert seller.run(runs[0]) == ()

    @EASY
    @given(sellers(), st.randoms(use_true_random=False), days)
    def test_is_the_same_for_any_order_of_versions(self, seller: Seller, random: Any, as_of: date) -> None:
        shuffled = list(seller.versions)
        random.shuffle(shuffled)
        other = replace(seller, versions=tuple(shuffled), documents=[])

        assert seller.run(as_of) == other.run(as_of)

    @EASY
    @given(sellers(), run_days)
    def test_comes_to_the_same_total_as_many_runs(self, seller: Seller, runs: list[date]) -> None:
        seller.setup = _with_refunds(seller)
        at_once = replace(seller, documents=[])
        at_once.run(runs[-1])

        for as_of in runs:
            seller.run(as_of)

        assert seller.billed_net == at_once.billed_net

    @EASY
    @given(sellers(pooled=True), run_days)
    def test_comes_to_the_same_total_as_many_runs_once_a_pool_is_settled(
        self, seller: Seller, runs: list[date]
    ) -> None:
        seller.setup = _with_refunds(seller)
        after = day("2026-12-01")
        seller.change(*(held("2026-08-01", 0, one.code) for one in seller.subscriptions))
        at_once = replace(seller, documents=[])
        at_once.run(after)

        for as_of in [*runs, after]:
            seller.run(as_of)

        assert seller.billed_net == at_once.billed_net

    @EASY
    @given(sellers(pooled=True), run_days)
    def test_never_takes_back_more_than_was_charged(self, seller: Seller, runs: list[date]) -> None:
        for as_of in runs:
            seller.run(as_of)

        for charges in _by_cycle(seller.billed).values():
            left = {one.charge.ref.revision: one.charge.net.minor for one in charges}
            for one in charges:
                if one.charge.reverses is not None:
                    left[one.charge.reverses] += one.charge.net.minor
                    assert one.charge.original is not None
            assert all(left[one.charge.ref.revision] >= 0 for one in charges if one.charge.net.minor > 0)

    @EASY
    @given(sellers(pooled=True), run_days)
    def test_gives_documents_that_add_up(self, seller: Seller, runs: list[date]) -> None:
        for as_of in runs:
            for document in seller.run(as_of):
                assert document.net.minor == sum(line.net.minor for line in document.lines) >= 0
                assert document.net.minor == sum(section.net.minor for section in document.sections)
                assert document.tax.minor == sum(section.tax.minor for section in document.sections)
                assert all(line.quantity * line.unit_price == line.net.decimal for line in document.lines)
            assert seller.last is not None
            assert all(not draft.is_held for draft in seller.last.drafts)

    @EASY
    @given(sellers(pooled=True), run_days)
    def test_gives_every_charge_its_own_reference(self, seller: Seller, runs: list[date]) -> None:
        for as_of in runs:
            seller.run(as_of)

        references = [one.charge.ref for one in seller.billed]
        assert len(set(references)) == len(references)
        for charges in _by_cycle(seller.billed).values():
            assert sorted(one.charge.ref.revision for one in charges) == list(range(len(charges)))

    @EASY
    @given(sellers(), days)
    def test_survives_its_way_through_json(self, seller: Seller, as_of: date) -> None:
        seller.run(as_of)

        read = msgspec.json.decode(msgspec.json.encode(seller.billed), type=tuple[BilledCharge, ...])
        bill = msgspec.json.decode(msgspec.json.encode(seller.last), type=GroupBill)

        assert (read, bill) == (seller.billed, seller.last)


class TestAChange:
    @EASY
    @given(sellers(), days, quantities)
    def test_that_is_taken_back_on_the_same_day_nets_to_nothing(
        self, seller: Seller, on: date, quantity: str
    ) -> None:
        seller.run(on)
        before = [version for version in seller.versions if version.subscription == "SA" and version.on <= on]
        last = max(before, key=lambda version: (version.on, version.observed), default=None)
        back = last.quantity if last else dec(0)

        seller.change(
            held(str(on), quantity, "SA", ref="x", observed="800"),
            held(str(on), back, "SA", ref="y", observed="900"),
        )

        assert seller.run(on) == ()


def _with_refunds(seller: Seller) -> Any:
    """The same contracts with credit notes: what waits for a next invoice is not billed yet."""
    agreed = tuple(replace(one, refund_method="credit_note") for one in seller.setup.contracts)
    return replace(seller.setup, contracts=agreed)


def _by_cycle(billed: tuple[BilledCharge, ...]) -> dict[tuple[str, date], list[BilledCharge]]:
    found = defaultdict(list)
    for one in billed:
        found[one.charge.ref.subscription, one.charge.ref.cycle_start].append(one)
    return found
