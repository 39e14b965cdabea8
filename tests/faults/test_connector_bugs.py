"""A connector of ours that breaks or answers nonsense: its bug loses no document and doubles none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from connectors.protocols import Held, Shipment
from tests.fakes.ledger import MemoryLedger
from tests.faults.unreliable import UnreliableLedger
from tests.faults.world import World, a_world
from tests.servers.databases import SqliteDatabases

ANSWERS: dict[str, Callable[[list[Any]], Any]] = {
    "nothing": lambda _: None,
    "a number": lambda _: 7,
    "too few": lambda outcomes: outcomes[:-1],
    "too many": lambda outcomes: [*outcomes, *outcomes],
    "texts": lambda outcomes: ["ok" for _ in outcomes],
    "dictionaries": lambda outcomes: [{"Id": "7"} for _ in outcomes],
    "holes": lambda outcomes: [None for _ in outcomes],
}


@pytest.fixture
def world(sqlite_databases: SqliteDatabases) -> Iterator[World]:
    """A book that holds its customer already, with six invoices waiting."""
    with a_world(sqlite_databases) as made:
        made.plan("INV-0")
        made.come_to_rest()
        made.plan(*(f"INV-{number}" for number in range(1, 7)))
        yield made


class TestNonsense:
    @pytest.mark.parametrize("is_committed", [True, False])
    @pytest.mark.parametrize("name", ANSWERS)
    def test_as_an_answer_is_an_unknown_outcome(self, world: World, name: str, is_committed: bool) -> None:
        """Row 74: whatever comes back, the book is read before anything is sent again."""

        def answers(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Any:
            outcomes = ledger.commit(shipments) if is_committed else list(shipments)
            return ANSWERS[name](list(outcomes))

        world.ledger.faults = [answers]

        world.come_to_rest()

        assert world.violations() == ()
        assert sorted(world.ledger.documents()) == [f"INV-{number}" for number in range(7)]

    @pytest.mark.parametrize("name", [name for name in ANSWERS if name != "holes"])
    def test_as_a_look_up_proves_nothing(self, world: World, name: str) -> None:
        """Row 74: a read that makes no sense is a failed read."""

        class Lying(UnreliableLedger):
            lies = 3

            def find(self, shipments: Sequence[Shipment]) -> Sequence[Held | None]:
                if self.lies > 0:
                    self.lies -= 1
                    found: Any = ANSWERS[name](list(super().find(shipments)))
                    return found  # type: ignore[no-any-return]  # that is the lie
                return super().find(shipments)

        def breaks(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Any:
            ledger.commit(shipments)
            raise ZeroDivisionError

        world.ledger = Lying(clock=world.clock, records=world.ledger.records, faults=[breaks])

        world.come_to_rest()

        assert world.violations() == ()
        assert sorted(world.ledger.documents()) == [f"INV-{number}" for number in range(7)]
