"""The token pair of a book: sealed at rest, replaced by compare-and-set, refreshed by one at a time (R7)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection, or_, select, update

from connectors.crashpoints import crashpoint
from connectors.errors import ConsentLost
from connectors.protocols import Clock, StaleToken, Token
from mappings.identity import canonical_json
from worker.store.book_facts import FACTS
from worker.store.columns import new_id
from worker.store.engine import Store
from worker.store.tables import LaneRow, TokenRow, table_of
from worker.store.trouble import DATABASE_ERRORS
from worker.store.vault import BadKeys, Unsealable, Vault

TOKEN = table_of(TokenRow)
LANE = table_of(LaneRow)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_REFRESH_LEASE = timedelta(seconds=16)
"""A refresher that died keeps nobody waiting for longer, so that its lane resumes within 20 s."""
_HEARTBEAT_S = 4.0
"""One that lives prolongs its right this often: its two calls may take 30 s each."""
_POLL_S = 0.2


def free_all(connection: Connection) -> None:
    """End every right to refresh: only for the process that holds the embedded lock, as for lanes."""
    connection.execute(update(TOKEN).values(refresher="", refreshing_until=_LONG_AGO))


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


def idle(connection: Connection, *, stored_before: datetime, asked_before: datetime) -> tuple[str, ...]:
    """Books whose pair was last renewed before an instant: unused, their consent would end.

    Not those whose consent is lost already, nor those that were asked something after `asked_before`.
    """
    query = (
        select(TOKEN.c.book)
        .outerjoin(FACTS, FACTS.c.book == TOKEN.c.book)
        .outerjoin(LANE, LANE.c.book == TOKEN.c.book)
        .where(
            TOKEN.c.stored_at < stored_before,
            or_(FACTS.c.asked_at.is_(None), FACTS.c.asked_at < asked_before),
            or_(LANE.c.pause_reason.is_(None), LANE.c.pause_reason != "consent_lost"),
        )
    )
    return tuple(connection.execute(query.order_by(TOKEN.c.book)).scalars())


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
        previous = self.read()
        values = self._values(saved, previous)

        def work(connection: Connection) -> bool:
            if expected_version == 0 and previous is None:
                self._insert(connection, values)
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

    def replace(self, connection: Connection, token: Token) -> None:
        """Store the pair of a consent that was given just now, whatever is stored: the newest word counts.

        So a book whose old pair no key opens any more can be connected anew. Without keys: `ConsentLost`.
        """
        query = select(TOKEN.c.version, TOKEN.c.sealed).where(TOKEN.c.book == self.book).with_for_update()
        row = connection.execute(query).first()
        if row is None:
            self._insert(connection, self._values(replace(token, version=1), None))
            return
        try:
            previous = self._opened(row.sealed, "current")
        except Unsealable:
            previous = None
        values = self._values(replace(token, version=row.version + 1), previous)
        connection.execute(update(TOKEN).where(TOKEN.c.book == self.book).values(**values))

    def _insert(self, connection: Connection, values: Mapping[str, object]) -> None:
        connection.execute(TOKEN.insert().values(book=self.book, refreshing_until=_LONG_AGO, **values))

    def _values(self, token: Token, previous: Token | None) -> dict[str, object]:
        return {
            "version": token.version,
            "sealed": self._sealed(token, "current"),
            "sealed_previous": None if previous is None else self._sealed(previous, "previous"),
            "stored_at": self.clock.now(),
            "rolling_until": token.refresh_expires_at,
            "hard_until": token.hard_expires_at,
        }

    @contextmanager
    def refreshing(self) -> Iterator[None]:
        """Be the only one that refreshes this book's token, in any process; waits for its turn."""
        me = new_id()
        while not self.store.transact(lambda connection: self._take(connection, me)):
            self.clock.sleep(_POLL_S)
        crashpoint("token.before_call")
        done = threading.Event()
        heart = threading.Thread(target=self._beat, args=(me, done), name="token-heartbeat", daemon=True)
        heart.start()
        try:
            yield
        finally:
            done.set()
            heart.join()
            self.store.transact(lambda connection: self._give_back(connection, me))

    def _beat(self, me: str, done: threading.Event) -> None:
        """Prolong my right until it is given back; a database that is away lets it end, as death would."""
        while not done.wait(_HEARTBEAT_S):
            with suppress(*DATABASE_ERRORS):
                self.store.transact(lambda connection: self._prolong(connection, me))

    def _prolong(self, connection: Connection, me: str) -> None:
        connection.execute(
            update(TOKEN)
            .where(TOKEN.c.book == self.book, TOKEN.c.refresher == me)
            .values(refreshing_until=self.clock.now() + _REFRESH_LEASE)
        )

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
            return self._opened(sealed, which)
        except Unsealable as error:
            raise self._no_access(str(error)) from None

    def _opened(self, sealed: bytes, which: str) -> Token:
        return msgspec.json.decode(self._vault().open(sealed, place=self._place(which)), type=Token)

    def _sealed(self, token: Token, which: str) -> bytes:
        return self._vault().seal(canonical_json(token), place=self._place(which))

    def _place(self, which: str) -> str:
        return f"book_token|{self.book}|{which}"

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
