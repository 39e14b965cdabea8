"""How a change is printed: one line, back and again, or span by span; always the same total."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical.money import Money
from tests.unit.worker.billing.world import (
    Seller,
    contract,
    dec,
    held,
    per_seat,
    price_list,
    setup,
    subscription,
)
from worker.billing.printing import quantity_and_price


def printed(
    form: Any, *changes: Any, first: str = "2026-01-01", **terms: Any
) -> list[tuple[str, str, str, str]]:
    """Words, days, quantity x price and net of the lines of the last change; ten seats at 31.00."""
    seller = Seller(
        setup(
            price_lists=(price_list("LIST", per_seat("31")),),
            contracts=(contract(change_form=form, **terms),),
        ),
        (subscription(),),
        (held(first, 10),),
    )
    documents = seller.run(first)
    for change in changes:
        seller.change(change)
        documents = seller.run(change.on)
    return [
        (
            line.description.removeprefix("Office E3").strip(", "),
            str(line.service),
            f"{line.quantity:f} x {line.unit_price:f}",
            str(line.net),
        )
        for document in documents
        for line in document.lines
    ]


UP, AGAIN, DOWN = held("2026-01-11", 12), held("2026-01-21", 13), held("2026-01-11", 4)


class TestAChange:
    def test_is_one_line_by_default(self) -> None:
        assert printed("difference", UP) == [("change", "2026-01-11..2026-01-31", "1 x 42.00", "42.00 EUR")]

    def test_goes_back_and_comes_again(self) -> None:
        """21 of 31 days: 10 x 21.00 back, 12 x 21.00 again."""
        assert printed("reverse_and_recharge", UP) == [
            ("reversal", "2026-01-11..2026-01-31", "10 x -21.00", "-210.00 EUR"),
            ("recharge", "2026-01-11..2026-01-31", "12 x 21.00", "252.00 EUR"),
        ]

    def test_that_takes_everything_away_only_goes_back(self) -> None:
        gone = held("2026-01-11", 0)

        assert printed("reverse_and_recharge", gone) == printed("difference", gone)

    def test_is_told_span_by_span(self) -> None:
        assert printed("spans", UP) == [
            ("reversal", "2026-01-01..2026-01-31", "1 x -310.00", "-310.00 EUR"),
            ("", "2026-01-01..2026-01-10", "10 x 10.00", "100.00 EUR"),
            ("", "2026-01-11..2026-01-31", "12 x 21.00", "252.00 EUR"),
        ]

    def test_on_top_of_a_change_starts_from_what_stands(self) -> None:
        """11 of 31 days: 12 x 11.00 back, 13 x 11.00 again; by spans the whole 352.00 goes back."""
        assert printed("reverse_and_recharge", UP, AGAIN) == [
            ("reversal", "2026-01-21..2026-01-31", "12 x -11.00", "-132.00 EUR"),
            ("recharge", "2026-01-21..2026-01-31", "13 x 11.00", "143.00 EUR"),
        ]
        assert [net for *_, net in printed("spans", UP, AGAIN)] == [
            "-352.00 EUR",
            "100.00 EUR",
            "120.00 EUR",
            "143.00 EUR",
        ]

    def test_on_a_credit_note_carries_no_minus_of_its_own(self) -> None:
        assert [net for *_, net in printed("reverse_and_recharge", DOWN)] == ["210.00 EUR", "-84.00 EUR"]

    def test_under_another_basis_goes_back_whole(self) -> None:
        """30-day months: 2 x 31.00 x 21/30 = 43.40; days do not add up, so one recharge takes the rest."""
        assert printed("spans", UP, proration="30_day_month") == [
            ("reversal", "2026-01-01..2026-01-31", "1 x -310.00", "-310.00 EUR"),
            ("recharge", "2026-01-01..2026-01-31", "1 x 353.40", "353.40 EUR"),
        ]
        assert printed("reverse_and_recharge", UP, proration="30_day_month") == [
            ("reversal", "2026-01-11..2026-01-31", "10 x -21.70", "-217.00 EUR"),
            ("recharge", "2026-01-11..2026-01-31", "12 x 21.70", "260.40 EUR"),
        ]

    def test_inside_a_cycle_under_another_basis_goes_back_whole(self) -> None:
        """Two more for ten days, told at once: the change does not reach the end, so days do not add up."""
        seller = Seller(
            setup(
                price_lists=(price_list("LIST", per_seat("31")),),
                contracts=(contract(change_form="reverse_and_recharge", proration="30_day_month"),),
            ),
            (subscription(),),
            (held("2026-01-01", 10),),
        )
        seller.run("2026-01-01")
        seller.change(held("2026-01-11", 12), held("2026-01-21", 10))

        [document] = seller.run("2026-01-21")

        assert [str(line.net) for line in document.lines] == ["-310.00 EUR", "330.67 EUR"]

    def test_leaves_what_rounding_leaves_to_its_last_line(self) -> None:
        """10 and 11 seats at 8.40: 10 x 8.40 x 14/31 = 37.935... back, and what comes to 3.79 again."""
        seller = Seller(
            setup(contracts=(contract(change_form="reverse_and_recharge"),)),
            (subscription(),),
            (held("2026-01-01", 10),),
        )
        seller.run("2026-01-01")
        seller.change(held("2026-01-18", 11))

        [document] = seller.run("2026-01-18")

        assert [str(line.net) for line in document.lines] == ["-37.94 EUR", "41.73 EUR"]
        assert str(document.net) == "3.79 EUR"


class TestAFirstBill:
    def test_of_a_cycle_that_changed_is_told_by_spans_where_that_is_the_form(self) -> None:
        seller = Seller(
            setup(
                price_lists=(price_list("LIST", per_seat("31")),), contracts=(contract(change_form="spans"),)
            ),
            (subscription(),),
            (held("2026-01-01", 10), UP, held("2026-01-21", 0)),
        )

        [document] = seller.run("2026-01-31")

        assert [(str(line.service), str(line.net)) for line in document.lines] == [
            ("2026-01-01..2026-01-10", "100.00 EUR"),
            ("2026-01-11..2026-01-20", "120.00 EUR"),
        ]


class TestAPrintedPrice:
    @pytest.mark.parametrize(
        ("quantity", "minor", "currency", "expected"),
        [
            ("10", 2100, "EUR", ("10", "2.10")),
            ("10", 2101, "EUR", ("1", "21.01")),
            ("10", -2100, "EUR", ("10", "-2.10")),
            ("1", 2101, "EUR", ("1", "21.01")),
            ("2.5", 250, "EUR", ("2.5", "1.00")),
            ("2.5", 251, "EUR", ("1", "2.51")),
            ("0", 100, "EUR", ("1", "1.00")),
            ("0.5", 100, "JPY", ("0.5", "200")),
            ("4", 1000, "KWD", ("4", "0.250")),
            ("-4", 1000, "EUR", ("1", "10.00")),
        ],
    )
    def test_gives_its_net_exactly_or_is_the_net(
        self, quantity: str, minor: int, currency: str, expected: tuple[str, str]
    ) -> None:
        found = quantity_and_price(dec(quantity), Money(minor, currency))

        assert (str(found[0]), str(found[1])) == expected
