"""External references: which record of a book is which thing of ours, unique both ways for documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from mappings.canonical.record import Reference, ReferenceKind
from worker.store import bulk
from worker.store.tables import ExternalReference, table_of

REFERENCE = table_of(ExternalReference)

_COLUMNS = ("book", "kind", "code", "ledger_id", "version", "origin", "name")


@dataclass(frozen=True, slots=True)
class Binding:
    """Our thing, its id and version in a book, and how we came to know."""

    reference: Reference
    ledger_id: str
    version: str
    origin: str


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
    wanted = frozenset(wanted)
    if not wanted:
        return {}
    query = select(REFERENCE.c.kind, REFERENCE.c.code, REFERENCE.c.ledger_id).where(
        REFERENCE.c.book == book,
        REFERENCE.c.kind.in_({one.kind for one in wanted}),
        REFERENCE.c.code.in_({one.code for one in wanted}),
    )
    named = ((Reference(row.kind, row.code), row.ledger_id) for row in connection.execute(query))
    return {reference: ledger_id for reference, ledger_id in named if reference in wanted}


def bind(
    connection: Connection, book: str, reference: Reference, *, ledger_id: str, version: str, origin: str
) -> None:
    """Record that the book holds our thing under an id; a later version of the same binding replaces it.

    Raises `sqlalchemy.exc.IntegrityError` when another document of ours already has that ledger id.
    """
    bind_all(connection, book, [Binding(reference, ledger_id, version, origin)])


def bind_all(connection: Connection, book: str, bindings: Sequence[Binding]) -> None:
    """Record many bindings of one book, as `bind` does."""
    rows = [
        (book, one.reference.kind, one.reference.code, one.ledger_id, one.version, one.origin, "")
        for one in bindings
    ]
    bulk.upsert(connection, REFERENCE, _COLUMNS, rows, unique=_COLUMNS[:3], keep=("name",))


def of_origin(
    connection: Connection, origin: str, *, books: Collection[str]
) -> dict[tuple[str, Reference], str]:
    """(book, our reference) -> ledger id of every binding that came from one origin."""
    query = select(REFERENCE.c.book, REFERENCE.c.kind, REFERENCE.c.code, REFERENCE.c.ledger_id).where(
        REFERENCE.c.origin == origin, REFERENCE.c.book.in_(tuple(books))
    )
    return {(row.book, Reference(row.kind, row.code)): row.ledger_id for row in connection.execute(query)}


def holders(
    connection: Connection, book: str, kind: ReferenceKind, ledger_ids: Collection[str]
) -> Mapping[str, str]:
    """Ledger id -> code of our thing that a book holds under it, for those of one kind that are bound."""
    query = select(REFERENCE.c.ledger_id, REFERENCE.c.code).where(
        REFERENCE.c.book == book, REFERENCE.c.kind == kind, REFERENCE.c.ledger_id.in_(tuple(ledger_ids))
    )
    return {row.ledger_id: row.code for row in connection.execute(query)}
