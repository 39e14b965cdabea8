"""The guard: bodies are capped while they stream, bounded in time, never decompressed."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from tests.unit.worker.web.serving import Served, serving
from worker.cli.web_server import BoundedProtocol
from worker.web.guard import BODY, Guard

BODY_MAX = 1000


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body it was handed, and how the handler would read it."""
    message = await receive()
    assert message["body"] == scope[BODY]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": scope[BODY]})


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(Guard(echo, body_max=BODY_MAX, body_deadline_s=0.3)) as running:
        yield running


def request(*headers: str) -> bytes:
    return "\r\n".join(("POST / HTTP/1.1", "host: here", *headers, "", "")).encode()


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


class TestBody:
    def test_reaches_the_handler_whole(self, served: Served) -> None:
        answer = served.ask("POST", "/", body=b"x" * BODY_MAX)

        assert (answer.status, answer.body) == (200, b"x" * BODY_MAX)

    def test_in_chunks_reaches_the_handler_whole(self, served: Served) -> None:
        answer = served.raw(request("transfer-encoding: chunked"), chunk(b"one"), chunk(b"two"), b"0\r\n\r\n")

        assert (answer.status, answer.body) == (200, b"onetwo")

    def test_that_claims_too_much_is_refused_before_it_is_sent(self, served: Served) -> None:
        """Bad input 1."""
        answer = served.raw(request(f"content-length: {BODY_MAX + 1}"))

        assert answer.status == 413
        assert answer.json["error"] == "too_large"

    def test_with_an_absurd_length_is_refused(self, served: Served) -> None:
        """Bad input 1."""
        assert served.raw(request(f"content-length: {'9' * 400}")).status in (400, 413)

    def test_in_chunks_past_the_cap_is_refused_while_it_streams(self, served: Served) -> None:
        """Row 55. Bad input 1."""
        answer = served.raw(request("transfer-encoding: chunked"), *[chunk(b"x" * 400)] * 3)

        assert answer.status == 413
        assert answer.headers["connection"] == "close"

    def test_with_a_lying_length_beside_chunks_is_not_believed(self, served: Served) -> None:
        """Bad input 1."""
        head = request("transfer-encoding: chunked", "content-length: 5")

        assert served.raw(head, *[chunk(b"x" * 400)] * 3).status in (400, 413)

    def test_that_trickles_is_cut_off(self, served: Served) -> None:
        """Bad input 24."""
        answer = served.raw(request("content-length: 10"), b"x")

        assert answer.status == 408
        assert answer.json["error"] == "too_slow"

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP, gzip"])
    def test_that_is_packed_is_refused_unread(self, served: Served, encoding: str) -> None:
        """Bad input 2."""
        packed = gzip.compress(b"0" * 100_000)

        answer = served.ask("POST", "/", body=packed, headers={"content-encoding": encoding})

        assert answer.status == 415

    def test_of_a_get_is_capped_too(self, served: Served) -> None:
        assert served.ask("GET", "/", body=b"x" * (BODY_MAX + 1)).status == 413


class TestAnswer:
    @pytest.mark.parametrize("body", [b"x", b"x" * (BODY_MAX + 1)], ids=["answered", "refused"])
    def test_carries_the_safety_headers(self, served: Served, body: bytes) -> None:
        headers = served.ask("POST", "/", body=body).headers

        assert headers["content-security-policy"] == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


class Hasty(BoundedProtocol):
    """Headers must be here at once."""

    headers_s = 0.2


class TestHeaders:
    @pytest.mark.parametrize("begun", [b"", b"POST / HT", request("x-a: b")[:-2]])
    def test_that_do_not_come_close_the_connection(self, begun: bytes) -> None:
        """Bad input 24: slowloris. One that keeps its connection open holds a place that others need."""
        with (
            serving(Guard(echo), http=Hasty) as served,
            socket.create_connection(("127.0.0.1", served.port), timeout=10) as slow,
        ):
            slow.sendall(begun)

            assert slow.recv(1) == b""

    def test_that_are_whole_may_wait_for_their_answer(self) -> None:
        async def slowly(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(0.5)
            await echo(scope, receive, send)

        with serving(Guard(slowly), http=Hasty) as served:
            assert served.ask("POST", "/", body=b"x").body == b"x"

    @pytest.mark.parametrize(
        "headers", [["x-long: " + "x" * 40_000], [f"x-{n}: y" for n in range(200)]], ids=["long", "many"]
    )
    def test_past_their_bound_are_refused(self, served: Served, headers: list[str]) -> None:
        """Bad input 12."""
        assert served.raw(request(*headers)).status == 431
