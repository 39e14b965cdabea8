"""Many rows at once: COPY on PostgreSQL, executemany on SQLite, with the same result on both.

Values pass through the column types' own bind processors, so an instant or an exact decimal is stored
here as everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

Item = TypeVar("Item")
Values = tuple[Any, ...]

COPY_FROM = 50
"""Fewer rows go by executemany: a COPY through a staging table would cost more than it saves."""

IN_MAX = 500
"""How many values one IN (...) list takes."""


def insert(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Values]) -> None:
    """Insert rows; every value of `columns` is given in order. A duplicate raises IntegrityError."""
    if not rows:
        return
    if _takes_copy(connection, rows):
        _copy(connection, table.name, columns, _bound(connection, table, columns, rows))
    else:
        _execute_many(connection, table, columns, rows, tail="")


def insert_new(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Values],
    *,
    unique: Sequence[str],
) -> int:
    """Insert the rows whose `unique` columns are not there yet; returns how many that were."""
    return _merge(connection, table, columns, rows, tail=f"ON CONFLICT ({_names(unique)}) DO NOTHING")


def upsert(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Values],
    *,
    unique: Sequence[str],
    keep: Sequence[str] = (),
) -> None:
    """Insert rows, or replace the other columns, without those to keep, of the row with the same `unique`."""
    replaced = (name for name in columns if name not in unique and name not in keep)
    changed = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in replaced)
    _merge(connection, table, columns, rows, tail=f"ON CONFLICT ({_names(unique)}) DO UPDATE SET {changed}")


def update(
    connection: Connection, table: Table, key: str, columns: Sequence[str], rows: Sequence[Values]
) -> None:
    """Change `columns` of the rows with these keys; each row of values begins with its key."""
    if not rows:
        return
    mark = _mark(connection)
    changed = ", ".join(f"{_quoted(name)} = {mark}" for name in columns)
    statement = f"UPDATE {_quoted(table.name)} SET {changed} WHERE {_quoted(key)} = {mark}"  # noqa: S608 - as above
    bound = _bound(connection, table, (key, *columns), rows)
    connection.exec_driver_sql(statement, [(*values, identity) for identity, *values in bound])


def chunks(items: Iterable[Item], size: int = IN_MAX) -> Iterator[list[Item]]:
    """Consecutive lists of at most `size` items."""
    chunk: list[Item] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _merge(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Values], *, tail: str
) -> int:
    if not rows:
        return 0
    if not _takes_copy(connection, rows):
        return _execute_many(connection, table, columns, rows, tail=tail)
    stage = f"stage_{table.name}"
    names = _names(columns)
    connection.exec_driver_sql(
        f"CREATE TEMP TABLE {_quoted(stage)} AS SELECT {names} FROM {_quoted(table.name)} WITH NO DATA"  # noqa: S608 - names of our own tables
    )
    _copy(connection, stage, columns, _bound(connection, table, columns, rows))
    merged = connection.exec_driver_sql(
        f"INSERT INTO {_quoted(table.name)} ({names}) SELECT {names} FROM {_quoted(stage)} {tail}"  # noqa: S608 - as above
    )
    connection.exec_driver_sql(f"DROP TABLE {_quoted(stage)}")
    return merged.rowcount


def _takes_copy(connection: Connection, rows: Sequence[Values]) -> bool:
    return connection.dialect.name == "postgresql" and len(rows) >= COPY_FROM


def _execute_many(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Values], *, tail: str
) -> int:
    mark = _mark(connection)
    marks = ", ".join(mark for _ in columns)
    statement = f"INSERT INTO {_quoted(table.name)} ({_names(columns)}) VALUES ({marks}) {tail}"  # noqa: S608 - as above
    bound = list(_bound(connection, table, columns, rows))
    return connection.exec_driver_sql(statement, bound).rowcount


def _copy(connection: Connection, name: str, columns: Sequence[str], rows: Iterable[Values]) -> None:
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for lot in chunks(rows):
                copy.write("".join(map(_line, lot)))
    except psycopg.Error as error:  # as SQLAlchemy would have raised it, so that callers know one family
        raise DBAPIError.instance("COPY", None, error, psycopg.Error, dialect=connection.dialect) from error


def _line(row: Values) -> str:
    """A row in COPY's text format; the driver's own row by row takes three times as long."""
    return "\t".join([_WRITERS[type(value)](value) for value in row]) + "\n"


def _escaped(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text or "\t" in text or "\r" in text:
        text = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return text


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: _escaped,
    int: str,
    bool: lambda value: "t" if value else "f",
    type(None): lambda _none: "\\N",
    date: date.isoformat,
    bytes: lambda value: f"\\\\x{value.hex()}",
}
"""Of every type that bound values have."""


def _bound(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Values]
) -> Iterator[Values]:
    """Rows as the driver takes them: each value through its column type's bind processor."""
    found = ((at, _bind(connection, table, name)) for at, name in enumerate(columns))
    binds = [(at, bind) for at, bind in found if bind is not None]
    if not binds:
        yield from rows
        return
    for row in rows:
        values = list(row)
        for at, bind in binds:
            values[at] = bind(values[at])
        yield tuple(values)


def _bind(connection: Connection, table: Table, name: str) -> Callable[[Any], Any] | None:
    kind = table.c[name].type
    return kind.dialect_impl(connection.dialect).bind_processor(connection.dialect)


def _mark(connection: Connection) -> str:
    """Where the driver puts a value."""
    return "%s" if connection.dialect.name == "postgresql" else "?"


def _names(columns: Sequence[str]) -> str:
    return ", ".join(map(_quoted, columns))


def _quoted(name: str) -> str:
    return f'"{name}"'
