"""The queries we ask, in QuickBooks' own dialect (pure; qbo.md section 8.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.ledgers.quickbooks.echo import DELETED_SUFFIX, NUMBER_MEMBER
from connectors.ledgers.quickbooks.limits import NAMES_PER_QUERY, QUERY_ROWS_MAX
from connectors.ledgers.quickbooks.wire import ENTITY
from mappings.canonical.record import RecordKind

_INACTIVE_TOO = "and Active in (true, false) "
"""List records that were made inactive are hidden unless the query names `Active`."""


def by_name(kind: RecordKind, names: Sequence[str]) -> Iterator[str]:
    """Queries for the records of a kind under these numbers or names, inactive ones included."""
    if kind in ("invoice", "credit_note"):
        return _in_lists(ENTITY[kind], NUMBER_MEMBER[kind], names, "")
    both = [name + suffix for name in names for suffix in ("", DELETED_SUFFIX)]
    return _in_lists(ENTITY[kind], NUMBER_MEMBER[kind], both, _INACTIVE_TOO)


def by_display_name(entity: str, names: Sequence[str]) -> Iterator[str]:
    """Queries for vendors or employees of these names."""
    return _in_lists(entity, "DisplayName", names, _INACTIVE_TOO)


def numbers_behind(entity: str, prefix: str) -> str:
    """The documents whose number begins with a prefix, last in order of text first."""
    return (
        f"select * from {entity} where DocNumber like {quoted(prefix + '%')} "  # noqa: S608  # QBO's, quoted
        f"orderby DocNumber desc startposition 1 maxresults {QUERY_ROWS_MAX}"
    )


def every(entity: str, *, start: int) -> str:
    """One page of a list, inactive records included, in the order they were made (rows only get more)."""
    return (
        f"select * from {entity} where Active in (true, false) "  # noqa: S608  # no value of anybody's
        f"orderby Id startposition {start} maxresults {QUERY_ROWS_MAX}"
    )


def by_id(entity: str, ledger_id: str) -> str:
    """One record by its id."""
    return f"select * from {entity} where Id = {quoted(ledger_id)}"  # noqa: S608  # QBO's, quoted


def by_value(entity: str, member: str, value: str) -> str:
    """Records with a value in one member."""
    where = f"{member} = {quoted(value)}"
    return f"select * from {entity} where {where} maxresults {QUERY_ROWS_MAX}"  # noqa: S608  # as above


def quoted(value: str) -> str:
    """A value in single quotes; backslash and quote are escaped by a backslash."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _in_lists(entity: str, member: str, names: Sequence[str], also: str) -> Iterator[str]:
    for start in range(0, len(names), NAMES_PER_QUERY):
        listed = ", ".join(quoted(name) for name in names[start : start + NAMES_PER_QUERY])
        where = f"{member} in ({listed}) {also}"
        yield f"select * from {entity} where {where}maxresults {QUERY_ROWS_MAX}"  # noqa: S608  # QBO's, quoted
