"""How a record's members are described: name, official type, length, what a query may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SCALARS = frozenset(
    {
        "id",
        "string",
        "anyURI",
        "decimal",
        "int",
        "long",
        "positiveInteger",
        "boolean",
        "date",
        "dateTime",
    }
)


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a record.

    `kind` is the official type: a scalar, an enumeration or the name of another record. On a member
    that holds a record, `max_length` bounds that record's text (value, Address, FreeFormNumber, URI).
    A `read_only` member is accepted and ignored: QuickBooks computes it.
    """

    name: str
    kind: str
    many: bool = False
    max_length: int = 0
    filterable: bool = False
    sortable: bool = False
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class RecordRule:
    """All members of one record, by name; `required` are the members without which it means nothing."""

    name: str
    members: Mapping[str, Member]
    required: tuple[str, ...] = ()
    by_lower_name: Mapping[str, Member] = field(default_factory=dict)


def members(
    kind: str,
    names: str,
    *,
    many: bool = False,
    max_length: int = 0,
    query: str = "",
    read_only: bool = False,
) -> tuple[Member, ...]:
    """Several members of one type; `query` holds F (usable in WHERE) and S (usable in ORDERBY)."""
    return tuple(
        Member(
            name=name,
            kind=kind,
            many=many,
            max_length=max_length,
            filterable="F" in query,
            sortable="S" in query,
            read_only=read_only,
        )
        for name in names.split()
    )


def record(name: str, *listed: tuple[Member, ...], required: str = "") -> RecordRule:
    """A record of the given members. A member listed twice is a mistake in the rules."""
    by_name: dict[str, Member] = {}
    for group in listed:
        for member in group:
            if member.name in by_name:
                raise ValueError(f"{name}.{member.name} is listed twice")
            by_name[member.name] = member
    return RecordRule(
        name=name,
        members=by_name,
        required=tuple(required.split()),
        by_lower_name={key.lower(): value for key, value in by_name.items()},
    )
