"""Subscriptions: dated changes that make sense, and a contract to bill them by."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.connectors.sources.workspace_file.small_file import (
    SMALL,
    changed,
    errors,
    put,
    told,
    warnings,
)

SUB = "subscriptions.0"


class TestSubscriptions:
    @pytest.mark.parametrize(
        ("path", "value", "place", "sentence"),
        [
            ("quantity", "-1", "quantity", "the quantity is -1; it cannot be negative."),
            ("quantity", "1.5", "quantity", "1.5 seats cannot be held."),
            ("quantity", "1000000000", "quantity", "is not believed."),
            ("quantity", None, "quantity", "quantity is missing."),
            ("start", None, "start", "start is missing."),
            ("start", "9999-01-01", "start", "the day 9999-01-01 is not believed."),
            ("party", "", "party", "party is missing."),
            ("term", "P1D", "term", '"P1D" is not a term.'),
            ("term", "", "term", "term is missing."),
            ("plan", "annual", "term", "a term of P1M does not hold whole annual cycles."),
            ("end", "2026-01-01", "end", "ends (2026-01-01) not after the day it begins (2026-01-01)"),
            ("end", "2026-02-01", "changes[0].on", "has ended (2026-02-01) by 2026-02-01"),
            ("parent", "SUB", "parent", "subscription SUB is its own parent."),
            (
                "changes",
                [{"on": "2025-12-01", "add": "1"}],
                "changes[0].on",
                "is before the start (2026-01-01)",
            ),
            ("changes", [{"on": "2026-02-01"}], "changes[0]", "says nothing"),
            (
                "changes",
                [{"on": "2026-02-01", "add": "1", "cancel": True}],
                "changes[0]",
                "says add and cancel",
            ),
            ("changes", [{"on": "2026-02-01", "add": "0"}], "changes[0].add", "it must be more than 0."),
            ("changes", [{"on": "2026-02-01", "add": "-3"}], "changes[0].add", "it must be more than 0."),
            (
                "changes",
                [{"on": "2026-02-01", "quantity": "-3"}],
                "changes[0].quantity",
                "cannot be negative",
            ),
            (
                "changes",
                [{"on": "2026-02-01", "resume": True}],
                "changes[0].resume",
                "without having been suspended",
            ),
            ("versions", [], "versions", "both `versions` and"),
        ],
    )
    def test_are_refused_at_their_place(self, path: str, value: object, place: str, sentence: str) -> None:
        findings = errors(put(f"{SUB}.{path}", value))

        assert any(
            finding.path == f"subscriptions[0].{place}" and sentence in finding.sentence
            for finding in findings
        ), told(findings)

    def test_cannot_lose_more_than_they_hold(self) -> None:
        (finding,) = errors(put(f"{SUB}.changes", [{"on": "2026-02-01", "remove": "13"}]))

        assert finding.path == "subscriptions[0].changes[0].remove"
        assert (
            finding.sentence
            == "the change on 2026-02-01 removes 13, but subscription SUB holds only 12 then."
        )

    def test_change_in_the_order_of_days(self) -> None:
        changes = [{"on": "2026-03-01", "add": "1"}, {"on": "2026-02-01", "add": "1"}]

        (finding,) = errors(put(f"{SUB}.changes", changes))

        assert finding.sentence == "the change on 2026-02-01 is before the change before it (2026-03-01)."

    def test_do_not_change_after_their_cancellation(self) -> None:
        changes = [{"on": "2026-02-01", "cancel": True}, {"on": "2026-03-01", "add": "1"}]

        (finding,) = errors(put(f"{SUB}.changes", changes))

        assert "was cancelled before" in finding.sentence

    def test_without_a_contract_are_a_warning(self) -> None:
        data = changed(lambda data: data["contracts"][0].update(until="2025-06-01", **{"from": "2025-01-01"}))

        (finding,) = warnings(data)

        assert finding.path == "subscriptions[0]"
        assert "has no contract" in finding.sentence
        assert "unassigned" in finding.fix

    def test_with_two_equal_contracts_are_a_warning(self) -> None:
        (finding,) = warnings(put("contracts.1", {**SMALL["contracts"][0], "code": "OTHER"}))

        assert "could be billed by contract DEAL or OTHER" in finding.sentence

    def test_need_a_unique_ref_per_version_and_usage(self) -> None:
        version = {"ref": "a", "on": "2026-01-01", "quantity": "1"}

        def twice(data: dict[str, Any]) -> None:
            entry = data["subscriptions"][0]
            for key in ("start", "quantity", "changes"):
                del entry[key]
            entry["versions"] = [version, version]
            data["usage"] = [{**data["usage"][0], "ref": "b"}] * 2

        assert [finding.path for finding in errors(changed(twice))] == [
            "subscriptions[0].versions[0].ref",
            "subscriptions[0].versions[1].ref",
            "usage[1].ref",
        ]
