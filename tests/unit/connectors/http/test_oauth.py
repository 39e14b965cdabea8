"""Tokens: one refresh for everybody, nothing lost on the way, and consent lost only with proof."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.errors import ConsentLost, Throttled, Unreachable
from connectors.http.oauth import Access, Provider, authorize_address, exchanged
from connectors.http.session import HttpSession
from tests.unit.connectors.http.loopback import (
    START,
    Loopback,
    MemoryTokens,
    Peer,
    WallClock,
    answer,
    answering,
    serving,
    token,
)

INVALID_GRANT = answer("400 Bad Request", b'{"error":"invalid_grant","error_description":"bad token"}')


def pair(access: str, refresh: str) -> bytes:
    body = {
        "access_token": access,
        "refresh_token": refresh,
        "expires_in": 3600,
        "x_refresh_token_expires_in": 8_726_400,
        "x_refresh_token_hard_expires_in": 157_680_000,
    }
    return answer("200 OK", json.dumps(body).encode())


NEW_PAIR = pair("AT-2", "RT-2")


def access(server: Loopback, tokens: MemoryTokens, *, clock: WallClock | None = None) -> Access:
    clock = clock or WallClock()
    return Access(provider(server), tokens=tokens, session=HttpSession(clock), clock=clock, book="US-BOOK")


def provider(server: Loopback) -> Provider:
    return Provider(
        name="QuickBooks Online",
        authorize_endpoint="https://consent.example/oauth2",
        token_endpoint=f"{server.url}/tokens",
        scope="accounting",
        client_id="client",
        client_secret="canary-secret",
        token_headers={"x-extra": "true"},
    )


EXPIRING = token(lives_s=299)


class TestToken:
    def test_is_used_while_it_lives_five_more_minutes(self) -> None:
        with serving(answering(NEW_PAIR)) as server:
            used = access(server, MemoryTokens(token(lives_s=301))).token()

        assert used.access_token == "AT-1"
        assert server.requests == []

    def test_is_refreshed_before_it_expires_and_stored_before_it_is_used(self) -> None:
        tokens = MemoryTokens(EXPIRING)

        with serving(answering(NEW_PAIR)) as server:
            used = access(server, tokens).token()

        assert used == tokens.stored
        assert used.version == 2
        assert used.access_expires_at == START + timedelta(hours=1)
        assert used.refresh_expires_at == START + timedelta(seconds=8_726_400)
        assert tokens.previous == EXPIRING

    def test_is_asked_for_as_the_provider_wants_it(self) -> None:
        with serving(answering(NEW_PAIR)) as server:
            access(server, MemoryTokens(EXPIRING)).token()

        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert body == b"grant_type=refresh_token&refresh_token=RT-1"
        assert b"Authorization: Basic Y2xpZW50OmNhbmFyeS1zZWNyZXQ=" in head
        assert b"x-extra: true" in head

    def test_lives_as_long_as_the_provider_is_known_for_when_no_answer_says_it(self) -> None:
        """Xero's answers do not: an unused refresh token ends after 60 days (ledgers.md 1.1)."""
        bare = answer("200 OK", b'{"access_token":"AT-2","refresh_token":"RT-2","expires_in":1800}')
        clock = WallClock()

        with serving(answering(bare)) as server:
            known = replace(provider(server), refresh_lives=timedelta(days=60))
            session = HttpSession(clock)
            used = Access(
                known, tokens=MemoryTokens(EXPIRING), session=session, clock=clock, book="NZ"
            ).token()

        assert used.refresh_expires_at == START + timedelta(days=60)

    def test_is_refreshed_once_for_eight_threads(self) -> None:
        tokens = MemoryTokens(EXPIRING)
        together = threading.Barrier(8)

        def slow(peer: Peer) -> None:
            peer.read_request()
            threading.Event().wait(0.05)
            peer.send(NEW_PAIR)

        with serving(slow) as server:
            shared = access(server, tokens)

            def one(_: int) -> str:
                together.wait(5)
                return shared.token().access_token

            with ThreadPoolExecutor(8) as threads:
                assert set(threads.map(one, range(8))) == {"AT-2"}

        assert len(server.requests) == 1

    def test_is_refreshed_once_for_eight_processes(self) -> None:
        """Each process has its own session; the store's lock and the second read keep them apart."""
        tokens = MemoryTokens(EXPIRING)

        with serving(answering(NEW_PAIR)) as server:
            own = [access(server, tokens) for _ in range(8)]
            with ThreadPoolExecutor(8) as threads:
                assert {one.access_token for one in threads.map(Access.token, own)} == {"AT-2"}

        assert len(server.requests) == 1

    def test_keeps_the_refresh_token_when_none_comes_back(self) -> None:
        tokens = MemoryTokens(EXPIRING)

        with serving(answering(answer("200 OK", b'{"access_token":"AT-2","expires_in":60}'))) as server:
            assert access(server, tokens).token().refresh_token == "RT-1"

    def test_is_missing_before_the_book_is_connected(self) -> None:
        with serving(answering(NEW_PAIR)) as server, pytest.raises(ConsentLost) as raised:
            access(server, MemoryTokens()).token()

        assert raised.value.code == "not_connected"
        assert "subledger book connect US-BOOK" in raised.value.hint


