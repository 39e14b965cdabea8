from __future__ import annotations

from datetime import date

from tests.unit.worker.small_world import contract, party
from worker.store.grouping import group_parties

FAMILY = (party("HOLD"), party("NORTH", "HOLD"), party("SOUTH", "HOLD"), party("LONE"), party("BROKER"))


class TestGroupParties:
    def test_puts_a_party_with_everyone_above_it_and_names_the_group_after_the_top(self) -> None:
        assert group_parties(FAMILY, (), ()) == {
            "HOLD": "HOLD",
            "NORTH": "HOLD",
            "SOUTH": "HOLD",
            "LONE": "LONE",
            "BROKER": "BROKER",
        }

    def test_keeps_a_party_with_a_parent_it_has_left(self) -> None:
        moved = party("NORTH", "HOLD")
        edges = (*moved.parents, *party("NORTH", "LONE").parents)

        groups = group_parties((party("HOLD"), party("LONE"), party("NORTH", parents=edges)), (), ())

        assert set(groups.values()) == {"HOLD"}

    def test_joins_payer_and_reseller_of_a_contract(self) -> None:
        contracts = (
            contract("C-1", "LONE", bill_to="party:NORTH"),
            contract("C-2", "SOUTH", reseller="BROKER"),
        )

        assert set(group_parties(FAMILY, contracts, ()).values()) == {"BROKER"}

    def test_joins_a_party_with_every_holder_of_the_contract_its_subscription_names(self) -> None:
        contracts = (
            contract("C-1", "BROKER"),
            contract("C-1", "SOUTH", from_=date(2026, 6, 1)),
        )

        groups = group_parties(FAMILY, contracts, [("LONE", "C-1")])

        assert {groups[code] for code in ("LONE", "BROKER", "SOUTH", "HOLD")} == {"BROKER"}

    def test_passes_over_codes_that_are_no_party(self) -> None:
        assert group_parties((party("A", "GONE"),), (contract("C", "NOBODY", reseller="A"),), ()) == {
            "A": "A"
        }

    def test_survives_a_circle(self) -> None:
        assert group_parties((party("B", "A"), party("A", "B")), (), ()) == {"A": "A", "B": "A"}
