"""Whole files: references, codes, the tree, and many findings at once."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sources.workspace_file import read_workspace
from tests.unit.connectors.sources.workspace_file.small_file import (
    SMALL,
    as_json,
    changed,
    errors,
    put,
    told,
    warnings,
    workspace_of,
)


def test_the_small_file_is_fine() -> None:
    assert told(errors(SMALL)) == []
    assert told(warnings(SMALL)) == []


class TestReferences:
    @pytest.mark.parametrize(
        ("path", "what"),
        [
            ("books.0.issuer", "issuer"),
            ("books.0.chart", "chart"),
            ("issuers.0.series.0.book", "book"),
            ("issuers.0.domestic_tax_code", "tax code of issuer DE"),
            ("charts.0.receivable_account", "account in chart C"),
            ("charts.0.rules.0.revenue_account", "account in chart C"),
            ("charts.0.rules.0.class", "class in chart C"),
            ("charts.0.rules.0.product", "product"),
            ("parties.1.parent", "party"),
            ("price_lists.0.prices.0.product", "product"),
            ("pools.0.group", "party"),
            ("pools.0.products.0", "product"),
            ("contracts.0.party", "party"),
            ("contracts.0.issuer", "issuer"),
            ("contracts.0.price_list", "price list"),
            ("contracts.0.reseller", "party"),
            ("contracts.0.tax_code", "tax code of issuer DE"),
            ("subscriptions.0.party", "party"),
            ("subscriptions.0.product", "product"),
            ("subscriptions.0.contract", "contract"),
            ("subscriptions.0.parent", "subscription"),
            ("usage.0.subscription", "subscription"),
            ("opening_charges.0.subscription", "subscription"),
        ],
    )
    def test_must_lead_somewhere(self, path: str, what: str) -> None:
        sentences = dict(told(errors(put(path, "NOBODY"))))

        place = path.replace(".0", "[0]").replace(".1", "[1]")
        assert sentences[place] == f'there is no {what} with the code "NOBODY".'

    def test_suggest_the_nearest_code(self) -> None:
        (finding,) = errors(put("parties.1.parent", "group"))

        assert finding.fix == "Did you mean GROUP?"

    def test_of_ledger_ids_must_name_a_book(self) -> None:
        (finding,) = errors(put("parties.0.ledger_ids", {"BOK": "1"}))

        assert (finding.path, finding.fix) == ("parties[0].ledger_ids.BOK", "Did you mean BOOK?")

    def test_may_lead_to_what_was_imported_before(self) -> None:
        before = workspace_of(SMALL)
        later = {
            "subledger": 1,
            "subscriptions": [{**SMALL["subscriptions"][0], "code": "SUB-2", "contract": "DEAL"}],
        }

        assert len(errors(later)) >= 3
        assert len(read_workspace(as_json(later), name="later.json", known=before).subscriptions) == 1


class TestCodes:
    @pytest.mark.parametrize("code", ["GROUP", "group", "GROUP\u200b", " GROUP", "ＧＲＯＵＰ"])
    def test_must_differ_to_the_eye(self, code: str) -> None:
        """Bad inputs 13 and 31."""
        findings = errors(put("parties.2", {"code": code, "name": "Other"}))

        assert any("GROUP" in finding.sentence and finding.path == "parties[2].code" for finding in findings)
        assert any("parties[0].code" in finding.sentence for finding in findings)

    def test_must_differ_by_more_than_unicode_form(self) -> None:
        def add(data: dict[str, Any]) -> None:
            data["parties"] += [{"code": "CAF\u00c9", "name": "a"}, {"code": "CAFE\u0301", "name": "b"}]

        (finding,) = errors(changed(add))

        assert "looks the same as" in finding.sentence

    @pytest.mark.parametrize("section", ["issuers", "books", "charts", "products", "pools", "subscriptions"])
    def test_are_used_once_per_section(self, section: str) -> None:
        findings = errors(changed(lambda data: data[section].append(data[section][0])))

        assert any(f"is already at {section}[0].code" in finding.sentence for finding in findings)

    @pytest.mark.parametrize("section", ["price_lists", "contracts"])
    def test_come_again_in_dated_sections_with_a_later_day_only(self, section: str) -> None:
        same = changed(lambda data: data[section].append(data[section][0]))
        later = changed(lambda data: data[section].append({**data[section][0], "from": "2027-01-01"}))
        lower = changed(
            lambda data: data[section].append(
                {**data[section][0], "from": "2027-01-01", "code": data[section][0]["code"].lower()}
            )
        )

        assert any("is already at" in finding.sentence for finding in errors(same))
        assert errors(later) == ()
        assert any("looks the same" in finding.sentence for finding in errors(lower))

    def test_hold_nothing_that_cannot_be_seen(self) -> None:
        """Bad inputs 13 and 31."""
        findings = errors(put("products.0.code", "SE\u202eAT"))

        assert any("invisible character U+202E" in finding.sentence for finding in findings)


class TestTree:
    def test_has_no_circle(self) -> None:
        """Bad input 30."""
        (finding,) = errors(put("parties.0.parent", "UNIT"))

        assert finding.path == "parties[0].parent"
        assert finding.sentence == "the tree runs in a circle: GROUP -> UNIT -> GROUP."

    def test_has_no_circle_at_any_time(self) -> None:
        until, after = {"until": "2026-06-01"}, {"from": "2026-06-01"}
        turned = changed(
            lambda data: data.update(
                parties=[
                    {"code": "GROUP", "name": "a", "parents": [{"parent": "UNIT", **after}]},
                    {"code": "UNIT", "name": "b", "parents": [{"parent": "GROUP", **until}]},
                ]
            )
        )
        circled = changed(
            lambda data: data.update(
                parties=[
                    {"code": "GROUP", "name": "a", "parents": [{"parent": "UNIT", **after}]},
                    {"code": "UNIT", "name": "b", "parents": [{"parent": "GROUP"}]},
                ]
            )
        )

        assert errors(turned) == ()
        assert "runs in a circle" in errors(circled)[0].sentence

    def test_has_nobody_above_themselves(self) -> None:
        (finding,) = errors(put("parties.1.parent", "UNIT"))

        assert finding.sentence == "party UNIT is its own parent."

    def test_has_one_parent_at_a_time(self) -> None:
        """Bad input 30."""
        edges = [{"parent": "GROUP", "until": "2026-03-01"}, {"parent": "TOP", "from": "2026-02-01"}]

        def change(data: dict[str, Any]) -> None:
            data["parties"][1] = {"code": "UNIT", "name": "Unit", "parents": edges}
            data["parties"].append({"code": "TOP", "name": "Top"})

        (finding,) = errors(changed(change))

        assert finding.path == "parties[1].parents[1].parent"
        assert finding.sentence == "party UNIT has two parents at once, GROUP and TOP."

    def test_is_not_endless(self) -> None:
        """Bad input 30."""
        chain = [{"code": "P0", "name": "P0"}] + [
            {"code": f"P{level}", "name": f"P{level}", "parent": f"P{level - 1}"} for level in range(1, 60)
        ]

        findings = errors(changed(lambda data: data["parties"].extend(chain)))

        assert all("more than 50 levels" in finding.sentence for finding in findings)
        assert findings

    def test_takes_the_parent_from_one_place(self) -> None:
        (finding, *_) = errors(put("parties.1.parents", [{"parent": "GROUP"}]))

        assert "given twice" in finding.sentence


class TestManyFindings:
    def test_come_all_at_once_in_the_order_of_the_file(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["parties"][0]["parent"] = "UNIT"
            data["price_lists"][0]["currency"] = "DEM"
            data["subscriptions"][0]["quantity"] = "-5"
            data["issuers"][0]["timezone"] = "EST"

        findings = errors(changed(change))

        assert [finding.path for finding in findings] == [
            "issuers[0].timezone",
            "parties[0].parent",
            "price_lists[0].currency",
            "subscriptions[0].quantity",
        ]
        assert [finding.line for finding in findings] == sorted(finding.line or 0 for finding in findings)
