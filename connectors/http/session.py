"""HTTP with a total deadline, and proof of whether request bytes left this machine (R6, R9).

The rule it protects: an error raised before the first request byte was handed to the socket is
`Unreachable` (send again); every error after that is `OutcomeUnknown` (look before deciding). The
answer to "did bytes leave" is not guessed from exception classes, the connection itself records it.

Nothing here retries, follows a redirect, keeps cookies, or reads proxies and passwords from the
environment: a proxy between us and the ledger would take away the proof.
"""

from __future__ import annotations

import io
import ipaddress
import socket
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from connectors.crashpoints import crashpoint
from connectors.errors import OutcomeUnknown, Unreachable
from connectors.protocols import Clock

CONNECT_TIMEOUT_S = 5.0
DEADLINE_S = 130.0
BODY_MAX_BYTES = 10 * 1024 * 1024

_CHUNK_BYTES = 64 * 1024


class AddressRefused(ValueError):
    """An outside address that we do not send to: neither https nor http on this machine."""


def is_loopback(address: str) -> bool:
    """Whether an address names this machine by literal: 127.0.0.0/8, ::1 or localhost."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_address(address: str) -> str:
    """The address without a trailing slash; raises `AddressRefused` unless https by name, or on loopback.

    User names, queries and fragments are refused as well: they have no place in a base address. So are other
    machines by number, however it is written: no ledger is reached that way, but a cloud's own door may be.
    """
    try:
        parts = urlsplit(address)
        plain = not (parts.username or parts.password or parts.query or parts.fragment)
        host, is_here, scheme = parts.hostname or "", is_loopback(address), parts.scheme
    except ValueError:  # brackets that are no address
        plain, host, is_here, scheme = False, "", False, ""
    is_named = host.rpartition(".")[2][:1].isalpha() and ":" not in host
    if plain and ((scheme == "https" and (is_named or is_here)) or (scheme == "http" and is_here)):
        return address.rstrip("/")
    raise AddressRefused(
        f"{scheme or 'no scheme'}://{host} is not an address we send to:"
        " give an https:// address, or http:// on 127.0.0.1"
    )


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `deadline_s` bounds everything from connecting to the last byte of the answer."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    deadline_s: float = DEADLINE_S


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status; header names are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpSession:
    """Connections to one book's addresses, shared by its `in_flight` threads.

    Resolving a host name cannot be interrupted and may exceed the deadline; nothing has left by then,
    and the deadline is checked again before bytes do.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        in_flight: int = 4,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        body_max_bytes: int = BODY_MAX_BYTES,
    ) -> None:
        self._clock = clock
        self._connect_timeout_s = connect_timeout_s
        self._body_max_bytes = body_max_bytes
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _Adapter(max_retries=0, pool_connections=4, pool_maxsize=max(1, in_flight))
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def send(self, request: Request, *, not_after: float | None = None) -> Answer:
        """Send once and read the whole answer.

        `not_after` (monotonic seconds of the clock) is checked right before the first byte leaves.
        Raises `Unreachable` when provably nothing left, `OutcomeUnknown` for anything after that.
        """
        checked_address(request.url)
        call = _Call(self._clock, self._clock.monotonic() + request.deadline_s, not_after)
        token = _CURRENT.set(call)
        try:
            return self._exchange(request, call)
        except (requests.RequestException, HTTPError, OSError) as problem:
            raise self._classified(request, call, problem) from problem
        finally:
            _CURRENT.reset(token)

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def _exchange(self, request: Request, call: _Call) -> Answer:
        response = self._session.request(
            request.method,
            request.url,
            params=dict(request.params),
            headers=dict(request.headers),
            data=request.body or None,
            timeout=(min(self._connect_timeout_s, request.deadline_s), request.deadline_s),
            stream=True,
            allow_redirects=False,
        )
        with response:
            body = bytearray()
            for chunk in response.iter_content(_CHUNK_BYTES):
                body += chunk
                if len(body) > self._body_max_bytes:
                    raise OutcomeUnknown(
                        f"{_where(request)} answered with more than {self._body_max_bytes} bytes; "
                        "we stopped reading",
                        status=response.status_code,
                    )
            return Answer(response.status_code, CaseInsensitiveDict(response.headers), bytes(body))

    def _classified(self, request: Request, call: _Call, problem: Exception) -> Unreachable | OutcomeUnknown:
        if not call.bytes_left:
            return Unreachable(
                f"{_where(request)} could not be reached; nothing was sent", detail=type(problem).__name__
            )
        if call.remaining() <= 0:
            why = f"{_where(request)} gave no complete answer within {request.deadline_s:g} s"
        else:
            why = f"the connection to {_where(request)} broke before a complete answer"
        return OutcomeUnknown(why, detail=type(problem).__name__)


class _DeadlinePassed(OSError):
    """The total deadline of a call is over."""


@dataclass
class _Call:
    """One request on its way: its deadline, and whether a byte of it was handed to a socket."""

    clock: Clock
    deadline: float
    not_after: float | None
    bytes_left: bool = False

    def remaining(self) -> float:
        return self.deadline - self.clock.monotonic()

    def about_to_send(self) -> None:
        now = self.clock.monotonic()
        is_late = self.not_after is not None and now > self.not_after
        if self.bytes_left:
            if is_late:  # frozen between head and body: half a request is nothing the other side acts on
                raise _DeadlinePassed("our lease on the book ran out in the middle of the request")
            return
        if is_late:
            raise Unreachable("our lease on the book ran out before sending; nothing was sent", code="late")
        if now >= self.deadline:
            raise Unreachable("connecting took the whole time of the call; nothing was sent", code="late")
        self.bytes_left = True


_CURRENT: ContextVar[_Call] = ContextVar("current_http_call")


class _BoundReader(io.RawIOBase):
    """Reads a socket under the call's total deadline: every receive may only take what is left of it.

    A plain socket timeout starts anew with each received byte, so a slow drip would never end.
    """

    def __init__(self, sock: socket.socket, call: _Call) -> None:
        super().__init__()
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._call = call

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._call.remaining()
        if left <= 0:
            raise _DeadlinePassed("total deadline passed")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundSocket:
    """A connected socket whose answers are read under the deadline of the call that reads them."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, *_args: object, **_kwargs: object) -> io.BufferedReader:
        crashpoint("send.after_bytes")
        return io.BufferedReader(_BoundReader(self._sock, _CURRENT.get()))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class _Connection(HTTPConnection):
    """Asks its call before the first byte leaves, and reads under the call's deadline."""

    def connect(self) -> None:
        super().connect()
        self.sock = _BoundSocket(self.sock)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _CURRENT.get().about_to_send()
        super().send(data)


class _SecureConnection(_Connection, HTTPSConnection):
    """The TLS handshake is over before `send` passes a byte on, so its failures prove that none left."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def close(self) -> None:
        """Close idle connections now; urllib3 alone would leave that to the garbage collector."""
        pools = self.poolmanager.pools
        for pool in [pools[key] for key in pools.keys()]:  # noqa: SIM118  # it cannot be iterated
            pool.close()
        super().close()


def _where(request: Request) -> str:
    return urlsplit(request.url).netloc
