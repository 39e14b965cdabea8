"""External references: which record of a book is which thing of ours, unique both ways for documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from mappings.canonical.record import Reference
from worker.store.tables import ExternalReference, table_of

REFERENCE = table_of(ExternalReference)


def bound(connection: Connection, books: Iterable[str]) -> Mapping[str, dict[Reference, str]]:
    """Book -> (our reference -> ledger id) for everything but documents (few thousand rows a book)."""
    result: defaultdict[str, dict[Reference, str]] = defaultdict(dict)
    query = select(REFERENCE.c.book, REFERENCE.c.kind, REFERENCE.c.code, REFERENCE.c.ledger_id).where(
        REFERENCE.c.book.in_(tuple(books)), REFERENCE.c.kind.not_in(("invoice", "credit_note"))
    )
    for book, kind, code, ledger_id in connection.execute(query):
        result[book][Reference(kind, code)] = ledger_id
    return result


def bound_of(connection: Connection, book: str, wanted: Collection[Reference]) -> dict[Reference, str]:
    """Our reference -> ledger id for those of `wanted` that the book is bound to."""
    codes: defaultdict[str, set[str]] = defaultdict(set)
    for reference in wanted:
        codes[reference.kind].add(reference.code)
    found: dict[Reference, str] = {}
    for kind, some in codes.items():
        query = select(REFERENCE.c.kind, REFERENCE.c.code, REFERENCE.c.ledger_id).where(
            REFERENCE.c.book == book, REFERENCE.c.kind == kind, REFERENCE.c.code.in_(some)
        )
        found |= {Reference(row.kind, row.code): row.ledger_id for row in connection.execute(query)}
    return found


def bind(
    connection: Connection, book: str, reference: Reference, *, ledger_id: str, version: str, origin: str
) -> None:
    """Record that the book holds our thing under an id; a later version of the same binding replaces it.

    Raises `sqlalchemy.exc.IntegrityError` when another document of ours already has that ledger id.
    """
    values = {
        "book": book,
        "kind": reference.kind,
        "code": reference.code,
        "ledger_id": ledger_id,
        "version": version,
        "origin": origin,
    }
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(REFERENCE).values(values)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["book", "kind", "code"],
            set_={"ledger_id": ledger_id, "version": version, "origin": origin},
        )
    )


def of_origin(
    connection: Connection, origin: str, *, books: Collection[str]
) -> dict[tuple[str, Reference], str]:
    """(book, our reference) -> ledger id of every binding that came from one origin."""
    query = select(REFERENCE.c.book, REFERENCE.c.kind, REFERENCE.c.code, REFERENCE.c.ledger_id).where(
        REFERENCE.c.origin == origin, REFERENCE.c.book.in_(tuple(books))
    )
    return {(row.book, Reference(row.kind, row.code)): row.ledger_id for row in connection.execute(query)}


def held_elsewhere(connection: Connection, book: str, reference: Reference, ledger_id: str) -> str | None:
    """Code of another document of ours that already has this ledger id in this book, or None."""
    query = select(REFERENCE.c.code).where(
        REFERENCE.c.book == book,
        REFERENCE.c.kind == reference.kind,
        REFERENCE.c.ledger_id == ledger_id,
        REFERENCE.c.code != reference.code,
    )
    return connection.execute(query).scalar()
