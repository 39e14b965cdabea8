"""Microsoft's published files, from `source import` to invoices in the practice QuickBooks company."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e import books
from tests.e2e.harness import REALMS, Farm

EXAMPLE = Path(__file__).parents[2] / "deploy" / "examples" / "partner-center.yaml"
LISTENS = "http://127.0.0.1:8090"
"""Where the example says that the simulator listens: its default port."""

PATTERNS = ("subscription*.json", "subscriptions_*.json", "recon_*.json")
INSIDE_A_TERM = ("2017-02-01", "2021-02-01", "2021-09-20")
"""A day inside the term of each of the three subscriptions, the archive add-on's first."""


@pytest.fixture
def files(contracts: Path) -> list[str]:
    folder = contracts / "partner_center" / "samples"
    return sorted({str(file) for pattern in PATTERNS for file in folder.glob(pattern)})


@pytest.fixture
def seller(farm: Farm) -> Farm:
    """The example as it ships, with the address of this farm's simulator."""
    text = EXAMPLE.read_text(encoding="utf-8")
    assert text.count(LISTENS) == 2
    file = farm.write(text.replace(LISTENS, farm.simulator.url), "partner-center.yaml")
    farm.run_each(("workspace", "import", file), farm.connecting("US-BOOK"))
    return farm


class TestPublishedFiles:
    def test_are_imported_or_refused_by_file_row_and_field_and_again_nothing_is_new(
        self, seller: Farm, files: list[str]
    ) -> None:
        first = seller.run("source", "import", "partner-center", *files)
        again = seller.run("source", "import", "partner-center", *files)

        told = {one["file"]: one for one in first.out["files"]}
        assert first.code == again.code == 2, first.told  # whole files were refused
        assert set(told) == {Path(file).name for file in files}
        for one in told.values():
            assert one["subscriptions"] + one["lines"] > 0 or one["refusals"], one
        assert sum(one["new_subscriptions"] for one in told.values()) == 5
        assert sum(one["lines"] for one in told.values()) == 25
        assert not again.out["applied"]
        self.refuses_damage_by_name(told)

    def refuses_damage_by_name(self, told: dict[str, dict[str, list[str]]]) -> None:
        damaged = told["subscriptions_of_customer.json"]["refusals"]
        assert len(damaged) == 3
        for field in ("creationDate", "effectiveStartDate", "commitmentEndDate"):
            assert any(field in one and "row 1" in one for one in damaged), damaged
        (by_kind,) = told["subscription_change_quantity_request.json"]["refusals"]
        assert "subscription_change_quantity_request.json" in by_kind

    def test_are_billed_inside_their_terms_and_posted(self, seller: Farm, files: list[str]) -> None:
        assert seller.run("source", "import", "partner-center", *files).code == 2

        runs = [seller.run("run", "--as-of", day) for day in INSIDE_A_TERM]

        assert [done.out["posted"] for done in runs] == [1, 1, 2], [done.told or done.out for done in runs]
        assert {one.book for one in books.check(seller)} == {"US-BOOK"}
        assert self.lines(seller) == {
            "EXO-ARCHIVE": [Decimal("6.00")],  # 2 add-ons x 3.00, their first month
            "M365-BASIC": [Decimal("6.00")] * 9,  # 1 seat x 6.00, from its first month to the ninth
            "RDS-CAL": [Decimal("468.00")],  # 1 licence for its three years
        }

    def test_that_renewed_for_years_unbilled_are_held_with_what_to_do(
        self, seller: Farm, files: list[str]
    ) -> None:
        """The add-on renews by itself: four years of it at once are not sent, but asked about."""
        seller.run("source", "import", "partner-center", *(one for one in files if "addon" in one))

        done = seller.run("run", "--as-of", INSIDE_A_TERM[1])

        assert (done.code, done.out["posted"], done.out["held"]) == (3, 0, 1)
        (reason,) = done.out["account"]["reasons"]
        assert "set cut_over" in reason["sentence"]

    def lines(self, seller: Farm) -> dict[str, list[Decimal]]:
        """Amounts of the company's invoice lines by item, in the order of the invoices."""
        dump = seller.simulator.get("dump", realm=REALMS["US-BOOK"])
        names = {one["Id"]: one.get("Sku") or one["Name"] for one in dump["Item"]}
        found: dict[str, list[Decimal]] = {}
        for invoice in sorted(dump["Invoice"], key=lambda one: str(one["DocNumber"])):
            for line in invoice["Line"]:
                if line["DetailType"] == "SalesItemLineDetail":
                    name = names[line["SalesItemLineDetail"]["ItemRef"]["value"]]
                    found.setdefault(name, []).append(line["Amount"])
        return found
