from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

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


class TestATariff:
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
