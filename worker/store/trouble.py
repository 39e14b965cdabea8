"""Trouble with the database itself, in words: what it is and what helps. Faces translate with this."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

DATABASE_ERRORS: tuple[type[Exception], ...] = (DBAPIError, PoolTimeout)
"""Everything the database's driver and pool raise through SQLAlchemy."""

_FOLDER = "Check that its folder exists and that you may write there, or set DATABASE_URL to another file."
_SQLITE: tuple[tuple[str, str, str, bool], ...] = (
    ("database is locked", "another process kept the database's write lock", "Try again in a moment.", True),
    ("disk is full", "the disk is full; the change was rolled back", "Free space, then run it again.", True),
    ("unable to open database file", "the database file cannot be opened", _FOLDER, False),
    ("readonly database", "the database file is read-only", _FOLDER, False),
    ("disk i/o error", "the disk did not take the write", "Check the disk and its free space.", True),
    (
        "file is not a database",
        "the file is not a SQLite database",
        "Set DATABASE_URL to another file.",
        False,
    ),
    ("malformed", "the database file is damaged", "Restore the latest backup; do not go on with it.", False),
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with the database: `why`, what helps, and whether it may pass by itself."""

    why: str
    fix: str
    passes: bool


def explain(error: Exception) -> Trouble | None:
    """Words for one of `DATABASE_ERRORS`; None for a defect of ours (bad SQL, a broken constraint).

    The driver's own text is used only to recognise: it may carry a password or a customer's data.
    """
    if isinstance(error, PoolTimeout):
        return Trouble("every connection to the database is busy", "Try again in a moment.", True)
    if not isinstance(error, DBAPIError):
        return None
    said = str(error.orig).lower()
    for words, why, fix, passes in _SQLITE:
        if words in said:
            return Trouble(why, fix, passes)
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    if "authentication failed" in said or "no password supplied" in said:
        return Trouble("the database refuses the user or password", "Check DATABASE_URL.", False)
    if "does not exist" in said:
        return Trouble(
            "the database server has no such database or user", "Create it, or check DATABASE_URL.", False
        )
    return Trouble(
        "the database server does not answer", "Check that it runs and that DATABASE_URL names it.", True
    )
