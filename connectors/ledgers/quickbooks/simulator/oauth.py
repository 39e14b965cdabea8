"""OAuth 2.0 as Intuit runs it: authorize, token, refresh with rotation, revoke, discovery.

A connection (`family`) is one consent for one realm. A refresh may answer with a new refresh token; the one
before is dead from then on.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape
from typing import Literal
from urllib.parse import parse_qs, quote, urlencode

import msgspec

from connectors.ledgers.quickbooks.simulator.config import OAuthConfig
from connectors.ledgers.quickbooks.simulator.store import Store
from connectors.simulation.clock import SimulatorClock
from connectors.simulation.codec import NotJson, decode, encode
from connectors.simulation.exchange import HTML, Answer, Request

SCOPE = "com.intuit.quickbooks.accounting"
_GrantTest = Callable[["Grant"], bool]
CODE_LIFE = timedelta(minutes=5)
ROTATION_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Grant:
    """One refresh or access token. A superseded refresh token was replaced by rotation."""

    realm: str
    family: str
    issued_at: datetime
    expires_at: datetime
    hard_at: datetime
    state: Literal["live", "superseded", "revoked"] = "live"


@dataclass(frozen=True, slots=True)
class _Code:
    realm: str
    redirect_uri: str
    expires_at: datetime


class OAuth:
    """The authorization server of one simulator. Thread-safe; tokens survive a restart."""

    def __init__(self, config: OAuthConfig, store: Store, clock: SimulatorClock) -> None:
        self.config = config
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._codes: dict[str, _Code] = {}
        self._grants: dict[str, dict[str, Grant]] = {
            kind: {value: msgspec.convert(body, Grant) for value, body in store.tokens(kind).items()}
            for kind in ("access", "refresh")
        }

    def realm_of(self, access_token: str) -> str | None:
        """The realm a live access token opens, None when it is unknown, expired or revoked."""
        grant = self._grants["access"].get(access_token)
        if grant is None or grant.state != "live" or grant.expires_at <= self._clock.now():
            return None
        return grant.realm

    def ready_refresh_token(self, realm: str) -> str:
        """A refresh token that works now: the live one of this realm, or a new connection's."""
        now = self._clock.now()
        with self._lock:
            for value, grant in self._grants["refresh"].items():
                if (
                    grant.realm == realm
                    and grant.state == "live"
                    and min(grant.expires_at, grant.hard_at) > now
                ):
                    return value
            return self._issue(realm, family=secrets.token_hex(8), hard_at=None)[1]

    def access_token(self, realm: str) -> str:
        """A fresh access token without any ceremony, for tests and the page of the simulator."""
        with self._lock:
            return self._issue(realm, family="direct", hard_at=None, with_refresh=False)[0]

    def realm_of_refresh(self, form: dict[str, str]) -> str:
        """Which realm a token request is about, so that the fault script can match it."""
        with self._lock:
            code = self._codes.get(form.get("code", ""))
        grant = self._grants["refresh"].get(form.get("refresh_token", ""))
        return code.realm if code else grant.realm if grant else ""

    def token(self, request: Request, form: dict[str, str], *, rotate: bool = False) -> Answer:
        """The token endpoint: authorization_code or refresh_token."""
        if not self._is_client(request):
            return _error(401, "invalid_client")
        wants_hard = request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true"
        kind = form.get("grant_type", "")
        with self._lock:
            if kind == "authorization_code":
                return self._exchange_code(form, wants_hard=wants_hard)
            if kind == "refresh_token":
                return self._refresh(form.get("refresh_token", ""), rotate=rotate, wants_hard=wants_hard)
        return _error(400, "unsupported_grant_type" if kind else "invalid_request")

    def revoke(self, request: Request) -> Answer:
        """Kill the connection a token belongs to (JSON or form body)."""
        if not self._is_client(request):
            return _error(401, "invalid_client")
        try:
            body = decode(request.body)
        except NotJson:
            body = form_of(request.body)
        token = body.get("token", "") if isinstance(body, dict) else ""
        grant = self._grants["refresh"].get(str(token)) or self._grants["access"].get(str(token))
        if grant is None:
            return _error(400, "invalid_request")
        self._kill(lambda other: other.family == grant.family and other.realm == grant.realm)
        return Answer(200, b"")

    def revoke_realm(self, realm: str) -> None:
        """What happens when the user disconnects the app inside QuickBooks."""
        self._kill(lambda grant: grant.realm == realm)

    def authorize(self, request: Request, realms: dict[str, str]) -> Answer:
        """The consent page; with `realm_id` (or `deny=1`) in the query the click is already made."""
        query = request.query
        redirect = query.get("redirect_uri", "")
        if (
            query.get("client_id") != self.config.client_id
            or query.get("response_type") != "code"
            or not redirect
        ):
            return Answer(400, b"<h1>The app is unknown or the request is incomplete</h1>", HTML)
        if self.config.redirect_uris and redirect not in self.config.redirect_uris:
            return Answer(400, b"<h1>The redirect_uri is not registered for this app</h1>", HTML)
        state = query.get("state", "")
        if query.get("deny"):
            return _redirect(redirect, {"error": "access_denied", "state": state})
        realm = query.get("realm_id", "")
        if realm in realms:
            code = f"XAB-{secrets.token_urlsafe(24)}"
            with self._lock:
                self._codes[code] = _Code(realm, redirect, self._clock.now() + CODE_LIFE)
            return _redirect(redirect, {"code": code, "state": state, "realmId": realm})
        return Answer(200, _consent_page(dict(query), realms), HTML)

    def discovery(self, base_url: str) -> Answer:
        return Answer(
            200,
            encode(
                {
                    "issuer": f"{base_url}/op/v1",
                    "authorization_endpoint": f"{base_url}/connect/oauth2",
                    "token_endpoint": f"{base_url}/oauth2/v1/tokens/bearer",
                    "userinfo_endpoint": f"{base_url}/v1/openid_connect/userinfo",
                    "revocation_endpoint": f"{base_url}/v2/oauth2/tokens/revoke",
                    "jwks_uri": f"{base_url}/op/v1/jwks",
                    "response_types_supported": ["code"],
                }
            ),
        )

    def _is_client(self, request: Request) -> bool:
        scheme, _space, value = request.headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return False
        wanted = f"{self.config.client_id}:{self.config.client_secret}".encode()
        return scheme.lower() == "basic" and hmac.compare_digest(given, wanted)

    def _exchange_code(self, form: dict[str, str], *, wants_hard: bool) -> Answer:
        code = self._codes.pop(form.get("code", ""), None)
        if (
            code is None
            or code.expires_at <= self._clock.now()
            or code.redirect_uri != form.get("redirect_uri")
        ):
            return _error(400, "invalid_grant", "Invalid authorization code")
        access, refresh = self._issue(code.realm, family=secrets.token_hex(8), hard_at=None)
        return self._pair(access, refresh, wants_hard=wants_hard)

    def _refresh(self, token: str, *, rotate: bool, wants_hard: bool) -> Answer:
        grant = self._grants["refresh"].get(token)
        now = self._clock.now()
        if grant is not None and grant.state == "superseded" and self.config.reuse_revokes:
            self._kill(lambda other: other.family == grant.family)
        if grant is None or grant.state != "live" or min(grant.expires_at, grant.hard_at) <= now:
            return _error(400, "invalid_grant", "Incorrect or invalid refresh token")
        is_due = self.config.rotation == "daily" and now - grant.issued_at >= ROTATION_DAY
        if rotate or is_due or self.config.rotation == "always":
            access, refresh = self._issue(grant.realm, family=grant.family, hard_at=grant.hard_at)
            self._save("refresh", token, replace(grant, state="superseded"))
        else:
            access, _none = self._issue(
                grant.realm, family=grant.family, hard_at=grant.hard_at, with_refresh=False
            )
            refresh = token
        return self._pair(access, refresh, wants_hard=wants_hard)

    def _issue(
        self, realm: str, *, family: str, hard_at: datetime | None, with_refresh: bool = True
    ) -> tuple[str, str]:
        now = self._clock.now()
        hard = hard_at or now + timedelta(seconds=self.config.refresh_hard_s)
        access = f"AT-{secrets.token_urlsafe(32)}"
        ends = now + timedelta(seconds=self.config.access_token_s)
        self._save("access", access, Grant(realm, family, now, ends, hard))
        if not with_refresh:
            return access, ""
        refresh = f"RT-{secrets.token_urlsafe(32)}"
        ends = now + timedelta(seconds=self.config.refresh_token_s)
        self._save("refresh", refresh, Grant(realm, family, now, ends, hard))
        return access, refresh

    def _pair(self, access: str, refresh: str, *, wants_hard: bool) -> Answer:
        grant = self._grants["refresh"][refresh]
        now = self._clock.now()
        body: dict[str, object] = {
            "token_type": "bearer",
            "access_token": access,
            "expires_in": self.config.access_token_s,
            "refresh_token": refresh,
            "x_refresh_token_expires_in": int((grant.expires_at - now).total_seconds()),
        }
        if wants_hard:
            body["x_refresh_token_hard_expires_in"] = int((grant.hard_at - now).total_seconds())
        return Answer(200, encode(body))

    def _kill(self, is_hit: _GrantTest) -> None:
        for kind, grants in self._grants.items():
            for value, grant in list(grants.items()):
                if is_hit(grant):
                    self._save(kind, value, replace(grant, state="revoked"))

    def _save(self, kind: str, value: str, grant: Grant) -> None:
        self._grants[kind][value] = grant
        self._store.save_tokens([(kind, value, msgspec.to_builtins(grant))])


