"""Agreements a contract cannot have, and shares nobody can bear: each refused at its path."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.connectors.sources.workspace_file.small_file import errors, put, told

DEAL = "contracts.0"


class TestAnAgreement:
    @pytest.mark.parametrize(
        ("key", "value", "place", "sentence"),
        [
            ("offset_days", 200, "offset_days", "a bill moved by 200 days"),
            ("notice_days", -1, "notice_days", "a notice of -1 days"),
            ("margin_percent", "100", "margin_percent", "leaves nothing for the cost"),
            ("margin_floor_percent", "120", "margin_floor_percent", "leaves nothing for the cost"),
            ("retail_price_list", "NONE", "retail_price_list", "no price list with the code"),
            ("discounts", [{"percent": "120"}], "discounts[0].percent", "more than the price"),
            ("discounts", [{"percent": "5", "amount": "1"}], "discounts[0]", "a percent and an amount"),
            ("ramp", [{"from": "2026-02-01"}], "ramp[0]", "changes nothing"),
            ("ramp", [{"from": "2026-02-01", "price": "-1"}], "ramp[0].price", "cannot be negative"),
            ("ramp", [{"from": "2026-02-01", "price": "1"}] * 2, "ramp[1]", "two steps from 2026-02-01"),
            ("ramp", [{"from": "2026-02-01", "price": "1", "product": "X"}], "ramp[0].product", "no product"),
            ("minimum", {"amount": "0", "product": "SEAT"}, "minimum.amount", "more than 0"),
            ("minimum", {"amount": "9.005", "product": "SEAT"}, "minimum.amount", "is not an amount of"),
            ("minimum", {"amount": "9", "product": "X"}, "minimum.product", "no product with the code"),
            ("minimum", {"amount": "9", "product": "SEAT", "period": "P7D"}, "minimum.period", "not a term"),
            (
                "minimum",
                {"amount": "9", "product": "SEAT", "ramp": [{"from": "2026-02-01", "amount": "1"}] * 2},
                "minimum.ramp[1]",
                "two steps from 2026-02-01",
            ),
        ],
    )
    def test_is_refused_at_its_path(self, key: str, value: Any, place: str, sentence: str) -> None:
        (found,) = errors(put(f"{DEAL}.{key}", value))

        assert found.path == f"contracts[0].{place}"
        assert sentence in found.sentence

    def test_makes_its_price_from_the_cost_in_one_way_only(self) -> None:
        data = put(f"{DEAL}.markup_percent", "5")
        data["contracts"][0]["margin_percent"] = "5"

        assert [path for path, _ in told(errors(data))] == ["contracts[0].margin_percent"]

    def test_does_not_make_its_price_of_one_cost_and_keep_another(self) -> None:
        data = put(f"{DEAL}.markup_percent", "5")
        data["contracts"][0]["cost_from"] = "provider_lines"

        assert "contracts[0].cost_from" in [path for path, _ in told(errors(data))]

    def test_in_arrears_is_not_billed_ahead(self) -> None:
        data = put(f"{DEAL}.timing", "arrears")
        data["contracts"][0]["offset_days"] = -3

        assert [path for path, _ in told(errors(data))] == ["contracts[0].offset_days"]

    def test_has_retail_prices_in_its_own_currency(self) -> None:
        data = put(f"{DEAL}.retail_price_list", "USD")
        data["price_lists"].append({**data["price_lists"][0], "code": "USD", "currency": "USD"})

        (found,) = errors(data)

        assert (found.path, "retail prices are in USD" in found.sentence) == (
            "contracts[0].retail_price_list",
            True,
        )

    def test_may_have_two_prices_of_two_segments(self) -> None:
        data = put(
            "price_lists.0.prices.1", {"product": "SEAT", "plan": "monthly", "price": "3", "segment": "e"}
        )

        assert errors(data) == ()


class TestAShare:
    @pytest.mark.parametrize(
        ("key", "value", "place", "sentence"),
        [
            (
                "splits",
                [{"from": "2026-01-01", "by": "percent", "shares": [{"party": "UNIT", "weight": "99.5"}]}],
                "splits[0].shares",
                "come to 99.5 %",
            ),
            (
                "splits",
                [{"from": "2026-01-01", "by": "seats", "shares": [{"party": "UNIT", "weight": "0"}]}],
                "splits[0].shares",
                "nobody bears anything",
            ),
            (
                "splits",
                [{"from": "2026-01-01", "by": "seats", "shares": [{"party": "X", "weight": "1"}]}],
                "splits[0].shares[0].party",
                "no party with the code",
            ),
            (
                "splits",
                [{"from": "2026-01-01", "by": "seats", "shares": [{"party": "UNIT", "weight": "1"}] * 2}],
                "splits[0].shares[1]",
                "has two shares",
            ),
            (
                "splits",
                [{"from": "2026-01-01", "by": "seats", "shares": [{"party": "UNIT", "weight": "1"}]}] * 2,
                "splits[1]",
                "two keys from 2026-01-01",
            ),
            ("assignments", [{"from": "2026-01-01", "party": "X"}], "assignments[0].party", "no party"),
            (
                "assignments",
                [{"from": "2026-01-01", "party": "GROUP"}] * 2,
                "assignments[1]",
                "two parties take over on 2026-01-01",
            ),
        ],
    )
    def test_is_refused_at_its_path(self, key: str, value: Any, place: str, sentence: str) -> None:
        (found,) = errors(put(f"subscriptions.0.{key}", value))

        assert found.path == f"subscriptions[0].{place}"
        assert sentence in found.sentence
