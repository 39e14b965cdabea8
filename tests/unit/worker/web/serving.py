"""A real server on loopback for one test, and the smallest clients that can also misbehave."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from worker.cli.web_server import config


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers by lower-case name, and body of one answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    port: int

    def ask(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request by an ordinary client."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            # The server may answer and close before it has read a body that is too large.
            with suppress(BrokenPipeError):
                connection.request(method, path, body=body, headers=dict(headers or {}))
            return _answer(connection.getresponse())
        finally:
            connection.close()

    def raw(self, *pieces: bytes) -> Answer:
        """Bytes as they are, piece by piece, on one connection; then read the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as plain:
            for piece in pieces:
                try:
                    plain.sendall(piece)
                except (BrokenPipeError, ConnectionResetError):
                    break  # the server has answered and closed, which is what such a test wants to see
            answer = http.client.HTTPResponse(plain)
            answer.begin()
            return _answer(answer)


def _answer(answer: http.client.HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(answer.status, headers, answer.read())


@contextmanager
def serving(app: ASGIApp, **settings: Any) -> Iterator[Served]:
    """Run the application in a thread on a free port until the block ends, as `serve` does.

    `settings` are of uvicorn.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = uvicorn.Server(config(app, timeout_graceful_shutdown=2, **settings))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Served(port)
        finally:
            server.should_exit = True
            thread.join(10)
