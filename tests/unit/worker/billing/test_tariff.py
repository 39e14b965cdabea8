from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical.catalog import PriceModel, Tier
from worker.billing.pricing import exact_amount
from worker.billing.tariff import Tariff, tariff_of, whole_number
from worker.billing.values import PoolShare, PriceFacts
from worker.billing.words import quantity_words, words_in_general

MODELS: st.SearchStrategy[PriceModel] = st.sampled_from(
    ("per_unit", "graduated", "volume", "package", "stairstep")
)
amounts = st.decimals(min_value=0, max_value=999, places=4)
whole_numbers = st.integers(min_value=1, max_value=900).map(Decimal)


@st.composite
def prices(draw: st.DrawFn) -> PriceFacts:
    bounds = sorted(draw(st.sets(whole_numbers, max_size=3)))
    last = draw(st.sampled_from((None, Decimal(1000))))
    flats = st.one_of(st.just(Decimal(0)), amounts)
    tiers = tuple(Tier(bound, draw(amounts), draw(flats)) for bound in (*bounds, last))
    pools = st.builds(
        PoolShare,
        st.just("POOL"),
        total=whole_numbers,
    )
    return PriceFacts(
        draw(MODELS),
        tiers,
        draw(st.sampled_from(("seat", "GB", "hours"))),
        "list",
        package_size=draw(st.integers(min_value=1, max_value=12).map(Decimal)),
        pool=draw(st.one_of(st.none(), pools)),
    )


def tariff(price: PriceFacts) -> Tariff:
    found = tariff_of(price)
    assert found is not None
    return found


def steps(*tiers: tuple[int | None, str, str]) -> tuple[Tier, ...]:
    return tuple(
        Tier(None if bound is None else Decimal(bound), Decimal(price), Decimal(flat))
        for bound, price, flat in tiers
    )


THREE = steps((5, "10", "0"), (20, "8.5", "0"), (30, "7", "0"))
FEES = steps((5, "10", "100"), (None, "8", "50"))


class TestATariff:
    @pytest.mark.parametrize(
        ("model", "tiers", "units", "amount"),
        [
            ("graduated", THREE, 1, "10"),
            ("graduated", THREE, 5, "50"),
            ("graduated", THREE, 6, "58.5"),
            ("graduated", THREE, 21, "184.5"),
            ("graduated", THREE, 40, "317.5"),
            ("graduated", FEES, 5, "150"),
            ("graduated", FEES, 6, "208"),
            ("volume", THREE, 1, "10"),
            ("volume", THREE, 20, "170"),
            ("volume", THREE, 31, "217"),
            ("volume", FEES, 6, "98"),
            ("stairstep", FEES, 1, "110"),
            ("stairstep", FEES, 6, "58"),
            ("stairstep", THREE, 31, "7"),
            ("per_unit", FEES, 1, "110"),
            ("per_unit", THREE, 3, "30"),
            ("per_unit", THREE, 0, "0"),
            ("stairstep", FEES, 0, "0"),
            ("stairstep", FEES, -1, "0"),
        ],
    )
    def test_costs(self, model: PriceModel, tiers: tuple[Tier, ...], units: int, amount: str) -> None:
        price = PriceFacts(model, tiers, "seat", "list")
        one = tariff(price)

        assert Fraction(one.amount(units), one.scale) == Fraction(amount)
        assert exact_amount(price, Fraction(units)) == Fraction(amount)

    @pytest.mark.parametrize(("units", "amount"), [(1, "30"), (10, "30"), (11, "60")])
    def test_counts_packages_begun(self, units: int, amount: str) -> None:
        price = PriceFacts("package", steps((None, "30", "0")), "seat", "list", package_size=Decimal(10))
        one = tariff(price)

        assert Fraction(one.amount(units), one.scale) == Fraction(amount)

    def test_tells_the_units_of_each_tier(self) -> None:
        def parts(model: PriceModel, tiers: tuple[Tier, ...], units: int) -> list[tuple[int, int]] | None:
            return tariff(PriceFacts(model, tiers, "seat", "list")).parts(units)

        assert parts("graduated", THREE, 5) == [(5, 100)]
        assert parts("graduated", THREE, 6) == [(5, 100), (1, 85)]
        assert parts("graduated", THREE, 40) == [(5, 100), (15, 85), (20, 70)]
        assert parts("per_unit", THREE, 6) == [(6, 100)]
        assert parts("graduated", FEES, 6) is None
        assert parts("stairstep", THREE, 6) is None

    @pytest.mark.parametrize(
        ("model", "tiers", "amount"),
        [
            ("volume", THREE, "17"),
            ("per_unit", THREE, "20"),
            ("graduated", THREE, "18.5"),
            ("volume", FEES, "26"),
            ("stairstep", FEES, "11.6"),
        ],
    )
    def test_in_a_pool_is_a_part_of_the_groups_price(
        self, model: PriceModel, tiers: tuple[Tier, ...], amount: str
    ) -> None:
        """Two of ten units."""
        price = PriceFacts(model, tiers, "seat", "list", pool=PoolShare("P", Decimal(10)))
        one = tariff(price)

        assert Fraction(one.amount(2), one.scale) == Fraction(amount)
        assert exact_amount(price, Fraction(2)) == Fraction(amount)

    @given(prices(), st.integers(min_value=0, max_value=2000))
    def test_costs_what_the_pieces_cost(self, price: PriceFacts, units: int) -> None:
        one = tariff(price)

        assert Fraction(one.amount(units), one.scale) == exact_amount(price, Fraction(units))

    @given(prices(), st.integers(min_value=1, max_value=2000), st.sampled_from(("EUR", "JPY", "KWD")))
    def test_is_said_as_the_pieces_are_said(self, price: PriceFacts, units: int, currency: str) -> None:
        quantity = Decimal(units)

        assert quantity_words(price, quantity, currency) == words_in_general(price, quantity, currency)

    @given(prices())
    def test_is_made_once_for_a_price(self, price: PriceFacts) -> None:
        assert tariff_of(price) is tariff_of(price)

    def test_does_not_speak_for_bounds_that_are_not_whole(self) -> None:
        price = PriceFacts("volume", (Tier(Decimal("2.5"), Decimal(1)), Tier(None, Decimal(2))), "GB", "list")

        assert tariff_of(price) is None

    def test_does_not_speak_for_quantities_that_are_not_whole(self) -> None:
        assert (whole_number(Decimal("2.50")), whole_number(Decimal("2.00"))) == (None, 2)
