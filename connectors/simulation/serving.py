"""The HTTP shell: loopback only, keep-alive, every answer in one write."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from connectors.simulation.clock import SimulatorClock
from connectors.simulation.config import BadConfig
from connectors.simulation.exchange import Answer, Reply, Request

BODY_MAX = 110 * 1024 * 1024
_BREAK = struct.pack("ii", 1, 0)


class Served(Protocol):
    """A simulator without sockets; `base_url` is set before the first call, `name` is its Server header.

    A request is cut after `server_limit_s`. `broken` is the answer to a bug of the simulator's own.
    """

    base_url: str

    @property
    def name(self) -> str: ...

    @property
    def clock(self) -> SimulatorClock: ...

    @property
    def server_limit_s(self) -> float: ...

    def handle(self, request: Request) -> Reply: ...

    def broken(self) -> Answer: ...


class _Handler(BaseHTTPRequestHandler):
    """Reads one request after the other from a connection and hands them to the simulator."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        request = self._read()
        if request is None:
            return
        try:
            reply = self.server.simulator.handle(request)
        except Exception:  # the door: a bug of the simulator must answer, and be seen
            traceback.print_exc(file=sys.stderr)
            reply = Reply(self.server.simulator.broken())
        self._deliver(reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _serve  # noqa: N815 -- http.server's names

    def _read(self) -> Request | None:
        """The request, or None after answering one that cannot be read."""
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not length.isdigit():
            self._send(Answer(411, b"Send Content-Length; chunked bodies are not read"), close=True)
            return None
        if int(length) > BODY_MAX:
            self._send(Answer(413, b"The body is larger than any request may be"), close=True)
            return None
        body = self.rfile.read(int(length)) if length != "0" else b""
        parts = urlsplit(self.path)
        return Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )

    def _deliver(self, reply: Reply) -> None:
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            match reply.delivery:
                case "whole":
                    self._send(reply.answer)
                case "drop":
                    self.close_connection = True
                    self.server.hang_up(self.connection)
                case "reset":
                    self._break()
                case "reset_mid_body":
                    raw = self._raw(reply.answer)
                    self.connection.sendall(raw[: len(raw) - max(1, len(reply.answer.body) // 2)])
                    self._break()
                case "drip":
                    self._drip(reply)

    def _drip(self, reply: Reply) -> None:
        """One byte of the body at a time, until the server's own limit cuts the connection."""
        body = reply.answer.body
        raw = self._raw(reply.answer)
        self.connection.sendall(raw[: len(raw) - len(body)])
        simulator = self.server.simulator
        left_s = simulator.server_limit_s
        for index in range(len(body)):
            if left_s <= 0:
                self.close_connection = True
                return
            simulator.clock.wait(reply.seconds)
            left_s -= reply.seconds
            self.connection.sendall(body[index : index + 1])

    def _break(self) -> None:
        """Close with a reset instead of an orderly end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _BREAK)
        self.server.forget(self.connection)
        self.connection.close()

    def _send(self, answer: Answer, *, close: bool = False) -> None:
        if close:
            self.close_connection = True
        self.connection.sendall(self._raw(answer))

    def _raw(self, answer: Answer) -> bytes:
        """Status line, headers and body in one piece, so that no part waits for an acknowledgement."""
        lines = [
            f"HTTP/1.1 {answer.status} {_phrase(answer.status)}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(answer.body)}",
            f"Server: {self.server.simulator.name}",
            *(f"{name}: {value}" for name, value in answer.headers),
        ]
        if self.close_connection:
            lines.append("Connection: close")
        body = b"" if self.command == "HEAD" else answer.body
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the simulator keeps its own log at /_sim/log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], simulator: Served) -> None:
        self.simulator = simulator
        self._open: set[socket.socket] = set()
        self._opening = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._opening:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.forget(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no event; anything else is a bug and shows."""
        if not isinstance(sys.exc_info()[1], ConnectionError | OSError | ValueError):
            super().handle_error(request, client_address)

    def forget(self, connection: socket.socket) -> None:
        with self._opening:
            self._open.discard(connection)

    def hang_up(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def hang_up_all(self) -> None:
        with self._opening:
            connections = list(self._open)
        for connection in connections:
            self.hang_up(connection)


@contextlib.contextmanager
def listening(simulator: Served, *, host: str, port: int) -> Iterator[None]:
    """The simulator answers on loopback (port 0: a free one), in background threads, until the block ends.

    Raises BadConfig for an address that is not loopback: a simulator has no passwords.
    """
    if not _is_loopback(host):
        raise BadConfig(f"the simulator only listens on loopback, not on {host!r}")
    with _Server((host, port), simulator) as server:
        simulator.base_url = f"http://{host}:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name=simulator.name, daemon=True)
        thread.start()
        try:
            yield
        finally:
            simulator.clock.stop()
            server.shutdown()
            server.hang_up_all()
            thread.join()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
