"""Whatever goes wrong, in whatever order: each document once in the book, or visibly waiting for a person."""

from __future__ import annotations

import pytest

from tests.faults.simulation import acts_of, broken_by
from tests.servers.databases import SqliteDatabases

SEEDS = 200
CHUNK = 20


class TestAnySequenceOfFaults:
    @pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
    def test_ends_with_each_document_once_or_visibly_parked(
        self, sqlite_databases: SqliteDatabases, first: int
    ) -> None:
        """Rows 5, 14-18, 20-22, 24-32, 40, 41, 44, 48, 56, 62, 73 of the fault matrix, in any mixture."""
        for seed in range(first, first + CHUNK):
            broken = broken_by(seed, sqlite_databases)
            assert not broken, f"seed {seed}: {broken}; repeat: python -m tests.faults.simulation {seed}"

    def test_is_the_same_for_the_same_seed(self) -> None:
        assert acts_of(17) == acts_of(17) != acts_of(18)
