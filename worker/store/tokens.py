"""The token pair of a book: sealed at rest, replaced by compare-and-set, refreshed by one at a time (R7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection, select, update

from connectors.crashpoints import crashpoint
from connectors.errors import ConsentLost
from connectors.protocols import Clock, StaleToken, Token
from mappings.identity import canonical_json
from worker.store.columns import new_id
from worker.store.engine import Store
from worker.store.tables import TokenRow, table_of
from worker.store.vault import BadKeys, Unsealable, Vault

TOKEN = table_of(TokenRow)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_REFRESH_LEASE = timedelta(seconds=75)
"""Longer than the two calls of 30 s that one refresh may make."""
_POLL_S = 0.2


def connected_books(connection: Connection) -> frozenset[str]:
    """Books that have a token pair."""
    return frozenset(connection.execute(select(TOKEN.c.book)).scalars())


@dataclass(frozen=True, slots=True)
class TokenLife:
    """How long a book's consent lasts: `rolling_until` unless the token is used before, `hard_until` at most.

    None = the provider did not say. `pairs` were stored so far, the first one included.
    """

    book: str
    pairs: int
    rolling_until: datetime | None
    hard_until: datetime | None


def lives(connection: Connection) -> tuple[TokenLife, ...]:
    """Every connected book's, by book."""
    columns = (TOKEN.c.book, TOKEN.c.version, TOKEN.c.rolling_until, TOKEN.c.hard_until)
    return tuple(TokenLife(*row) for row in connection.execute(select(*columns).order_by(TOKEN.c.book)))


@dataclass(frozen=True, slots=True)
class BookTokens:
    """The `TokenStore` of one book."""

    store: Store
    vault: Callable[[], Vault]
    clock: Clock
    book: str

    def read(self) -> Token | None:
        """The current pair, or None when the book was never connected."""
        return self._open("current")

    def read_previous(self) -> Token | None:
        """The pair before, kept for one fallback attempt."""
        return self._open("previous")

    def save(self, token: Token, *, expected_version: int) -> Token:
        """Replace the pair; raises `StaleToken` if it is no longer the expected version (0 = none yet)."""
        crashpoint("token.after_response")
        saved = replace(token, version=expected_version + 1)
        sealed = self._vault().seal(canonical_json(saved), place=f"book_token|{self.book}|current")
        previous = self.read()
        sealed_previous = (
            self._vault().seal(canonical_json(previous), place=f"book_token|{self.book}|previous")
            if previous
            else None
        )

        def work(connection: Connection) -> bool:
            values = {
                "version": saved.version,
                "sealed": sealed,
                "sealed_previous": sealed_previous,
                "rolling_until": saved.refresh_expires_at,
                "hard_until": saved.hard_expires_at,
            }
            if expected_version == 0 and previous is None:
                connection.execute(
                    TOKEN.insert().values(book=self.book, refreshing_until=_LONG_AGO, **values)
                )
                return True
            changed = connection.execute(
                update(TOKEN)
                .where(TOKEN.c.book == self.book, TOKEN.c.version == expected_version)
                .values(**values)
            )
            return changed.rowcount == 1

        if not self.store.transact(work):
            raise StaleToken(f"the token of book {self.book} was replaced by another worker")
        crashpoint("token.after_commit")
        return saved

    @contextmanager
    def refreshing(self) -> Iterator[None]:
        """Be the only one that refreshes this book's token, in any process; waits for its turn."""
        me = new_id()
        while not self.store.transact(lambda connection: self._take(connection, me)):
            self.clock.sleep(_POLL_S)
        crashpoint("token.before_call")
        try:
            yield
        finally:
            self.store.transact(lambda connection: self._give_back(connection, me))

    def _take(self, connection: Connection, me: str) -> bool:
        now = self.clock.now()
        taken = connection.execute(
            update(TOKEN)
            .where(TOKEN.c.book == self.book, TOKEN.c.refreshing_until <= now)
            .values(refresher=me, refreshing_until=now + _REFRESH_LEASE)
        )
        return taken.rowcount == 1 or not self._exists(connection)

    def _exists(self, connection: Connection) -> bool:
        return connection.execute(select(TOKEN.c.book).where(TOKEN.c.book == self.book)).first() is not None

    def _give_back(self, connection: Connection, me: str) -> None:
        connection.execute(
            update(TOKEN)
            .where(TOKEN.c.book == self.book, TOKEN.c.refresher == me)
            .values(refresher="", refreshing_until=_LONG_AGO)
        )

    def _open(self, which: str) -> Token | None:
        column = TOKEN.c.sealed if which == "current" else TOKEN.c.sealed_previous
        with self.store.read() as connection:
            sealed = connection.execute(select(column).where(TOKEN.c.book == self.book)).scalar()
        if sealed is None:
            return None
        try:
            secret = self._vault().open(sealed, place=f"book_token|{self.book}|{which}")
        except Unsealable as error:
            raise self._no_access(str(error)) from None
        return msgspec.json.decode(secret, type=Token)

    def _vault(self) -> Vault:
        """The active keys, asked for only when a secret is needed: a book without tokens needs none."""
        try:
            return self.vault()
        except BadKeys as error:
            raise self._no_access(str(error)) from None

    def _no_access(self, detail: str) -> ConsentLost:
        return ConsentLost(
            f"The tokens of book {self.book} cannot be opened; the book pauses, nothing was sent.",
            code="keys",
            detail=detail,
            hint=f"{detail}. Set SUBLEDGER_KEYS to the keys that sealed them, then: book resume {self.book}",
        )
