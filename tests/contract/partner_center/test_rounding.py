"""The provider's rounding, to the cent, from its own published numbers (its rules 3, 4, 5, 7 and 23).

Public pages: learn.microsoft.com partner-center "common-billing-scenarios-onetime-recurring" (2020) and
"common-billing-scenarios-monthly" (2019); the formulas: "modern-invoice-reconciliation-file".
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from connectors.sources.partner_center import ProviderLine, read_file
from worker.billing.provider_rounding import policy_of, provider_subtotal

DOCUMENTATION_MASH_UP = "Test WAF-as-a-Service"
"""This published row has 3.1618 billable units beside a quantity of 1: no oracle (README of the samples)."""


@pytest.fixture
def samples(contracts: Path) -> Path:
    return contracts / "partner_center" / "samples"


def lines_of(samples: Path, name: str) -> tuple[ProviderLine, ...]:
    return read_file((samples / name).read_bytes(), name=name).lines


def dec(text: str) -> Decimal:
    return Decimal(text)


class TestSeats:
    @pytest.mark.parametrize(
        "name", ["recon_onetime_billing_lineitems_page1.json", "recon_onetime_billing_lineitems_page2.json"]
    )
    @pytest.mark.parametrize("policy", ["seats", "seats_half_up"])
    def test_of_published_lines_come_to_their_subtotal(self, samples: Path, name: str, policy: str) -> None:
        """14.40 x 50 = 720.00; 16 x 1 = 16.00; a trial of 25 at 0: neither policy has anything to round."""
        checked = 0
        for line in lines_of(samples, name):
            if line.product_name == DOCUMENTATION_MASH_UP:
                continue
            assert line.effective_unit_price is not None
            assert line.billable_quantity is not None
            subtotal = provider_subtotal(
                policy,  # type: ignore[arg-type]  # the parametrised names are policies
                unit_price=Fraction(line.effective_unit_price),
                quantity=line.billable_quantity,
                currency=line.currency,
                rate=line.pc_to_bc_exchange_rate or Decimal(1),
            )
            assert subtotal.decimal == line.subtotal
            checked += 1
        assert checked == 3

    @pytest.mark.parametrize(("quantity", "published"), [("1", "3.87"), ("2", "7.74")])
    def test_of_the_examples_before_2022_round_half_up_per_unit(self, quantity: str, published: str) -> None:
        """4.00 for 29 of 30 days: 3.8666... is 3.87 a unit, and 2 x 3.87 = 7.74.

        The whole line rounded once would be 7.73, and the formula published since 2022 gives 7.72.
        """
        unit = Fraction(4) * 29 / 30
        half_up, cut, once = (
            provider_subtotal(policy, unit_price=unit, quantity=dec(quantity), currency="USD")
            for policy in ("seats_half_up", "seats", "legacy")
        )

        assert half_up.decimal == dec(published)
        assert cut.decimal == {"1": dec("3.86"), "2": dec("7.72")}[quantity]
        assert once.decimal == {"1": dec("3.87"), "2": dec("7.73")}[quantity]

    def test_change_their_policy_with_the_published_formula(self) -> None:
        assert policy_of("seats", date(2021, 12, 31)) == "seats_half_up"
        assert policy_of("seats", date(2022, 1, 1)) == "seats"

    def test_are_converted_before_they_are_cut(self) -> None:
        """ROUNDDOWN(EUP x rate, 2) x quantity: 13.548387 x 0.9 = 12.1935... -> 12.19, times 7."""
        subtotal = provider_subtotal(
            "seats", unit_price=Fraction(dec("13.548387")), quantity=dec("7"), currency="EUR", rate=dec("0.9")
        )

        assert subtotal.decimal == dec("85.33")


class TestUsage:
    def test_is_cut_converted_and_cut_again(self) -> None:
        """ROUNDDOWN(ROUNDDOWN(EUP x quantity, 2) x rate, 2), on the figures of a published daily line:

        0.0209951014286867 x 23.350007 = 0.4902... -> 0.49; x 1.19 = 0.5831 -> 0.58.
        """
        unit = Fraction(dec("0.0209951014286867"))

        for rate, expected in (("1", "0.49"), ("1.19", "0.58")):
            subtotal = provider_subtotal(
                "usage", unit_price=unit, quantity=dec("23.350007"), currency="USD", rate=dec(rate)
            )
            assert subtotal.decimal == dec(expected)

    def test_keeps_the_minor_units_of_the_pricing_currency_first(self) -> None:
        """101.9 in yen is cut to 101 before it is converted: 101 x 0.0065 = 0.6565 -> 0.65."""
        subtotal = provider_subtotal(
            "usage",
            unit_price=Fraction(dec("10.19")),
            quantity=dec("10"),
            currency="EUR",
            rate=dec("0.0065"),
            pricing_currency="JPY",
        )

        assert subtotal.decimal == dec("0.65")

    def test_of_daily_lines_is_not_rounded_at_all(self, samples: Path) -> None:
        """Rule 5: the API's 15 digits are neither the cut total nor exactly quantity x price."""
        body = (samples / "daily_rated_usage_billed_page1.json").read_text(encoding="utf-8")

        assert '"billingPreTaxTotal": 0.490235765325545' in body
        product = dec("0.0209951014286867") * dec("23.350007")
        assert product != dec("0.490235765325545")
        assert abs(product - dec("0.490235765325545")) < dec("0.000001")


class TestLegacyLines:
    def test_round_once_half_up(self, samples: Path) -> None:
        """745 x 0.085 = 63.325 -> 63.33, as published; the printed rate 0.08500671 is made from it."""
        first, second = lines_of(samples, "recon_azure_billing_lineitems.json")

        for line, quantity, price in ((first, "745", "0.085"), (second, "0.000882", "0.0383")):
            subtotal = provider_subtotal(
                "legacy", unit_price=Fraction(dec(price)), quantity=dec(quantity), currency="USD"
            )
            assert subtotal.decimal == line.subtotal

    @pytest.mark.parametrize(("days", "quantity", "published"), [(19, "1", "2.45"), (12, "2", "3.10")])
    def test_use_the_unrounded_day(self, days: int, quantity: str, published: str) -> None:
        """4.00 a month of 31 days. The page's text pre-rounds the day to 0.129 and tells 1.54 for 12 days,

        while its own table says 1.55: only the unrounded 4/31 gives the table, 12 x 4/31 x 2 = 3.096...
        """
        subtotal = provider_subtotal(
            "legacy", unit_price=Fraction(4 * days, 31), quantity=dec(quantity), currency="USD"
        )

        assert subtotal.decimal == dec(published)
