from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ledgers.quickbooks.simulator.company import Company
from connectors.ledgers.quickbooks.simulator.config import (
    CompanyConfig,
    TaxCodeSeed,
    TaxRateSeed,
)
from connectors.ledgers.quickbooks.simulator.seeds import seed
from connectors.ledgers.quickbooks.simulator.store import Store
from connectors.ledgers.quickbooks.simulator.tax import (
    Override,
    Taxed,
    global_tax,
    override_in,
    us_tax,
)
from tests.unit.connectors.ledgers.quickbooks.simulator.sending import NOW, refused

CODES = (
    TaxCodeSeed("2", "S", rates=(TaxRateSeed("4", "S", Decimal(15)),)),
    TaxCodeSeed("3", "Z", rates=(TaxRateSeed("5", "Z", Decimal(0)),)),
    TaxCodeSeed("6", "Two", rates=(TaxRateSeed("7", "GST", Decimal(5)), TaxRateSeed("8", "PST", Decimal(7)))),
)
MIXED = [Taxed("2", Decimal("1.11")), Taxed("6", Decimal("2.22")), Taxed("2", Decimal(3))]
Taxing = Callable[..., dict[str, object]]

amounts = st.decimals(min_value=0, max_value=100_000, places=2)
lines = st.lists(st.builds(Taxed, st.sampled_from(["2", "3", "6"]), amounts), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    store = Store(None)
    config = CompanyConfig("1", "X", country="CA", tax_codes=CODES)
    made = Company(config, store, notify=lambda _changes: None)
    seed(made, now=NOW)
    yield made
    store.close()


@pytest.fixture(scope="module")
def tax(company: Company) -> Taxing:
    def compute(
        *taxed: Taxed, override: Override | None = None, inclusive: bool = False
    ) -> dict[str, object]:
        asked = override or Override()
        return global_tax(company, taxed, override=asked, inclusive=inclusive, currency="CAD")

    return compute


def parts(detail: dict[str, object]) -> list[Decimal]:
    listed = detail["TaxLine"]
    assert isinstance(listed, list)
    return [line["Amount"] for line in listed]


class TestGlobalTax:
    def test_is_rounded_once_per_rate(self, tax: Taxing) -> None:
        """Three lines of 10.10 at 15 %: 4.55 on the sum, not 4.56 by line."""
        three = [Taxed("2", Decimal("10.10"))] * 3

        assert tax(*three)["TotalTax"] == Decimal("4.55")

    def test_rounds_half_up(self, tax: Taxing) -> None:
        assert tax(Taxed("2", Decimal("0.10")))["TotalTax"] == Decimal("0.02")

    @given(taxed=lines)
    def test_adds_up_to_its_lines(self, tax: Taxing, taxed: list[Taxed]) -> None:
        detail = tax(*taxed)

        assert sum(parts(detail)) == detail["TotalTax"]

    @given(taxed=lines, total=amounts)
    def test_honours_a_total(self, tax: Taxing, taxed: list[Taxed], total: Decimal) -> None:
        detail = tax(*taxed, override=Override(total=total))

        assert detail["TotalTax"] == sum(parts(detail)) == total

    @given(taxed=st.permutations(MIXED))
    def test_does_not_depend_on_the_order_of_lines(self, tax: Taxing, taxed: list[Taxed]) -> None:
        assert tax(*taxed)["TotalTax"] == Decimal("0.89")

    def test_honours_an_amount_per_rate_and_shows_the_difference(self, tax: Taxing) -> None:
        detail = tax(Taxed("6", Decimal(100)), override=Override(by_rate={"8": Decimal("7.01")}))

        listed = detail["TaxLine"]
        assert isinstance(listed, list)
        assert parts(detail) == [5, Decimal("7.01")]
        assert listed[1]["TaxLineDetail"]["OverrideDeltaAmount"] == Decimal("0.01")

    def test_refuses_a_rate_of_another_code(self, tax: Taxing) -> None:
        strange = Override(by_rate={"4": Decimal(1)})

        assert refused(lambda: tax(Taxed("3", Decimal(100)), override=strange)) == ["6000"]

    def test_takes_inclusive_amounts_for_what_they_are(self, tax: Taxing) -> None:
        with_gross = Taxed("6", Decimal(100), gross=Decimal("112.01"))

        detail = tax(with_gross, Taxed("2", Decimal(10)), inclusive=True)

        assert detail["TotalTax"] == Decimal("13.51")


class TestOverride:
    def test_refuses_a_rate_listed_twice(self) -> None:
        line = {"Amount": Decimal(1), "TaxLineDetail": {"TaxRateRef": {"value": "4"}}}

        assert refused(lambda: override_in({"TxnTaxDetail": {"TaxLine": [line, line]}})) == ["6000"]

    def test_is_nothing_without_detail(self) -> None:
        assert override_in({}) == Override()


class TestUsTax:
    @pytest.mark.parametrize(
        ("code", "is_exempt", "override", "total"),
        [
            ("TAX", False, None, "15.00"),
            ("NON", False, None, "0"),
            ("TAX", True, None, "0"),
            ("TAX", False, "14.99", "14.99"),
            ("TAX", False, "0", "0"),
            ("NON", False, "14.99", "0"),
        ],
    )
    def test_is_the_engines_unless_told(
        self, company: Company, code: str, is_exempt: bool, override: str | None, total: str
    ) -> None:
        wanted = Override(total=Decimal(override) if override is not None else None)

        detail = us_tax(
            company,
            [Taxed(code, Decimal(100))],
            override=wanted,
            code="2",
            is_exempt=is_exempt,
            currency="USD",
        )

        assert detail["TotalTax"] == Decimal(total)

    @given(net=amounts, total=amounts)
    def test_spreads_a_total_to_the_cent(self, company: Company, net: Decimal, total: Decimal) -> None:
        detail = us_tax(
            company,
            [Taxed("TAX", net + 1)],
            override=Override(total=total),
            code="6",
            is_exempt=False,
            currency="USD",
        )

        assert sum(parts(detail)) == detail["TotalTax"] == total
