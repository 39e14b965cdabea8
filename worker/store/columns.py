"""Column types that mean the same on SQLite and PostgreSQL: exact instants, exact decimals, row ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import uuid_utils
from sqlalchemy import BigInteger, Text, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id() -> str:
    """A fresh row key: UUID version 7, so that rows of one time lie together."""
    return str(uuid_utils.uuid7())


class Instant(TypeDecorator[datetime]):
    """A UTC instant as whole microseconds since 1970; naive values are refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Exact(TypeDecorator[Decimal]):
    """A Decimal as text, so that no database rounds it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


def bytewise_text() -> Any:
    """Text that sorts by its bytes on both databases, whatever a database's own collation is."""
    return Text().with_variant(Text(collation="C"), "postgresql")


def row_id() -> Any:
    """The type of every row key: native UUID on PostgreSQL, text on SQLite, `str` in Python."""
    return Uuid(as_uuid=False)
