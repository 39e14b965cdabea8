"""A server of one script per connection on loopback, a clock, and a token store in memory."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from connectors.protocols import StaleToken, Token

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass
class WallClock:
    """Real seconds for sockets; waiting is only written down, so that no test sleeps."""

    slept: list[float] = field(default_factory=list)
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return START + self.ahead

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class MemoryTokens:
    """The tokens of one book in memory: `refreshing` is a real lock, `save` compares the version."""

    stored: Token | None = None
    previous: Token | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    on_read: Callable[[MemoryTokens], None] | None = None

    def read(self) -> Token | None:
        if self.on_read is not None:
            self.on_read(self)
        return self.stored

    def read_previous(self) -> Token | None:
        return self.previous

    def save(self, token: Token, *, expected_version: int) -> Token:
        held = 0 if self.stored is None else self.stored.version
        if held != expected_version:
            raise StaleToken(f"stored version is {held}, expected {expected_version}")
        self.previous = self.stored
        self.stored = replace(token, version=expected_version + 1)
        return self.stored

    def refreshing(self) -> AbstractContextManager[object]:
        return self.lock


def token(access: str = "AT-1", refresh: str = "RT-1", *, lives_s: int = 3600, version: int = 1) -> Token:
    return Token(access, refresh, START + timedelta(seconds=lives_s), version=version)


@dataclass
class Loopback:
    """Where the server listens, and every request it was sent (head and body as bytes)."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Counts connections that the server closed."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(*scripts: Script) -> Iterator[Loopback]:
    """Run the scripts, one accepted connection each, in order; the last one serves all further ones."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Loopback(listener.getsockname()[1])
    closing = threading.Event()
    threads: list[threading.Thread] = []
    connections: list[socket.socket] = []

    def run(script: Script, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            script(Peer(connection, server.requests))
        server.ended.release()

    def accept() -> None:
        served = 0
        while not closing.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            script = scripts[min(served, len(scripts) - 1)]
            served += 1
            connections.append(connection)
            thread = threading.Thread(target=run, args=(script, connection), daemon=True)
            thread.start()
            threads.append(thread)

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        closing.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(5)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(5)


@dataclass(frozen=True)
class Peer:
    """A connection that writes down each whole request it reads."""

    connection: socket.socket
    requests: list[bytes]

    def read_request(self) -> bytes:
        """Head and body of the next request, b"" when the client closed."""
        data = b""
        while b"\r\n\r\n" not in data:
            received = self.connection.recv(65536)
            if not received:
                return b""
            data += received
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            ),
            0,
        )
        while len(body) < length:
            body += self.connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def reset(self) -> None:
        """Close with a TCP reset instead of an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def until_closed(self) -> None:
        """Read on until the client closes."""
        while self.connection.recv(65536):
            pass


Script = Callable[[Peer], None]


def answering(*answers: bytes) -> Script:
    """Answer requests one after another; the last answer serves all further ones."""
    left = list(answers)

    def script(peer: Peer) -> None:
        while peer.read_request():
            peer.send(left.pop(0) if len(left) > 1 else left[0])

    return script


def answer(status: str, body: bytes, *headers: str) -> bytes:
    """The bytes of one HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("ascii") + body
