"""What books last said of themselves: who they belong to and until when they are closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select, update

from worker.store import bulk
from worker.store.tables import BookFactsRow, table_of

FACTS = table_of(BookFactsRow)

_COLUMNS = ("book", "asked_at", "checked_at", "company_id", "company_name", "home_currency", "closed_until")


@dataclass(frozen=True, slots=True)
class BookFacts:
    """One book's facts as of `checked_at` (None = it never answered); `asked_at` is the last try.

    Its change feed was read until `changes_until` (None = never).
    """

    book: str
    asked_at: datetime
    checked_at: datetime | None
    company_id: str
    company_name: str
    home_currency: str
    closed_until: date | None
    changes_until: datetime | None


def get(connection: Connection, book: str) -> BookFacts | None:
    """What a book last said, or None when it was never asked."""
    row = connection.execute(select(FACTS).where(FACTS.c.book == book)).mappings().first()
    return None if row is None else BookFacts(**row)


def closing_dates(connection: Connection) -> Mapping[str, date]:
    """Book -> the last closed day, of the books that have one."""
    query = select(FACTS.c.book, FACTS.c.closed_until).where(FACTS.c.closed_until.is_not(None))
    return {row.book: row.closed_until for row in connection.execute(query)}


def put(connection: Connection, facts: BookFacts) -> None:
    """Write down what a book says now; how far its changes were read stays."""
    row = tuple(getattr(facts, name) for name in _COLUMNS)
    bulk.upsert(connection, FACTS, _COLUMNS, [row], unique=("book",))


def asked(connection: Connection, book: str, *, now: datetime) -> None:
    """A book was asked and gave no answer; what it said before stays."""
    row = (book, now, "", "", "")
    columns = ("book", "asked_at", "company_id", "company_name", "home_currency")
    if not bulk.insert_new(connection, FACTS, columns, [row], unique=("book",)):
        connection.execute(update(FACTS).where(FACTS.c.book == book).values(asked_at=now))


def read_changes_until(connection: Connection, book: str, *, until: datetime) -> None:
    """The change feed of a book was read up to an instant."""
    connection.execute(update(FACTS).where(FACTS.c.book == book).values(changes_until=until))
