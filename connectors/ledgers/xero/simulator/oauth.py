"""OAuth 2.0 as Xero runs it: one token set per user, for several organisations, rotated by every refresh.

A rotated refresh token works for half an hour more, in case the answer with its successor was lost.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, quote, urlencode

from connectors.ledgers.xero.simulator.config import OAuthConfig
from connectors.simulation.clock import SimulatorClock
from connectors.simulation.codec import encode
from connectors.simulation.exchange import HTML, Answer, Request

CODE_LIFE = timedelta(minutes=5)


@dataclass(slots=True)
class _Consent:
    """What one user agreed to: the organisations, by tenant id with the connection's own id."""

    tenants: dict[str, str]
    is_live: bool = True


@dataclass(slots=True)
class _Refresh:
    consent: _Consent
    expires_at: datetime
    rotated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Access:
    consent: _Consent
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Code:
    tenants: tuple[str, ...]
    redirect_uri: str
    expires_at: datetime


class OAuth:
    """The authorization server of one simulator. Thread-safe; tokens live as long as the process."""

    def __init__(self, config: OAuthConfig, tenants: Mapping[str, str], clock: SimulatorClock) -> None:
        self.config = config
        self._names = tenants
        self._clock = clock
        self._lock = threading.Lock()
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, _Access] = {}
        self._refresh: dict[str, _Refresh] = {}

    def tenants_of(self, access_token: str) -> Mapping[str, str] | None:
        """The organisations an access token opens (tenant id -> connection id), None when it is dead."""
        held = self._access.get(access_token)
        if held is None or held.expires_at <= self._clock.now() or not held.consent.is_live:
            return None
        return held.consent.tenants

    def new_pair(self, *tenants: str) -> tuple[str, str]:
        """Access and refresh token of a new consent, without any ceremony."""
        with self._lock:
            return self._issue(self._agreed(tenants))

    def ready_refresh_token(self, tenant: str) -> str:
        """A refresh token that works now and opens the tenant (and every other organisation)."""
        now = self._clock.now()
        with self._lock:
            for value, held in self._refresh.items():
                is_usable = held.rotated_at is None and held.expires_at > now and held.consent.is_live
                if is_usable and tenant in held.consent.tenants:
                    return value
            return self._issue(self._agreed(tuple(self._names)))[1]

    def revoke_tenant(self, tenant: str) -> None:
        """A user disconnects the app from an organisation; a consent without any is dead."""
        with self._lock:
            consents = [one.consent for one in self._access.values()]
            consents += [one.consent for one in self._refresh.values()]
            for consent in consents:
                consent.tenants.pop(tenant, None)
                consent.is_live = consent.is_live and bool(consent.tenants)

    def tenant_of_refresh(self, form: Mapping[str, str]) -> str:
        """An organisation that a token request is about, so that the fault script can match it."""
        held = self._refresh.get(form.get("refresh_token", ""))
        code = self._codes.get(form.get("code", ""))
        tenants = tuple(held.consent.tenants) if held else code.tenants if code else ()
        return tenants[0] if tenants else ""

    def token(self, request: Request, form: Mapping[str, str]) -> Answer:
        """The token endpoint: authorization_code or refresh_token."""
        if not self._is_client(request):
            return _error("invalid_client")
        with self._lock:
            match form.get("grant_type", ""):
                case "authorization_code":
                    return self._exchange(form)
                case "refresh_token":
                    return self._renew(form.get("refresh_token", ""))
        return _error("unsupported_grant_type")

    def revoke(self, request: Request, form: Mapping[str, str]) -> Answer:
        """Kill the consent behind a refresh token."""
        if not self._is_client(request):
            return _error("invalid_client")
        held = self._refresh.get(form.get("token", ""))
        if held is not None:
            held.consent.is_live = False
        return Answer(200, b"")

    def authorize(self, request: Request) -> Answer:
        """The consent page; with `tenant_ids` (commas) or `deny=1` in the query the click is already made."""
        query = request.query
        redirect = query.get("redirect_uri", "")
        is_known = query.get("client_id") == self.config.client_id and query.get("response_type") == "code"
        if not is_known or not redirect or any(sign in redirect for sign in "\r\n"):
            return Answer(400, b"<h1>The app is unknown or the request is incomplete</h1>", HTML)
        state = query.get("state", "")
        if query.get("deny"):
            return _redirect(redirect, {"error": "access_denied", "state": state})
        chosen = tuple(one for one in query.get("tenant_ids", "").split(",") if one in self._names)
        if not chosen:
            links = "".join(
                f'<li><a href="?{urlencode({**query, "tenant_ids": tenant})}">{name}</a></li>'
                for tenant, name in self._names.items()
            )
            return Answer(200, f"<!doctype html><h1>Xero simulator</h1><ul>{links}</ul>".encode(), HTML)
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = _Code(chosen, redirect, self._clock.now() + CODE_LIFE)
        return _redirect(redirect, {"code": code, "state": state, "session_state": secrets.token_hex(8)})

    def connections(self, access_token: str) -> Answer | None:
        """The organisations that a token opens; None for a dead token."""
        tenants = self.tenants_of(access_token)
        if tenants is None:
            return None
        listed = [
            {"id": link, "tenantId": tenant, "tenantType": "ORGANISATION", "tenantName": self._names[tenant]}
            for tenant, link in tenants.items()
        ]
        return Answer(200, encode(listed))

    def _agreed(self, tenants: tuple[str, ...]) -> _Consent:
        return _Consent({tenant: str(uuid.uuid4()) for tenant in tenants})

    def _is_client(self, request: Request) -> bool:
        scheme, _space, value = request.headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return False
        wanted = f"{self.config.client_id}:{self.config.client_secret}".encode()
        return scheme.lower() == "basic" and hmac.compare_digest(given, wanted)

    def _exchange(self, form: Mapping[str, str]) -> Answer:
        code = self._codes.pop(form.get("code", ""), None)
        is_late = code is not None and code.expires_at <= self._clock.now()
        if code is None or is_late or code.redirect_uri != form.get("redirect_uri"):
            return _error("invalid_grant")
        return self._pair(*self._issue(self._agreed(code.tenants)))

    def _renew(self, token: str) -> Answer:
        held, now = self._refresh.get(token), self._clock.now()
        if held is None or not held.consent.is_live or held.expires_at <= now:
            return _error("invalid_grant")
        if held.rotated_at is not None and now - held.rotated_at > timedelta(seconds=self.config.grace_s):
            return _error("invalid_grant")
        held.rotated_at = held.rotated_at or now
        return self._pair(*self._issue(held.consent))

    def _issue(self, consent: _Consent) -> tuple[str, str]:
        now = self._clock.now()
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._access[access] = _Access(consent, now + timedelta(seconds=self.config.access_token_s))
        self._refresh[refresh] = _Refresh(consent, now + timedelta(seconds=self.config.refresh_token_s))
        return access, refresh

    def _pair(self, access: str, refresh: str) -> Answer:
        body = {
            "access_token": access,
            "expires_in": self.config.access_token_s,
            "token_type": "Bearer",
            "refresh_token": refresh,
            "scope": "offline_access accounting.transactions accounting.contacts accounting.settings",
        }
        return Answer(200, encode(body))


def form_of(body: bytes) -> dict[str, str]:
    """A form body's fields; unreadable bytes give none."""
    try:
        return {name: values[-1] for name, values in parse_qs(body.decode("ascii")).items()}
    except (UnicodeDecodeError, ValueError):
        return {}


def _error(error: str) -> Answer:
    return Answer(400, encode({"error": error}))


def _redirect(target: str, parameters: Mapping[str, str]) -> Answer:
    joined = f"{target}{'&' if '?' in target else '?'}{urlencode(parameters, quote_via=quote)}"
    return Answer(302, b"", HTML, (("Location", joined),))
