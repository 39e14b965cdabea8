"""What a file agrees about terms: every slip with its place and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.connectors.sources.workspace_file.small_file import errors, put, workspace_of

SUB = "subscriptions.0"
PROMOTION = {"code": "PROMO", "product": "SEAT", "percent": "10", "from": "2026-01-01"}


def _agreed(**agreed: Any) -> list[dict[str, Any]]:
    return [{"on": "2026-02-01", "agreed": agreed}]


class TestAgreedTerms:
    @pytest.mark.parametrize(
        ("path", "value", "place", "sentence"),
        [
            ("term_end", "2026-01-01", "term_end", "the term ends on 2026-01-01; a term of P1M"),
            ("term_end", "2026-02-02", "term_end", "by 2026-02-01"),
            ("promotion", "GONE", "promotion", "there is no promotion with the code"),
            ("converted_from", "GONE", "converted_from", "there is no subscription with the code"),
            ("converted_from", "SUB", "converted_from", "it is upgraded from itself."),
            ("next_term", {"product": "GONE"}, "next_term.product", "there is no product"),
            ("next_term", {"quantity": "0"}, "next_term.quantity", "the next term has no units."),
            ("next_term", {"quantity": "1.5"}, "next_term.quantity", "1.5 seats cannot be held."),
            ("next_term", {"term": "P1D"}, "next_term.term", "is not a term."),
            ("next_term", {"plan": "annual"}, None, "has no price for SEAT annual P1M"),
            ("changes", _agreed(), "changes[0].agreed", "agrees nothing."),
            ("changes", _agreed(product="GONE"), "changes[0].agreed.product", "there is no product"),
            ("changes", _agreed(term="P2W"), "changes[0].agreed.term", "is not a term."),
            ("changes", _agreed(plan="annual", term="P1Y"), None, "has no price for SEAT annual P1Y"),
            (
                "changes",
                _agreed(next_term={"quantity": "-1"}),
                "changes[0].agreed.next_term.quantity",
                "cannot be negative",
            ),
            (
                "changes",
                _agreed(auto_renew=False) + _agreed(term="P1M"),
                "changes[1].agreed",
                "two changes of 2026-02-01 agree something.",
            ),
            (
                "changes",
                [{"on": "2026-02-01", "add": "1", "agreed": {"auto_renew": False}}],
                "changes[0]",
                "says add and agreed",
            ),
        ],
    )
    def test_are_refused(self, path: str, value: Any, place: str | None, sentence: str) -> None:
        found = errors(put(f"{SUB}.{path}", value))

        where = "subscriptions[0]" if place is None else f"subscriptions[0].{place}"
        assert [each.path for each in found] == [where]
        assert sentence in found[0].sentence

    def test_stay_with_what_is_held_on_their_day(self) -> None:
        """A day's quantity and what is agreed on it are one version, whichever is written first."""
        changes = [
            {"on": "2026-02-01", "agreed": {"auto_renew": False}},
            {"on": "2026-02-01", "quantity": 9},
        ]

        told = workspace_of(put(f"{SUB}.changes", changes))

        last = told.versions[-1]
        assert (last.quantity, last.ref) == (9, "file:2026-02-01:1")
        assert last.agreed is not None
        assert last.agreed.auto_renew is False


class TestPromotions:
    @pytest.mark.parametrize(
        ("key", "value", "sentence"),
        [
            ("product", "GONE", "there is no product"),
            ("percent", "101", "is not believed."),
            ("percent", "-1", "cannot be negative"),
            ("term", "P1D", "is not a term."),
            ("until", "2025-12-31", ""),
        ],
    )
    def test_are_refused(self, key: str, value: str, sentence: str) -> None:
        found = errors(put("promotions", [{**PROMOTION, key: value}]))

        assert len(found) == 1
        assert found[0].path.startswith("promotions[0]")
        assert sentence in found[0].sentence

    def test_are_read(self) -> None:
        told = workspace_of(put("promotions", [PROMOTION]))

        assert [(one.code, one.percent, one.terms) for one in told.setup.promotions] == [
            ("PROMO", 10, "first")
        ]


class TestAUsageList:
    def test_must_exist(self) -> None:
        found = errors(put("contracts.0.usage_price_list", "GONE"))

        assert [each.path for each in found] == ["contracts[0].usage_price_list"]


class TestUsageThatTakesBack:
    def test_needs_a_ref_of_its_own(self) -> None:
        """A correction of a closed month is told with the provider's reference; a bare minus is a slip."""
        correction = {"subscription": "SUB", "on": "2026-01-05", "quantity": "-1"}

        assert [each.path for each in errors(put("usage.0", correction))] == ["usage[0].quantity"]
        assert errors(put("usage.0", {**correction, "ref": "credit-1"})) == ()
