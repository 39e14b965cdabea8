"""What every table shares: one metadata with one naming convention, and the typed way to its Core table."""

from __future__ import annotations

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """Base of every table of ours; one metadata with one naming convention."""

    metadata = MetaData(naming_convention=NAMES)


def table_of(model: type[Row]) -> Table:
    """The Core table of a model, typed."""
    table = model.__table__  # type: ignore[attr-defined]  # SQLModel adds it at class creation
    assert isinstance(table, Table)
    return table
