"""A book of somebody's own as a stage: what needs a practice book is said, all else is tried for real."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta

from connectors.conformance.stage import Ground, NotOffered, NotPossible, Trouble
from connectors.protocols import Clock, Ledger, ReportsChanges, Token, TokenStore

_WHY_NOT: Mapping[Trouble, str] = {
    "lost_answer": "nobody cuts the connection to a real book at the right moment",
    "lost_request": "nobody cuts the connection to a real book at the right moment",
    "throttled": "a real book is not pushed over its limits",
    "unknown_answer": "a real book gives no answers that nobody knows",
    "version_conflict": "nobody changes a real book at the right moment",
    "token_expired": "",
    "consent_withdrawn": "consent to a real book is not withdrawn for a trial",
    "period_closed": "a period of a real book is not closed for a trial",
    "customer_inactive": "customers of a real book are not put to rest for a trial",
    "edited_there": "nobody edits a real book at the right moment",
}

_CLOCKS_DIFFER_BY = timedelta(minutes=5)


class OwnBook:
    """See `connectors.conformance.stage.Stage`. `tokens` None = its ledger knows no sign-in."""

    is_practice = False

    def __init__(
        self,
        ground: Ground,
        *,
        open_session: Callable[[TokenStore | None], Ledger],
        tokens: TokenStore | None,
        clock: Clock,
    ) -> None:
        self.ground = ground
        self.tokens = tokens
        self._open_session = open_session
        self._started_at = clock.now() - _CLOCKS_DIFFER_BY
        self._ended: _EndedToken | None = None

    def open(self) -> Ledger:
        return self._open_session(self._ended or self.tokens)

    @contextmanager
    def trouble(self, what: Trouble, *, about: str = "") -> Iterator[None]:
        """Only `token_expired`: the stored token is taken for ended, so that it is really refreshed."""
        if what != "token_expired":
            raise NotPossible(_WHY_NOT[what])
        if self.tokens is None:
            raise NotOffered("this ledger knows no sign-in that is renewed")
        self._ended = _EndedToken(self.tokens)
        try:
            yield
        finally:
            self._ended = None

    def count(self, number: str) -> int | None:
        """Documents of this trial under a number, by the book's own list of changes where it has one."""
        session = self._open_session(self.tokens)
        if not isinstance(session, ReportsChanges):
            return None
        told = session.changes(self._started_at)
        if not told.is_complete:
            return None
        documents = (one for one in told.changes if one.kind in ("invoice", "credit_note") and one.is_there)
        return len({one.ledger_id for one in documents if one.lookup == number})


class _EndedToken:
    """A token store whose access token has ended, until somebody stores another pair."""

    def __init__(self, tokens: TokenStore) -> None:
        self._tokens = tokens
        self._is_ended = True

    def read(self) -> Token | None:
        stored = self._tokens.read()
        if stored is None or not self._is_ended:
            return stored
        return replace(stored, access_expires_at=stored.access_expires_at - timedelta(days=365))

    def read_previous(self) -> Token | None:
        return self._tokens.read_previous()

    def save(self, token: Token, *, expected_version: int) -> Token:
        saved = self._tokens.save(token, expected_version=expected_version)
        self._is_ended = False
        return saved

    def refreshing(self) -> AbstractContextManager[object]:
        return self._tokens.refreshing()
