"""The dated tree of parties, whose contract counts on a day, and who pays."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical.party import ParentEdge, Party
from mappings.canonical.period import Period
from mappings.canonical.subscription import Assignment
from tests.unit.worker.billing.world import contract, day, party, subscription
from worker.billing.hierarchy import ALWAYS, Agreements, Tree, is_consolidated, payer

MOVED = party(
    "MOVED",
    parents=(
        ParentEdge("NORTH", until=day("2026-02-01")),
        ParentEdge("SOUTH", from_=day("2026-03-01"), until=day("2026-04-01")),
        ParentEdge("NORTH", from_=day("2026-04-01")),
    ),
)
TREE = Tree(
    (
        party("TOP"),
        party("NORTH", parent="TOP"),
        party("SOUTH", parent="TOP"),
        MOVED,
        party("BELOW", parent="MOVED"),
        party("LOST", parent="GONE"),
    )
)


class TestATree:
    @pytest.mark.parametrize(
        ("on", "lineage"),
        [
            ("2026-01-31", ["MOVED", "NORTH", "TOP"]),
            ("2026-02-01", ["MOVED"]),
            ("2026-03-01", ["MOVED", "SOUTH", "TOP"]),
            ("2026-04-01", ["MOVED", "NORTH", "TOP"]),
        ],
    )
    def test_knows_who_is_above_on_a_day(self, on: str, lineage: list[str]) -> None:
        assert list(TREE.lineage("MOVED", day(on))) == lineage
        assert list(TREE.lineage("BELOW", day(on))) == ["BELOW", *lineage]
        assert TREE.parent_on("MOVED", day(on)) == (lineage[1] if len(lineage) > 1 else None)

    def test_says_where_the_way_up_never_changes(self) -> None:
        assert TREE.fixed_lineage("NORTH") == ("NORTH", "TOP")
        assert TREE.fixed_lineage("MOVED") is None
        assert TREE.fixed_lineage("BELOW") is None
        assert list(TREE.lineage("NORTH", day("2026-01-01"))) == ["NORTH", "TOP"]

    def test_ends_where_the_party_above_is_not_known(self) -> None:
        assert list(TREE.lineage("LOST", day("2026-01-01"))) == ["LOST"]
        assert TREE.parent_on("LOST", day("2026-01-01")) is None
        assert ("LOST" in TREE, "GONE" in TREE) == (True, False)

    def test_is_not_trapped_by_a_circle(self) -> None:
        circle = Tree((party("A", parent="B"), party("B", parent="A")))

        assert list(circle.lineage("A", day("2026-01-01"))) == ["A", "B"]

    def test_knows_the_days_below_a_party(self) -> None:
        north = (
            Period(day("0001-01-01"), day("2026-02-01")),
            Period(day("2026-04-01"), day("9999-12-31")),
        )
        top = (Period(day("0001-01-01"), day("2026-02-01")), Period(day("2026-03-01"), day("9999-12-31")))

        assert TREE.periods_below("MOVED", "NORTH") == north
        assert TREE.periods_below("BELOW", "NORTH") == north
        assert TREE.periods_below("MOVED", "TOP") == top, "March and April are one"
        assert TREE.periods_below("MOVED", "MOVED") == (ALWAYS,)
        assert TREE.periods_below("NORTH", "TOP") == (ALWAYS,)
        assert TREE.periods_below("NORTH", "SOUTH") == ()
        assert TREE.periods_below("BELOW", "MOVED") == (ALWAYS,)


class TestAgreements:
    def _code(self, *contracts: Any, on: str, **facts: Any) -> str:
        found = Agreements(contracts, TREE).of(subscription(**{"party": "BELOW", **facts}), day(on))
        return found.code if found else ""

    def test_are_those_of_the_nearest_party_above(self) -> None:
        two = (contract("TOP"), contract("NORTH"))

        assert self._code(*two, on="2026-01-01") == "C-NORTH"
        assert self._code(*two, on="2026-02-01") == ""
        assert self._code(*two, on="2026-03-01") == "C-TOP"
        assert self._code(*two, contract("BELOW"), on="2026-01-01") == "C-BELOW"

    def test_count_from_their_first_day_until_their_last(self) -> None:
        one = contract("BELOW", from_=day("2026-01-10"), until=day("2026-01-20"))

        told = [self._code(one, on=f"2026-01-{on}") for on in ("09", "10", "19", "20")]

        assert told == ["", "C-BELOW", "C-BELOW", ""]

    def test_of_one_party_count_by_the_latest_then_the_larger_code(self) -> None:
        old, new = contract("BELOW", code="Z"), contract("BELOW", code="A", from_=day("2026-01-01"))

        assert self._code(new, old, on="2026-02-01") == "A"
        assert self._code(contract("BELOW", code="Y"), old, on="2026-02-01") == "Z"
        assert self._code(old, contract("BELOW", code="Y"), on="2026-02-01") == "Z"

    def test_that_are_named_are_those_and_no_other(self) -> None:
        two = (contract("BELOW"), contract("SOUTH", code="NAMED", until=day("2026-02-01")))

        assert self._code(*two, on="2026-01-01", contract="NAMED") == "NAMED"
        assert self._code(*two, on="2026-02-01", contract="NAMED") == ""

    def test_go_with_whoever_holds_the_subscription(self) -> None:
        taken = (Assignment(day("2026-02-01"), "SOUTH"),)
        two = (contract("BELOW"), contract("SOUTH"))

        assert self._code(*two, on="2026-01-31", assignments=taken) == "C-BELOW"
        assert self._code(*two, on="2026-02-01", assignments=taken) == "C-SOUTH"

    def test_are_all_that_could_ever_count(self) -> None:
        agreements = Agreements((contract("TOP"), contract("SOUTH"), contract("LOST")), TREE)
        named = subscription(party="NORTH", contract="C-LOST")

        assert {one.code for one in agreements.all_of(subscription(party="BELOW"))} == {"C-TOP", "C-SOUTH"}
        assert {one.code for one in agreements.all_of(subscription(party="NORTH"))} == {"C-TOP"}
        assert [one.code for one in agreements.all_of(named)] == ["C-LOST"]
        assert agreements.all_of(subscription(contract="NONE")) == ()

    def test_end_on_their_last_day_or_where_a_later_version_begins(self) -> None:
        first = contract("TOP", until=day("2026-06-01"))
        second = contract("TOP", from_=day("2026-03-01"))
        third = contract("TOP", from_=day("2026-05-01"))
        agreements = Agreements((third, first, second), TREE)

        assert agreements.ends_on(first) == day("2026-03-01")
        assert agreements.ends_on(second) == day("2026-05-01")
        assert agreements.ends_on(third) is None
        assert Agreements((first,), TREE).ends_on(first) == day("2026-06-01")


class TestAPayer:
    @pytest.mark.parametrize(
        ("terms", "who"),
        [
            ({}, "MOVED"),
            ({"bill_to": "parent"}, "NORTH"),
            ({"bill_to": "consolidated"}, "TOP"),
            ({"bill_to": "party:SOUTH"}, "SOUTH"),
            ({"bill_to": "own", "reseller": "LOST"}, "LOST"),
        ],
    )
    def test_is_whom_the_contract_says(self, terms: dict[str, Any], who: str) -> None:
        assert payer(contract("TOP", **terms), "MOVED", day=day("2026-01-01"), tree=TREE) == who

    def test_at_the_top_is_the_party_itself(self) -> None:
        agreed = contract("TOP", bill_to="parent")

        assert payer(agreed, "MOVED", day=day("2026-02-01"), tree=TREE) == "MOVED"

    def test_that_is_not_known_is_an_error(self) -> None:
        with pytest.raises(KeyError, match="GONE"):
            payer(contract("TOP", bill_to="party:GONE"), "MOVED", day=day("2026-01-01"), tree=TREE)

    def test_of_several_entities_gets_one_document(self) -> None:
        assert is_consolidated(contract("TOP", bill_to="consolidated"))
        assert is_consolidated(contract("TOP", reseller="LOST"))
        assert not is_consolidated(contract("TOP", bill_to="parent"))


class TestAParty:
    def test_is_found_by_its_code(self) -> None:
        assert TREE["MOVED"] is MOVED
        assert isinstance(TREE["TOP"], Party)
