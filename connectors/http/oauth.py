"""Access tokens of an OAuth 2.0 ledger, refreshed by one process at a time (R7).

The order that protects the promise: lock, read the stored pair again, refresh only if it is still
needed, store the new pair before it is used. A refresh token that was rotated by somebody else is
found by the second read; only a refusal of every token we hold means that consent is gone.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec

from connectors.errors import ConnectorError, ConsentLost, OutcomeUnknown, Throttled, Unreachable
from connectors.http.redact import redact
from connectors.http.session import Answer, HttpSession, Request
from connectors.protocols import Clock, StaleToken, Token, TokenStore

REFRESH_AHEAD = timedelta(minutes=5)
TOKEN_DEADLINE_S = 30.0

_HTTP_OK = 200
_HTTP_TOO_MANY = 429
_HTTP_SERVER_ERROR = 500

_CLIENT_ERRORS = frozenset(
    {"invalid_client", "unauthorized_client", "invalid_request", "unsupported_grant_type"}
)


@dataclass(frozen=True, slots=True)
class Provider:
    """An OAuth 2.0 provider and our client there. `token_headers` are what it wants on token calls.

    `refresh_lives`: how long an unused refresh token lives where the answers do not say it.
    """

    name: str
    authorize_endpoint: str
    token_endpoint: str
    scope: str
    client_id: str
    client_secret: str = field(repr=False)
    token_headers: Mapping[str, str] = field(default_factory=dict)
    refresh_lives: timedelta | None = None


class _TokenAnswer(msgspec.Struct):
    """What a token endpoint answers; Intuit's names for the life of the refresh token included."""

    access_token: str
    refresh_token: str = ""
    expires_in: int = 3600
    x_refresh_token_expires_in: int | None = None
    x_refresh_token_hard_expires_in: int | None = None


class _TokenError(msgspec.Struct):
    error: str = ""
    error_description: str = ""


class TokenRefused(Exception):
    """The endpoint will not take this grant any more (`invalid_grant`): try another token we hold."""


class Access:
    """The current access token of one book, for any number of threads."""

    def __init__(
        self, provider: Provider, *, tokens: TokenStore, session: HttpSession, clock: Clock, book: str
    ) -> None:
        self._provider = provider
        self._tokens = tokens
        self._session = session
        self._clock = clock
        self._book = book
        self._known: Token | None = None
        self._one_thread = threading.Lock()

    def token(self) -> Token:
        """A token that is good for five more minutes at least, refreshed if need be.

        Raises `ConsentLost` when somebody has to reconnect the book, `Unreachable` or `Throttled` when
        the token endpoint gives no usable answer now (nothing of the caller's request was sent).
        """
        known = self._known
        if known is not None and self._is_fresh(known):
            return known
        return self._renewed(refused=None)

    def renewed(self, refused: Token) -> Token:
        """Another token than the one a call was just turned down with (one forced refresh)."""
        return self._renewed(refused=refused.access_token)

    def _renewed(self, refused: str | None) -> Token:
        with self._one_thread:
            stored = self._stored()
            if not self._is_usable(stored, refused):
                with self._tokens.refreshing():
                    stored = self._stored()
                    if not self._is_usable(stored, refused):
                        stored = self._refresh(stored)
            self._known = stored
            return stored

    def _stored(self) -> Token:
        stored = self._tokens.read()
        if stored is None:
            raise ConsentLost(
                f"book {self._book} is not connected to {self._provider.name}",
                code="not_connected",
                hint=f"Connect it: subledger book connect {self._book}",
            )
        return stored

    def _is_usable(self, token: Token, refused: str | None) -> bool:
        return token.access_token != refused and self._is_fresh(token)

    def _is_fresh(self, token: Token) -> bool:
        return token.access_expires_at - self._clock.now() > REFRESH_AHEAD

    def _refresh(self, stored: Token) -> Token:
        """A new pair for the stored one, saved before it is used.

        A pair that a person stored meanwhile, by reconnecting, is newer than ours and wins. The pair of
        before is tried once when the stored one is refused: an answer that was lost can
        leave a rotated token behind at the provider (qbo.md section 2).
        """
        try:
            fresh = self._granted(stored.refresh_token)
        except TokenRefused as refusal:
            newer = self._stored()
            previous = self._tokens.read_previous()
            if newer.version != stored.version and self._is_fresh(newer):
                return newer
            if newer.refresh_token != stored.refresh_token:
                stored, retry_with = newer, newer.refresh_token
            elif previous is not None and previous.refresh_token != stored.refresh_token:
                retry_with = previous.refresh_token
            else:
                raise self._consent_lost(str(refusal)) from None
            try:
                fresh = self._granted(retry_with)
            except TokenRefused as second:
                raise self._consent_lost(str(second)) from None
        try:
            return self._tokens.save(fresh, expected_version=stored.version)
        except StaleToken:
            return self._stored()

    def _granted(self, refresh_token: str) -> Token:
        return granted(
            {"grant_type": "refresh_token", "refresh_token": refresh_token},
            provider=self._provider,
            session=self._session,
            clock=self._clock,
            keep_refresh_token=refresh_token,
        )

    def _consent_lost(self, detail: str) -> ConsentLost:
        return ConsentLost(
            f"{self._provider.name} no longer accepts our access to book {self._book}; the book pauses",
            code="invalid_grant",
            detail=detail,
            hint=f"Ask the book's administrator to reconnect it: subledger book connect {self._book}",
        )


