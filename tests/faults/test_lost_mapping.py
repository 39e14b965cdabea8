"""A row that said which record of a book is ours was deleted by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from tests.faults.world import World, a_world
from tests.servers.databases import SqliteDatabases
from worker.store.references import REFERENCE


@pytest.fixture
def world(sqlite_databases: SqliteDatabases) -> Iterator[World]:
    """A book that holds a customer and INV-0; every mapping row is gone."""
    with a_world(sqlite_databases) as made:
        made.plan("INV-0")
        made.come_to_rest()
        with made.store.write() as connection:
            connection.execute(delete(REFERENCE))
        yield made


class TestNextDocument:
    def test_finds_its_customer_again_and_makes_no_second_one(self, world: World) -> None:
        """Row 70: its release failed on the customer's identity, and with it everything of its chunk."""
        world.plan("INV-1", "INV-2")

        world.come_to_rest()

        assert world.violations() == ()
        assert world.ledger.documents() == ["INV-0", "INV-1", "INV-2"]
        assert [one.kind for one, _ in world.ledger.records].count("customer") == 1