def form_of(body: bytes) -> dict[str, str]:
    """A form body's fields; unreadable bytes give none."""
    try:
        return {name: values[-1] for name, values in parse_qs(body.decode("ascii")).items()}
    except (UnicodeDecodeError, ValueError):
        return {}


def _error(status: int, error: str, description: str = "") -> Answer:
    body = {"error": error} | ({"error_description": description} if description else {})
    return Answer(status, encode(body))


def _redirect(target: str, parameters: dict[str, str]) -> Answer:
    joined = f"{target}{'&' if '?' in target else '?'}{urlencode(parameters, quote_via=quote)}"
    if "\r" in joined or "\n" in joined:
        return Answer(400, b"<h1>The redirect_uri is not a URL</h1>", HTML)
    return Answer(302, b"", HTML, (("Location", joined),))


def _consent_page(query: dict[str, str], realms: dict[str, str]) -> bytes:
    links = "".join(
        f'<li><a href="/connect/oauth2?{escape(urlencode({**query, "realm_id": realm}))}">'
        f"{escape(name)}</a></li>"
        for realm, name in realms.items()
    )
    deny = escape(urlencode({**query, "deny": "1"}))
    return (
        "<!doctype html><title>Connect to the QuickBooks simulator</title>"
        "<h1>QuickBooks simulator</h1><p>Nothing real is connected. Which company?</p>"
        f'<ul>{links}</ul><p><a href="/connect/oauth2?{deny}">No, go back</a></p>'
    ).encode()
