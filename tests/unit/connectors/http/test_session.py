"""The transport: what proves that nothing was sent, total deadlines, and what it never does."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.errors import OutcomeUnknown, Unreachable
from connectors.http.session import (
    AddressRefused,
    Answer,
    HttpSession,
    Request,
    _Connection,
    checked_address,
    is_loopback,
)
from tests.unit.connectors.http.loopback import Loopback, Peer, WallClock, answer, answering, serving

OK = answer("200 OK", b"{}")


def post(server: Loopback, *, deadline_s: float = 5.0, body: bytes = b"{}") -> Request:
    return Request("POST", f"{server.url}/v3", body=body, deadline_s=deadline_s)


def sent(request: Request, *, body_max_bytes: int = 1000, not_after: float | None = None) -> Answer:
    session = HttpSession(WallClock(), body_max_bytes=body_max_bytes)
    try:
        return session.send(request, not_after=not_after)
    finally:
        session.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class TestNothingLeft:
    def test_when_the_port_refuses(self) -> None:
        with pytest.raises(Unreachable, match="nothing was sent"):
            sent(Request("POST", f"http://127.0.0.1:{free_port()}/", body=b"x"))

    def test_when_the_tls_handshake_fails(self) -> None:
        def no_tls(peer: Peer) -> None:
            peer.connection.recv(1000)
            peer.send(b"this is not TLS\r\n")

        with serving(no_tls) as server, pytest.raises(Unreachable):
            sent(Request("POST", server.url.replace("http:", "https:"), body=b"x"))

    def test_when_the_certificate_is_not_trusted(self) -> None:
        def silent_tls(peer: Peer) -> None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            with pytest.raises(ssl.SSLError):
                context.wrap_socket(peer.connection, server_side=True)

        with serving(silent_tls) as server, pytest.raises(Unreachable):
            sent(Request("POST", server.url.replace("http:", "https:"), body=b"x"))

    def test_when_the_lease_ran_out_before_sending(self) -> None:
        with serving(answering(OK)) as server, pytest.raises(Unreachable) as raised:
            sent(post(server), not_after=time.monotonic() - 0.001)

        assert raised.value.code == "late"
        assert server.requests == []

    def test_of_the_body_when_the_lease_runs_out_after_the_head(self) -> None:
        """Row 41: wherever a worker freezes and wakes up late, it completes no request any more."""
        outcomes = []
        for looks in range(12):

            class Frozen(WallClock):
                looks_left = looks

                def monotonic(self) -> float:
                    self.looks_left -= 1
                    return time.monotonic() + (0.0 if self.looks_left >= 0 else 60.0)

            with serving(answering(OK)) as server:
                session = HttpSession(Frozen())
                try:
                    session.send(post(server, deadline_s=600.0), not_after=time.monotonic() + 30)
                    outcome = "sent"
                except (Unreachable, OutcomeUnknown) as error:
                    outcome = type(error).__name__
                finally:
                    session.close()
                is_whole = any(request.endswith(b"{}") for request in server.requests)
                outcomes.append((outcome, is_whole))

        assert ("OutcomeUnknown", False) in outcomes
        assert set(outcomes) <= {("Unreachable", False), ("OutcomeUnknown", False), ("sent", True)}

    def test_when_the_lease_runs_out_while_connecting(self) -> None:
        """The check is right before the first byte, so time spent connecting counts."""

        class Hours(WallClock):
            def monotonic(self) -> float:
                self.slept.append(0)
                return 3600.0 * len(self.slept)

        session = HttpSession(Hours())
        with serving(answering(OK)) as server:
            with pytest.raises(Unreachable) as raised:
                session.send(post(server, deadline_s=10_000), not_after=3700)
            session.close()

        assert raised.value.code == "late"
        assert server.requests == []


class TestOutcomeIsUnknown:
    def check(self, script: Callable[[Peer], None], *, deadline_s: float = 5.0) -> OutcomeUnknown:
        with serving(script) as server, pytest.raises(OutcomeUnknown) as raised:
            sent(post(server, deadline_s=deadline_s))
        return raised.value

    def test_when_the_connection_ends_without_an_answer(self) -> None:
        def drop(peer: Peer) -> None:
            peer.read_request()

        self.check(drop)

    def test_when_it_is_reset_before_the_answer(self) -> None:
        def reset(peer: Peer) -> None:
            peer.read_request()
            peer.reset()

        self.check(reset)

    def test_when_it_is_reset_inside_the_body(self) -> None:
        def half(peer: Peer) -> None:
            peer.read_request()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            peer.reset()

        self.check(half)

    def test_when_the_body_is_shorter_than_it_says(self) -> None:
        def short(peer: Peer) -> None:
            peer.read_request()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{}")

        self.check(short)

    def test_when_the_answer_is_no_http(self) -> None:
        def noise(peer: Peer) -> None:
            peer.read_request()
            peer.send(b"\x00\x01\x02\x03\r\n\r\n")

        self.check(noise)

    def test_when_nothing_comes_within_the_deadline(self) -> None:
        problem = self.check(Peer.until_closed, deadline_s=0.15)

        assert "within 0.15 s" in problem.why

    @pytest.mark.parametrize(
        "start", [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "]
    )
    def test_when_a_drip_outlasts_the_deadline(self, start: bytes) -> None:
        """Each byte would renew a plain read timeout, in the head as well as in the body."""

        def drip(peer: Peer) -> None:
            peer.read_request()
            peer.send(start)
            for _ in range(200):
                peer.send(b"a")
                threading.Event().wait(0.02)

        began = time.monotonic()
        problem = self.check(drip, deadline_s=0.2)

        assert time.monotonic() - began < 2
        assert "within 0.2 s" in problem.why

    def test_when_it_falls_silent_late(self) -> None:
        """What is left of the deadline bounds a wait, not the whole deadline anew."""

        def late(peer: Peer) -> None:
            peer.read_request()
            threading.Event().wait(0.4)
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
            peer.until_closed()

        began = time.monotonic()
        self.check(late, deadline_s=0.5)

        assert time.monotonic() - began < 0.8

    def test_when_the_body_is_larger_than_the_cap(self) -> None:
        problem = self.check(answering(answer("200 OK", b"x" * 2000)))

        assert "more than 1000 bytes" in problem.why

    def test_when_a_packed_body_unfolds_beyond_the_cap(self) -> None:
        self.check(answering(answer("200 OK", gzip.compress(b"0" * 100_000), "Content-Encoding: gzip")))


class TestSending:
    def test_gives_status_headers_and_body_whatever_the_status(self) -> None:
        with serving(answering(answer("503 Busy", b"<html>", "intuit_tid: t-1"))) as server:
            got = sent(post(server))

        assert (got.status, got.headers["INTUIT_TID"], got.body) == (503, "t-1", b"<html>")

    @pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Again", "308 Again"])
    def test_follows_no_redirect(self, status: str) -> None:
        """Row 87."""
        with serving(answering(OK)) as other:
            redirect = answer(status, b"", f"Location: {other.url}/elsewhere")
            with serving(answering(redirect)) as server:
                got = sent(post(server))

        assert got.status == int(status[:3])
        assert other.requests == []

    def test_never_repeats_by_itself(self) -> None:
        """Row 87."""

        def drop(peer: Peer) -> None:
            peer.read_request()

        with serving(drop) as server:
            with pytest.raises(OutcomeUnknown):
                sent(post(server))
            assert len(server.requests) == 1

    def test_opens_a_new_connection_when_the_idle_one_was_closed(self) -> None:
        def once(peer: Peer) -> None:
            peer.read_request()
            peer.send(OK)

        session = HttpSession(WallClock())
        with serving(once, answering(OK)) as server:
            session.send(post(server))
            assert server.ended.acquire(timeout=5)
            assert session.send(post(server)).status == 200
            session.close()

        assert len(server.requests) == 2

    def test_keeps_no_cookies(self) -> None:
        session = HttpSession(WallClock())
        with serving(answering(answer("200 OK", b"{}", "Set-Cookie: a=b; Path=/"))) as server:
            session.send(post(server))
            session.send(post(server))
            session.close()

        assert b"cookie" not in server.requests[1].lower()

    def test_ignores_proxies_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")

        with serving(answering(OK)) as server:
            assert sent(post(server)).status == 200

    def test_does_not_wait_for_the_peer_to_acknowledge_the_head(self) -> None:
        """TCP_NODELAY: head and body are two writes, which Nagle's algorithm would delay by 40 ms."""
        assert (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1) in _Connection.default_socket_options

    def test_keeps_calls_of_several_threads_apart(self) -> None:
        """A late thread's lease must not stop, nor let pass, the call of another."""

        def echo(peer: Peer) -> None:
            while request := peer.read_request():
                peer.send(answer("200 OK", request.rpartition(b"\r\n\r\n")[2]))

        session = HttpSession(WallClock(), in_flight=4)

        def one(position: int) -> bytes | str:
            late = position % 4 == 3
            try:
                return session.send(
                    post(server, body=str(position).encode()), not_after=0 if late else None
                ).body
            except Unreachable as problem:
                return problem.code

        with serving(echo) as server, ThreadPoolExecutor(8) as threads:
            results = list(threads.map(one, range(40)))
            session.close()

        assert results == ["late" if p % 4 == 3 else str(p).encode() for p in range(40)]


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "https://quickbooks.api.intuit.com/",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost:9",
        ],
    )
    def test_are_https_or_loopback(self, address: str) -> None:
        assert checked_address(address) == address.rstrip("/")

    @pytest.mark.parametrize(
        "address",
        [
            "http://quickbooks.api.intuit.com",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "http://192.168.0.1",
            "https://169.254.169.254/latest",
            "https://0.0.0.0",
            "https://2130706433",
            "https://0x7f000001",
            "https://[fd00::1]",
            "https://[not-an-address",
            "gopher://host.example",
            "https://user:secret@host.example",
            "https://host.example?x=1",
            "https://",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "",
        ],
    )
    def test_are_refused_otherwise(self, address: str) -> None:
        """Bad input 21: other machines by number, other schemes, passwords; nothing secret is repeated."""
        with pytest.raises(AddressRefused, match=r"^(?!.*secret)"):
            checked_address(address)

    def test_know_this_machine_by_literal_only(self) -> None:
        assert is_loopback("http://127.9.9.9:1")
        assert not is_loopback("https://loopback.example")