def authorize_address(provider: Provider, *, redirect_uri: str, state: str) -> str:
    """Where a person gives consent; `state` is the caller's secret, compared when they come back."""
    query = {
        "client_id": provider.client_id,
        "response_type": "code",
        "scope": provider.scope,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return f"{provider.authorize_endpoint}?{urlencode(query)}"


def exchanged(
    code: str, *, redirect_uri: str, provider: Provider, session: HttpSession, clock: Clock
) -> Token:
    """The first pair of tokens for the code a person came back with; raises like `Access.token`."""
    try:
        return granted(
            {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri},
            provider=provider,
            session=session,
            clock=clock,
        )
    except TokenRefused as refusal:
        raise ConsentLost(
            f"{provider.name} did not accept the code of this consent",
            code="invalid_grant",
            detail=str(refusal),
            hint="Codes live a few minutes and work once: start connecting again.",
        ) from None


def granted(
    form: Mapping[str, str],
    *,
    provider: Provider,
    session: HttpSession,
    clock: Clock,
    keep_refresh_token: str = "",
) -> Token:
    """Ask the token endpoint for a pair; `TokenRefused` on invalid_grant, else one of the seven words."""
    asked_at = clock.now()
    basic = base64.b64encode(f"{provider.client_id}:{provider.client_secret}".encode()).decode("ascii")
    request = Request(
        "POST",
        provider.token_endpoint,
        headers={
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Basic {basic}",
            **provider.token_headers,
        },
        body=urlencode(form).encode("ascii"),
        deadline_s=TOKEN_DEADLINE_S,
    )
    try:
        answer = session.send(request)
    except OutcomeUnknown as problem:
        raise _no_token(provider, problem.why, status=problem.status) from problem
    if answer.status != _HTTP_OK:
        raise _turned_down(answer, provider)
    try:
        pair = msgspec.json.decode(answer.body, type=_TokenAnswer)
    except msgspec.MsgspecError as problem:
        raise _no_token(provider, "the answer has no token in it", status=answer.status) from problem
    return Token(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token or keep_refresh_token,
        access_expires_at=asked_at + timedelta(seconds=pair.expires_in),
        refresh_expires_at=_after(asked_at, pair.x_refresh_token_expires_in) or _ends(asked_at, provider),
        hard_expires_at=_after(asked_at, pair.x_refresh_token_hard_expires_in),
    )


def _ends(asked_at: datetime, provider: Provider) -> datetime | None:
    return None if provider.refresh_lives is None else asked_at + provider.refresh_lives


def _after(instant: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else instant + timedelta(seconds=seconds)


def _turned_down(answer: Answer, provider: Provider) -> ConnectorError | TokenRefused:
    try:
        told = msgspec.json.decode(answer.body, type=_TokenError)
    except msgspec.MsgspecError:
        told = _TokenError()
    detail = redact(f"{told.error} {told.error_description}".strip())
    if told.error == "invalid_grant":
        return TokenRefused(detail)
    if told.error in _CLIENT_ERRORS:
        return ConsentLost(
            f"{provider.name} does not know our application: {told.error}",
            code=told.error,
            status=answer.status,
            detail=detail,
            hint="Check the client id and secret, and that they belong to this environment.",
        )
    if answer.status == _HTTP_TOO_MANY:
        return Throttled(f"{provider.name} asked us to wait before a new token", status=answer.status)
    if answer.status >= _HTTP_SERVER_ERROR:
        return _no_token(provider, f"it answered {answer.status}", status=answer.status)
    return _no_token(provider, f"it answered {answer.status}, which we do not know", status=answer.status)


def _no_token(provider: Provider, why: str, *, status: int | None) -> Unreachable:
    """Transient: the request that wanted the token was never sent, and the stored token stays."""
    return Unreachable(
        f"no access token from {provider.name} ({why}); nothing was sent, we try again",
        code="token_endpoint",
        status=status,
    )
