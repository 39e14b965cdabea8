from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from worker.store import bulk
from worker.store.columns import new_id
from worker.store.engine import Store
from worker.store.tables import LaneRow, VersionRow, table_of

VERSION = table_of(VersionRow)
COLUMNS = (
    "id", "subscription", "ref", "on_day", "quantity", "status", "observed", "at_instant", "details",
)  # fmt: skip
AT = datetime(2026, 11, 3, 9, 30, 0, 123456, tzinfo=UTC)

SIZES = pytest.mark.parametrize("size", [1, bulk.COPY_FROM + 7])


def versions(size: int, *, quantity: str = "3.50") -> list[bulk.Values]:
    day, held = date(2026, 1, 31), Decimal(quantity)
    odd = '\t"ä\\'
    return [
        (
            new_id(),
            "SUB-1",
            f"r{n}{odd}",
            day,
            held,
            "active",
            "",
            AT if n else None,
            f"{{{odd}}}" if n else None,
        )
        for n in range(size)
    ]


@SIZES
class TestInsert:
    def test_stores_exactly_the_values_on_both_databases(self, store: Store, size: int) -> None:
        rows = versions(size)

        with store.write() as connection:
            bulk.insert(connection, VERSION, COLUMNS, rows)

        with store.read() as connection:
            stored = connection.execute(select(VERSION).order_by(VERSION.c.id)).all()
        assert [tuple(row) for row in stored] == rows

    def test_refuses_a_duplicate_and_leaves_nothing(self, store: Store, size: int) -> None:
        with pytest.raises(IntegrityError), store.write() as connection:
            bulk.insert(connection, VERSION, COLUMNS, versions(size) + versions(1))

        with store.read() as connection:
            assert connection.execute(select(VERSION)).all() == []


@SIZES
class TestInsertNew:
    def test_keeps_what_is_there_and_counts_what_is_new(self, store: Store, size: int) -> None:
        with store.write() as connection:
            bulk.insert(connection, VERSION, COLUMNS, versions(1))
            new = bulk.insert_new(
                connection, VERSION, COLUMNS, versions(size + 1, quantity="9"), unique=("subscription", "ref")
            )

        with store.read() as connection:
            quantities = connection.scalars(select(VERSION.c.quantity)).all()
        assert new == size
        assert sorted(quantities) == [Decimal("3.50")] + [Decimal(9)] * size

    def test_counts_nothing_the_second_time(self, store: Store, size: int) -> None:
        with store.write() as connection:
            counts = [
                bulk.insert_new(connection, VERSION, COLUMNS, versions(size), unique=("subscription", "ref"))
                for _ in range(2)
            ]

        assert counts == [size, 0]


@SIZES
class TestUpsert:
    def test_replaces_the_other_columns(self, store: Store, size: int) -> None:
        lane = table_of(LaneRow)
        rest = {"holder": "", "epoch": 0, "pause_reason": "", "pause_why": "", "failures": 0}
        rest |= {"pacing": "", "reads": 0, "batches": 0, "throttled": 0, "recovered": 0}
        columns = ("book", "calls", "lease_until", "not_before", *rest)
        with store.write() as connection:
            for calls in (1, 2):
                rows = [(f"B{n}", calls, AT, AT, *rest.values()) for n in range(size)]
                bulk.upsert(connection, lane, columns, rows, unique=("book",))

        with store.read() as connection:
            assert connection.scalars(select(lane.c.calls)).all() == [2] * size


class TestChunks:
    def test_hold_everything_in_order(self) -> None:
        assert list(bulk.chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]

    def test_are_none_of_nothing(self) -> None:
        assert list(bulk.chunks([])) == []
