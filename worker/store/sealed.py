"""Every stored secret, with the key that seals it, and sealing it anew with another key."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from worker.store.tokens import TOKEN
from worker.store.vault import Unsealable, Vault, key_id_of

_COLUMNS = {"current": TOKEN.c.sealed, "previous": TOKEN.c.sealed_previous}


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret at rest: whose, which of its two, and the id of the key that opens it."""

    book: str
    which: str
    key_id: str


def secrets(connection: Connection) -> tuple[Sealed, ...]:
    """Every secret of the installation, by book. Needs no key: a sealed value names its own."""
    query = select(TOKEN.c.book, *_COLUMNS.values()).order_by(TOKEN.c.book)
    return tuple(
        Sealed(book, which, key_id_of(value))
        for book, *values in connection.execute(query)
        for which, value in zip(_COLUMNS, values, strict=True)
        if value is not None
    )


def seal_anew(connection: Connection, vault: Vault, secret: Sealed) -> bool:
    """Seal one secret with the vault's first key, under its row's lock; False when no key opens it."""
    column = _COLUMNS[secret.which]
    value = connection.scalar(select(column).where(TOKEN.c.book == secret.book).with_for_update())
    if value is None:
        return True
    place = f"book_token|{secret.book}|{secret.which}"
    try:
        opened = vault.open(value, place=place)
    except Unsealable:
        return False
    connection.execute(
        update(TOKEN)
        .where(TOKEN.c.book == secret.book)
        .values({column.name: vault.seal(opened, place=place)})
    )
    return True
