from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from worker.store import bulk
from worker.store.columns import new_id
from worker.store.engine import Store
from worker.store.tables import InstallationRow, VersionRow, table_of

VERSION = table_of(VersionRow)
COLUMNS = (
    "id", "subscription", "ref", "on_day", "quantity", "status", "observed", "at_instant", "details",
)  # fmt: skip
AT = datetime(2026, 11, 3, 9, 30, 0, 123456, tzinfo=UTC)

FACT = table_of(InstallationRow)
FACTS = ("name", "value", "changed_at")
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


def facts(size: int, value: str, at: datetime) -> list[bulk.Values]:
    return [(f"N{n}", value, at) for n in range(size)]


@SIZES
class TestUpsert:
    def test_replaces_the_other_columns(self, store: Store, size: int) -> None:
        with store.write() as connection:
            for value in ("old", "new"):
                bulk.upsert(connection, FACT, FACTS, facts(size, value, AT), unique=("name",))

        with store.read() as connection:
            assert connection.scalars(select(FACT.c.value)).all() == ["new"] * size

    def test_leaves_alone_what_is_to_be_kept(self, store: Store, size: int) -> None:
        later = AT + timedelta(days=1)
        with store.write() as connection:
            bulk.upsert(connection, FACT, FACTS, facts(size, "old", AT), unique=("name",))
            bulk.upsert(connection, FACT, FACTS, facts(size, "new", later), unique=("name",), keep=("value",))

        with store.read() as connection:
            found = connection.execute(select(FACT.c.value, FACT.c.changed_at)).all()
        assert [tuple(row) for row in found] == [("old", later)] * size


@SIZES
class TestUpdate:
    def test_changes_the_rows_that_are_named_and_no_other(self, store: Store, size: int) -> None:
        with store.write() as connection:
            bulk.insert(connection, FACT, FACTS, facts(size + 1, "old", AT))
            named = [(name, "new") for name, _, _ in facts(size, "", AT)]
            bulk.update(connection, FACT, "name", ("value",), named)

        with store.read() as connection:
            values = connection.scalars(select(FACT.c.value)).all()
        assert sorted(values) == ["new"] * size + ["old"]


class TestChunks:
    def test_hold_everything_in_order(self) -> None:
        assert list(bulk.chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]

    def test_are_none_of_nothing(self) -> None:
        assert list(bulk.chunks([])) == []
