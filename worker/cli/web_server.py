"""The web server's settings: every connection is bounded in number, size and time (bad inputs 12 and 24)."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_S = 10.0
"""How long a connection may take to send a request's headers; the guard bounds its body."""


class BoundedProtocol(H11Protocol):
    """Closes a connection whose headers do not come: uvicorn waits for ever, and its places run out."""

    headers_s: float = HEADERS_S
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Time begins with the connection."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Time stops once a request is whole, and begins with the first byte of the next."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to watch any more."""
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()
        elif self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(self.headers_s, self.transport.close)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def config(app: Any, **changes: Any) -> uvicorn.Config:
    """How the ASGI application is served; `changes` are of uvicorn's settings."""
    settings: dict[str, Any] = {
        "http": BoundedProtocol,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "lifespan": "off",
        "limit_concurrency": 512,
        "timeout_keep_alive": 5,
        "timeout_graceful_shutdown": 20,
        "h11_max_incomplete_event_size": 32 * 1024,
    }
    return uvicorn.Config(app, **{**settings, **changes})
