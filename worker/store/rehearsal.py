"""A dry run: the real work in real transactions, every one of which is rolled back.

So a plan cannot differ from what the act would do, and nothing stays. Only for work whose transactions do
not build on each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from worker.store.engine import WRITE, Connection, Store


class Rehearsal(Store):
    """A store that keeps nothing."""

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction that ends in a rollback whatever happens."""
        with self.engine.connect() as plain:
            connection = plain.execution_options(**{WRITE: True})
            transaction = connection.begin()
            try:
                yield connection
            finally:
                transaction.rollback()