class TestRenewal:
    def test_is_forced_by_a_refused_token(self) -> None:
        tokens = MemoryTokens(token())

        with serving(answering(NEW_PAIR)) as server:
            shared = access(server, tokens)
            assert shared.renewed(shared.token()).access_token == "AT-2"

        assert len(server.requests) == 1

    def test_uses_what_another_process_stored_meanwhile(self) -> None:
        tokens = MemoryTokens(token())

        with serving(answering(NEW_PAIR)) as server:
            shared = access(server, tokens)
            refused = shared.token()
            tokens.stored = token("AT-9", "RT-9", version=2)
            assert shared.renewed(refused).access_token == "AT-9"

        assert server.requests == []


class TestInvalidGrant:
    def test_means_consent_lost_when_we_hold_no_other_token(self) -> None:
        tokens = MemoryTokens(EXPIRING)

        with serving(answering(INVALID_GRANT)) as server, pytest.raises(ConsentLost) as raised:
            access(server, tokens).token()

        assert raised.value.code == "invalid_grant"
        assert tokens.stored == EXPIRING
        assert len(server.requests) == 1

    def test_is_answered_with_the_token_somebody_stored_meanwhile(self) -> None:
        """A person reconnected the book while our refresh was under way."""
        tokens = MemoryTokens(EXPIRING)
        reads: list[int] = []

        def reconnect_on_third_read(store: MemoryTokens) -> None:
            reads.append(1)
            if len(reads) == 3:
                store.stored = replace(token("AT-7", "RT-7"), version=2)

        tokens.on_read = reconnect_on_third_read
        with serving(answering(INVALID_GRANT)) as server:
            assert access(server, tokens).token().access_token == "AT-7"

        assert len(server.requests) == 1

    def test_does_not_overwrite_a_pair_that_is_newer(self) -> None:
        """The person reconnected while a refresh that succeeded was under way."""
        tokens = MemoryTokens(EXPIRING)

        def reconnect(peer: Peer) -> None:
            peer.read_request()
            tokens.stored = replace(token("AT-7", "RT-7"), version=2)
            peer.send(NEW_PAIR)

        with serving(reconnect) as server:
            assert access(server, tokens).token().access_token == "AT-7"

        assert tokens.stored is not None
        assert tokens.stored.refresh_token == "RT-7"

    def test_is_tried_once_with_the_token_of_before(self) -> None:
        """An answer that was lost can leave a rotated token behind at the provider."""
        tokens = MemoryTokens(EXPIRING, previous=token("AT-0", "RT-0"))

        with serving(answering(INVALID_GRANT, NEW_PAIR)) as server:
            assert access(server, tokens).token().access_token == "AT-2"

        assert [one.rpartition(b"=")[2] for one in server.requests] == [b"RT-1", b"RT-0"]

    def test_never_loops(self) -> None:
        tokens = MemoryTokens(EXPIRING, previous=token("AT-0", "RT-0"))

        with serving(answering(INVALID_GRANT)) as server:
            with pytest.raises(ConsentLost):
                access(server, tokens).token()
            assert len(server.requests) == 2


class TestTroubleAtTheTokenEndpoint:
    @pytest.mark.parametrize(
        "given",
        [
            answer("500 Error", b""),
            answer("503 Busy", b"<html>"),
            answer("200 OK", b"no json"),
            answer("200 OK", b"{}"),
            answer("418 Teapot", b""),
            b"",
        ],
    )
    def test_is_transient_and_keeps_the_token(self, given: bytes) -> None:
        tokens = MemoryTokens(EXPIRING)

        def once(peer: Peer) -> None:
            peer.read_request()
            peer.send(given)

        with serving(once) as server, pytest.raises(Unreachable) as raised:
            access(server, tokens).token()

        assert raised.value.code == "token_endpoint"
        assert tokens.stored == EXPIRING

    def test_may_be_a_throttle(self) -> None:
        with serving(answering(answer("429 Slow", b""))) as server, pytest.raises(Throttled):
            access(server, MemoryTokens(EXPIRING)).token()

    def test_may_be_our_own_client_id(self) -> None:
        wrong = answer("401 Unauthorized", b'{"error":"invalid_client"}')

        with serving(answering(wrong)) as server, pytest.raises(ConsentLost) as raised:
            access(server, MemoryTokens(EXPIRING)).token()

        assert "client id and secret" in raised.value.hint


class TestConsent:
    def test_begins_at_an_address_with_our_state(self) -> None:
        with serving(answering(NEW_PAIR)) as server:
            address = authorize_address(provider(server), redirect_uri="https://us.example/back", state="s3")

        assert address == (
            "https://consent.example/oauth2?client_id=client&response_type=code&scope=accounting"
            "&redirect_uri=https%3A%2F%2Fus.example%2Fback&state=s3"
        )

    def test_ends_with_a_pair_for_the_code(self) -> None:
        with serving(answering(NEW_PAIR)) as server:
            got = exchanged(
                "c0de",
                redirect_uri="https://us.example/back",
                provider=provider(server),
                session=HttpSession(WallClock()),
                clock=WallClock(),
            )

        assert got.access_token == "AT-2"
        assert b"grant_type=authorization_code&code=c0de&redirect_uri=https" in server.requests[0]

    def test_shows_no_secret_in_repr(self) -> None:
        with serving(answering(NEW_PAIR)) as server:
            assert "canary" not in repr(provider(server))
