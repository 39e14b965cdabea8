"""The simulator's tokens: consent, refresh with rotation, expiry, withdrawal."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from connectors.ledgers.quickbooks.simulator import (
    OAuthConfig,
    Running,
)
from tests.contract.quickbooks.simulator_calls import (
    UK,
    US,
    Caller,
    refresh,
    simulator,
    stopped_clock,
    token_call,
)

REDIRECT = "http://127.0.0.1:1/callback"


@pytest.fixture
def running() -> Iterator[Running]:
    with simulator() as running:
        yield running


@pytest.fixture
def us(running: Running) -> Caller:
    return Caller(running, US)


class TestOAuth:
    def test_grants_a_company_by_code(self, running: Running) -> None:
        page = f"{running.url}/connect/oauth2"
        asked = {"client_id": running.client_id, "response_type": "code", "state": "s 1&"}
        where = asked | {"redirect_uri": REDIRECT, "scope": "com.intuit.quickbooks.accounting"}
        clicked = requests.get(page, params=where | {"realm_id": UK}, timeout=10, allow_redirects=False)
        back = {
            name: values[0] for name, values in parse_qs(urlsplit(clicked.headers["Location"]).query).items()
        }
        form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": REDIRECT}

        pair = token_call(running, **form).json()
        again = token_call(running, **form)

        assert (back["state"], back["realmId"]) == ("s 1&", UK)
        assert UK in requests.get(page, params=where, timeout=10).text
        assert (pair["token_type"], pair["expires_in"]) == ("bearer", 3600)
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")

    def test_tells_a_refusal(self, running: Running) -> None:
        where = {
            "client_id": running.client_id,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "deny": "1",
        }

        answer = requests.get(
            f"{running.url}/connect/oauth2", params=where, timeout=10, allow_redirects=False
        )

        assert "error=access_denied" in answer.headers["Location"]

    def test_publishes_where_its_endpoints_are(self, running: Running) -> None:
        document = requests.get(f"{running.url}/.well-known/openid_configuration/", timeout=10).json()

        assert document["token_endpoint"] == f"{running.url}/oauth2/v1/tokens/bearer"

    def test_refuses_a_wrong_client(self, running: Running) -> None:
        answer = requests.post(
            f"{running.url}/oauth2/v1/tokens/bearer", auth=("nobody", "x"), data={}, timeout=10
        )

        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})

    def test_kills_the_old_refresh_token_at_rotation(self) -> None:
        with simulator(oauth=OAuthConfig(rotation="always")) as running:
            first = running.refresh_token(US)
            second = refresh(running, first).json()["refresh_token"]

            superseded = refresh(running, first)

            assert second != first
            assert superseded.json() == {
                "error": "invalid_grant",
                "error_description": "Incorrect or invalid refresh token",
            }
            assert refresh(running, second).status_code == 200

    def test_kills_the_whole_connection_when_told_to_punish_reuse(self) -> None:
        with simulator(oauth=OAuthConfig(rotation="always", reuse_revokes=True)) as running:
            first = running.refresh_token(US)
            second = refresh(running, first).json()["refresh_token"]
            refresh(running, first)

            assert refresh(running, second).status_code == 400

    def test_keeps_the_refresh_token_for_a_day(self) -> None:
        clock = stopped_clock()
        with simulator(clock=clock) as running:
            token = running.refresh_token(US)
            same = refresh(running, token).json()["refresh_token"]
            clock.advance(24 * 3600)
            other = refresh(running, token).json()["refresh_token"]

        assert (same == token, other == token) == (True, False)

    def test_lets_access_tokens_expire(self) -> None:
        clock = stopped_clock()
        with simulator(clock=clock) as running:
            caller = Caller(running, US)
            before = caller.get("preferences").status_code
            clock.advance(3600)
            after = caller.get("preferences").status_code

        assert (before, after) == (200, 401)

    def test_tells_the_hard_end_when_asked(self, running: Running) -> None:
        answer = requests.post(
            f"{running.url}/oauth2/v1/tokens/bearer",
            auth=(running.client_id, running.client_secret),
            data={"grant_type": "refresh_token", "refresh_token": running.refresh_token(US)},
            headers={"x-include-refresh-token-hard-expires-in": "true"},
            timeout=10,
        )

        assert answer.json()["x_refresh_token_hard_expires_in"] > answer.json()["x_refresh_token_expires_in"]

    def test_revokes_a_connection(self, running: Running) -> None:
        token = running.refresh_token(US)
        access = refresh(running, token).json()["access_token"]
        auth = (running.client_id, running.client_secret)
        requests.post(f"{running.url}/v2/oauth2/tokens/revoke", json={"token": token}, auth=auth, timeout=10)

        assert refresh(running, token).json()["error"] == "invalid_grant"
        assert running.simulator.oauth.realm_of(access) is None
