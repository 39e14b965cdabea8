"""One ASGI middleware before everything: reads and caps bodies by a deadline, and sets the safety headers.

Protects: a handler sees a whole body of bounded size or is not called. Nothing is decompressed, so a
packed bomb stays small; nothing is read past the cap, whatever Content-Length claims.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_MAX = 1024 * 1024
"""Bytes; events are small (Standard Webhooks advises under 20 kB)."""

BODY_DEADLINE_S = 15.0
"""The whole body must be here by then: a trickle of bytes holds no connection."""

HEADERS_MAX = 32 * 1024
HEADER_COUNT_MAX = 100

BODY = "subledger.body"
"""Key of the scope under which handlers find the raw bytes."""

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_SAFETY: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class BodyRefused(Exception):
    """A request that is not read (further): the HTTP status to answer with and why, in words."""

    def __init__(self, status: int, error: str, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.error = error
        self.why = why


class Guard:
    """The middleware. A refused request gets its answer here and its connection is closed."""

    def __init__(
        self, app: ASGIApp, *, body_max: int = BODY_MAX, body_deadline_s: float = BODY_DEADLINE_S
    ) -> None:
        self._app = app
        self._body_max = body_max
        self._body_deadline_s = body_deadline_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *_SAFETY]}
            await send(message)

        try:
            body = await self._body(scope, receive)
        except BodyRefused as refused:
            await _answer(send_safely, refused)
            return
        if body is None:
            return
        await self._app({**scope, BODY: body}, _replay(body, receive), send_safely)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start and stop pass; there are no web sockets here."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            await self._app(scope, receive, send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """The whole body; None when the client went away. Raises `BodyRefused`."""
        size = sum(len(name) + len(value) for name, value in scope["headers"])
        if size > HEADERS_MAX or len(scope["headers"]) > HEADER_COUNT_MAX:
            raise BodyRefused(431, "headers_too_large", "The request has too many or too large headers.")
        self._check_headers(_named(scope["headers"]))
        try:
            async with asyncio.timeout(self._body_deadline_s):
                return await self._read(receive)
        except TimeoutError:
            raise BodyRefused(
                408, "too_slow", f"The body was not complete after {self._body_deadline_s:g} s."
            ) from None

    def _check_headers(self, headers: Mapping[bytes, bytes]) -> None:
        encoding = headers.get(b"content-encoding", b"").strip().lower()
        if encoding not in (b"", b"identity"):
            raise BodyRefused(415, "encoded", "A body with a content-encoding is not read; send it as it is.")
        claimed = headers.get(b"content-length", b"0")
        if not claimed.isdigit():
            raise BodyRefused(400, "bad_length", "The content-length is not a number.")
        if len(claimed) > len(str(self._body_max)) + 1 or int(claimed) > self._body_max:
            raise self._too_large()

    async def _read(self, receive: Receive) -> bytes | None:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > self._body_max:
                raise self._too_large()
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)

    def _too_large(self) -> BodyRefused:
        return BodyRefused(413, "too_large", f"The body is larger than {self._body_max} bytes.")


def _named(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[bytes, bytes]:
    """Headers by name; of a repeated one all values count, joined as HTTP says."""
    named: dict[bytes, bytes] = {}
    for name, value in headers:
        named[name.lower()] = named[name.lower()] + b"," + value if name.lower() in named else value
    return named


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read, then whatever the connection says next."""
    is_given = False

    async def replay() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _answer(send: Send, refused: BodyRefused) -> None:
    body = msgspec.json.encode({"error": refused.error, "why": refused.why})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # the rest of the body is still on its way: nothing may be read after it
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
