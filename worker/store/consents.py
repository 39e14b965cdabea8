"""Requests for consent: each answer counts once, for its own book, and only for a while."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from worker.store.tables import ConsentRequestRow, table_of

REQUEST = table_of(ConsentRequestRow)

_KEEP = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """One question to an administrator; `outcome` "" = no answer yet."""

    book: str
    redirect_uri: str
    actor: str
    expires_at: datetime
    outcome: str
    why: str


def ask(
    connection: Connection,
    state: str,
    *,
    book: str,
    redirect_uri: str,
    actor: str,
    now: datetime,
    life: timedelta,
) -> None:
    """Remember a question under its secret `state`; old ones are forgotten."""
    connection.execute(delete(REQUEST).where(REQUEST.c.created_at < now - _KEEP))
    connection.execute(
        REQUEST.insert().values(
            state_hash=_hash(state),
            book=book,
            redirect_uri=redirect_uri,
            actor=actor,
            created_at=now,
            expires_at=now + life,
        )
    )


def take(connection: Connection, state: str, *, book: str = "", now: datetime) -> ConsentRequest | None:
    """Use the question up; None when there is none, it was used or is too old, or (`book`) is another's."""
    wanted = [REQUEST.c.state_hash == _hash(state), REQUEST.c.outcome == "", REQUEST.c.expires_at > now]
    if book:
        wanted.append(REQUEST.c.book == book)
    taken = connection.execute(update(REQUEST).where(*wanted).values(outcome="taken"))
    return get(connection, state) if taken.rowcount == 1 else None


def end(connection: Connection, state: str, *, outcome: str, why: str = "") -> None:
    """Write down what became of an answer: connected, or failed with why."""
    connection.execute(
        update(REQUEST).where(REQUEST.c.state_hash == _hash(state)).values(outcome=outcome, why=why)
    )


def get(connection: Connection, state: str) -> ConsentRequest | None:
    """A question by its state."""
    columns = (REQUEST.c[name] for name in ConsentRequest.__dataclass_fields__)
    row = connection.execute(select(*columns).where(REQUEST.c.state_hash == _hash(state))).first()
    return None if row is None else ConsentRequest(*row)


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()
