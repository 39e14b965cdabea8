"""The fence around python-quickbooks, and one refresh for a refused token."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from quickbooks.client import QuickBooks

from connectors.errors import ConsentLost, OutcomeUnknown, Refused, Throttled, Unreachable
from connectors.http.oauth import Access
from connectors.http.session import HttpSession
from connectors.ledgers.quickbooks import client as client_module
from connectors.ledgers.quickbooks.client import QuickBooksClient
from connectors.ledgers.quickbooks.company import company_of
from tests.unit.connectors.http.loopback import (
    Loopback,
    MemoryTokens,
    Peer,
    WallClock,
    answer,
    answering,
    serving,
    token,
)
from tests.unit.connectors.ledgers.quickbooks import records as make

DONE = answer("200 OK", b'{"Invoice":{"Id":"1","TotalAmt":1.10}}', "intuit_tid: t-1")
EXPIRED = answer("401 Unauthorized", b'{"fault":{"error":[{"code":"3200","message":"expired"}]}}')
PAIR = answer("200 OK", b'{"access_token":"AT-2","refresh_token":"RT-2","expires_in":3600}')


def connected(server: Loopback, tokens: MemoryTokens | None = None) -> QuickBooksClient:
    company = company_of(make.book(api_base=server.url))
    clock = WallClock()
    session = HttpSession(clock)
    tokens = tokens or MemoryTokens(token())
    access = Access(company.provider, tokens=tokens, session=session, clock=clock, book="US-BOOK")
    return QuickBooksClient(company, session=session, access=access, clock=clock)


class TestFence:
    def test_replaces_process_request_and_nothing_else(self) -> None:
        own = {name for name in vars(client_module._Call) if not name.startswith("__")}

        assert {name for name in own if hasattr(QuickBooks, name)} == {"process_request"}

    def test_is_the_only_place_that_knows_python_quickbooks(self) -> None:
        folder = Path(client_module.__file__).parent
        users = [
            file.name
            for file in folder.glob("*.py")
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "quickbooks"
        ]

        assert users == ["client.py"]

    def test_costs_no_network_call_to_import(self) -> None:
        program = (
            "import socket\n"
            "def refuse(*a, **k): raise SystemExit('a network call at import')\n"
            "socket.socket.connect = refuse\nsocket.getaddrinfo = refuse\n"
            "import connectors.ledgers.quickbooks\n"
        )

        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

        assert (done.returncode, done.stderr) == (0, "")

    def test_never_runs_its_error_handling(self) -> None:
        """Its own handling would call a throttle a validation error and lose the status."""
        slow = answer("429 Slow", b"<x/>", "Retry-After: 7", "intuit_tid: t-9")

        with serving(answering(slow)) as server, pytest.raises(Throttled) as raised:
            connected(server).create("Invoice", b"{}", requestid="r")

        assert (raised.value.status, raised.value.retry_after_s, raised.value.trace_id) == (429, 7, "t-9")


class TestCreate:
    def test_sends_our_bytes_under_our_request_id(self) -> None:
        with serving(answering(DONE)) as server:
            reply = connected(server).create("CreditMemo", b'{"a":1.10}', requestid="k" * 32)

        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        path = f"POST /v3/company/9341450000000001/creditmemo?minorversion=75&requestid={'k' * 32} "
        assert head.startswith(path.encode())
        assert body == b'{"a":1.10}'
        assert b"Authorization: Bearer AT-1" in head
        assert reply.trace_id == "t-1"
        assert reply.payload["Invoice"]["TotalAmt"] == Decimal("1.10")

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"<ok/>", b'"x"', b"\xff{}"])
    def test_takes_no_success_that_it_cannot_read(self, body: bytes) -> None:
        with serving(answering(answer("200 OK", body))) as server, pytest.raises(OutcomeUnknown):
            connected(server).create("Invoice", b"{}", requestid="r")

    def test_is_never_repeated(self) -> None:
        def drop(peer: Peer) -> None:
            peer.read_request()

        with serving(drop) as server:
            with pytest.raises(OutcomeUnknown):
                connected(server).create("Invoice", b"{}", requestid="r")
            assert len(server.requests) == 1

    def test_sends_nothing_after_the_lease(self) -> None:
        with serving(answering(DONE)) as server, pytest.raises(Unreachable):
            connected(server).create("Invoice", b"{}", requestid="r", not_after=0)

        assert server.requests == []


class TestRefusedToken:
    def test_is_replaced_once_and_the_same_request_sent_again(self) -> None:
        with serving(answering(EXPIRED, PAIR, DONE)) as server:
            connected(server).create("Invoice", b'{"x":1}', requestid="r1")

        first, refresh, second = server.requests
        assert b"refresh_token=RT-1" in refresh
        assert second == first.replace(b"Bearer AT-1", b"Bearer AT-2")

    def test_twice_means_that_consent_is_lost(self) -> None:
        with serving(answering(EXPIRED, PAIR, EXPIRED)) as server:
            with pytest.raises(ConsentLost) as raised:
                connected(server).create("Invoice", b"{}", requestid="r")
            assert len(server.requests) == 3

        assert (raised.value.status, raised.value.code) == (401, "3200")

    def test_may_be_told_without_a_401(self) -> None:
        hidden = answer("400 Bad Request", EXPIRED.partition(b"\r\n\r\n")[2])

        with serving(answering(hidden, PAIR, DONE)) as server:
            connected(server).create("Invoice", b"{}", requestid="r")

    def test_proves_that_nothing_was_delivered_when_no_new_one_comes(self) -> None:
        with serving(answering(EXPIRED, answer("503 Busy", b""))) as server, pytest.raises(Unreachable):
            connected(server).create("Invoice", b"{}", requestid="r")

    def test_is_not_asked_for_by_other_refusals(self) -> None:
        forbidden = answer("403 Forbidden", b'{"fault":{"error":[{"code":"3100","message":"m"}]}}')

        with serving(answering(forbidden)) as server:
            with pytest.raises(ConsentLost):
                connected(server).create("Invoice", b"{}", requestid="r")
            assert len(server.requests) == 1


class TestReads:
    def test_are_repeated_after_an_unclear_answer(self) -> None:
        busy = answer("503 Busy", b"")

        with serving(answering(busy, answer("200 OK", b'{"QueryResponse":{}}'))) as server:
            assert connected(server).query("select * from Invoice").payload == {"QueryResponse": {}}

        assert len(server.requests) == 2
        assert server.requests[0].endswith(b"\r\n\r\nselect * from Invoice")
        assert b"Content-Type: application/text" in server.requests[0]

    def test_are_not_repeated_after_a_throttle(self) -> None:
        with serving(answering(answer("429 Slow", b""))) as server:
            with pytest.raises(Throttled):
                connected(server).query("select 1")
            assert len(server.requests) == 1

    def test_of_the_company_are_gets(self) -> None:
        with serving(answering(answer("200 OK", b"{}"))) as server:
            connected(server).company_info()
            connected(server).preferences()

        assert [one.split(b" HTTP")[0] for one in server.requests] == [
            b"GET /v3/company/9341450000000001/companyinfo/9341450000000001?minorversion=75",
            b"GET /v3/company/9341450000000001/preferences?minorversion=75",
        ]


class TestBatch:
    def test_carries_its_own_request_id(self) -> None:
        with serving(answering(answer("200 OK", b'{"BatchItemResponse":[]}'))) as server:
            connected(server).batch(b'{"BatchItemRequest":[]}', requestid="b1")

        assert b"/batch?requestid=b1&minorversion=75 " in server.requests[0]

    def test_with_a_fault_of_the_whole_is_refused(self) -> None:
        body = json.dumps({"Fault": {"Error": [{"code": "2010", "Message": "m"}]}}).encode()

        with serving(answering(answer("400 Bad", body))) as server, pytest.raises(Refused):
            connected(server).batch(b"{}", requestid="b1")
