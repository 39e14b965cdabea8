"""Adjustments as rows: stored once, billed by the next bill, kept when exported, written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from mappings.canonical.contract import Adjustment
from tests.unit.worker.flows.front.conftest import Front
from worker.flows import adjust, workspace

GIVEN = Adjustment(
    code="",
    party="NORTH",
    product="SEAT",
    on=date(2026, 1, 10),
    net="-12.5",
    currency="",
    reason="outage",
    approved_by="J. Doe",
)


class TestAdding:
    def test_twice_adds_once_and_is_billed_once(self, front: Front) -> None:
        front.bill()
        front.release()

        first = adjust.add(front.ports, GIVEN, actor="me")
        again = adjust.add(front.ports, GIVEN, actor="me")
        front.bill()
        front.release()
        front.bill(date(2026, 2, 1))

        assert (first[1], again[1], first[0]) == ("added", "unchanged", again[0])
        assert (first[0].net, first[0].currency) == ("-12.50", "USD")
        credits = [
            row for row in front.rows("document", "kind", "bill_to", "gross_minor") if "credit" in str(row)
        ]
        assert credits == [("credit_note", "NORTH", 1250)]
        assert [
            row for row in front.rows("audit", "actor", "act", "reason") if row[1] == "adjustment.add"
        ] == [("me", "adjustment.add", "outage")]

    def test_is_kept_by_an_export(self, front: Front) -> None:
        whole, _ = adjust.add(front.ports, GIVEN, actor="me")
        text = workspace.export(front.ports)

        assert f"code: {whole.code}" in text
        again = workspace.import_(front.ports, text.encode(), name="again", actor="me")
        assert again.change.is_empty

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"party": "NOBODY"}, "no party NOBODY"),
            ({"product": "NOTHING"}, "no product NOTHING"),
            ({"on": date(2025, 1, 1)}, "no contract"),
            ({"net": "1.234"}, "not an amount of USD"),
            ({"net": "much"}, "not an amount of USD"),
            ({"net": "0.00"}, "changes nothing"),
            ({"currency": "XXQ"}, "XXQ"),
            ({"reason": " "}, "reason"),
        ],
    )
    def test_refuses_what_cannot_be_billed(
        self, front: Front, change: dict[str, object], sentence: str
    ) -> None:
        with pytest.raises(adjust.AdjustmentRefused, match=sentence):
            adjust.add(front.ports, replace(GIVEN, **change), actor="me")  # type: ignore[arg-type]  # fields

    def test_refuses_a_code_that_says_something_else_already(self, front: Front) -> None:
        adjust.add(front.ports, replace(GIVEN, code="A"), actor="me")

        with pytest.raises(adjust.AdjustmentRefused, match="already with other content"):
            adjust.add(front.ports, replace(GIVEN, code="A", net="-13.00"), actor="me")
