"""Consent by browser: an administrator's answer connects its own book, once; nothing else does anything."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from sqlalchemy import select, update

from connectors.ledgers.quickbooks import simulator
from mappings.canonical.book import Book
from tests.servers.databases import SqliteDatabases
from tests.unit.worker.cli.conftest import seed
from tests.unit.worker.small_world import BOOK
from tests.unit.worker.web.serving import Answer, Served, serving
from worker.bootstrap import App, build
from worker.flows import connect
from worker.flows.connect import Question
from worker.settings import Settings
from worker.store import lanes
from worker.store.consents import REQUEST
from worker.store.tokens import BookTokens
from worker.web.app import make_app

OURS, THEIRS = "9341450000000001", "9341450000000002"


@dataclass(frozen=True, slots=True)
class Visit:
    """An installation behind a server, a ledger to consent at, and an administrator's browser."""

    served: Served
    app: App
    ledger: simulator.Running

    @property
    def book(self) -> Book:
        return self.app.as_reached(self.app.book("US-BOOK"))

    def ask(self, book: str = "US-BOOK") -> Question:
        back = f"http://127.0.0.1:{self.served.port}/oauth/connected"
        asked = self.app.as_reached(self.app.book(book))
        return connect.ask(self.app.ports, asked, redirect_uri=back, actor="cli:test")

    def agree(self, question: Question, *, realm: str = OURS, deny: bool = False) -> str:
        """Click at the ledger's page; returns where it sends the browser."""
        click = {"deny": "1"} if deny else {"realm_id": realm}
        parts = urlsplit(f"{question.address}&{urlencode(click)}")
        connection = http.client.HTTPConnection(parts.netloc, timeout=10)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}")
            return str(connection.getresponse().getheader("location"))
        finally:
            connection.close()

    def come_back(self, address: str, **changed: str) -> Answer:
        """Open the address at our server, perhaps with something changed in it."""
        query = {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}
        given = {name: value for name, value in {**query, **changed}.items() if value != "-"}
        return self.served.ask("GET", f"/oauth/connected?{urlencode(given)}")

    def is_connected(self, book: str = "US-BOOK") -> bool:
        return self.app.tokens(book).read() is not None


@pytest.fixture(scope="module")
def ledger() -> Iterator[simulator.Running]:
    companies = tuple(simulator.CompanyConfig(realm_id=realm, name=realm) for realm in (OURS, THEIRS))
    with simulator.serve(simulator.SimulatorConfig(companies=companies)) as running:
        yield running


@pytest.fixture
def visit(tmp_path: Path, sqlite_databases: SqliteDatabases, ledger: simulator.Running) -> Iterator[Visit]:
    settings = {
        "realm_id": OURS, "environment": "simulator", "country": "US", "client_id": ledger.client_id,
        "api_base": ledger.url, "token_endpoint": f"{ledger.url}/oauth2/v1/tokens/bearer",
    }  # fmt: skip
    seed(tmp_path, sqlite_databases, book=replace(BOOK, ledger="quickbooks", settings=settings))
    app = build(
        Settings.model_validate(
            {
                "DATABASE_URL": f"sqlite:///{tmp_path / 'subledger.db'}",
                "SUBLEDGER_CLIENT_SECRETS": f"US-BOOK={ledger.client_secret}",
            }
        )
    )
    with serving(make_app(app)) as served:
        yield Visit(served, app, ledger)
    app.store.close()


class TestAnswer:
    def test_connects_the_book_it_was_asked_for(self, visit: Visit) -> None:
        question = visit.ask()

        answer = visit.come_back(visit.agree(question))

        assert answer.status == 200
        assert b"Book US-BOOK is connected" in answer.body
        assert visit.is_connected()
        stands = connect.answered(visit.app.ports, question)
        assert stands is not None
        assert stands.outcome == "connected"

    def test_lets_a_book_go_on_that_had_lost_consent(self, visit: Visit) -> None:
        """Row 56: connecting it again is all that is needed."""
        with visit.app.store.write() as connection:
            lanes.pause(connection, "US-BOOK", reason="consent_lost", why="withdrawn")

        visit.come_back(visit.agree(visit.ask()))

        with visit.app.store.read() as connection:
            lane = lanes.get(connection, "US-BOOK")
        assert lane is not None
        assert lane.pause_reason == ""

    def test_counts_once(self, visit: Visit) -> None:
        """Bad input 20: a replayed state, a reused code."""
        address = visit.agree(visit.ask())
        first = visit.come_back(address)
        before = visit.app.tokens("US-BOOK").read()

        again = visit.come_back(address)

        assert (first.status, again.status) == (200, 400)
        assert visit.app.tokens("US-BOOK").read() == before

    @pytest.mark.parametrize("state", ["-", "", "x", "A" * 43, "%00", "é", "x" * 5000, "' OR 1=1 --"])
    def test_without_our_state_does_nothing(self, visit: Visit, state: str) -> None:
        """Bad input 20: a missing, empty, foreign, hostile state; the question stays open."""
        address = visit.agree(visit.ask())

        refused = visit.come_back(address, state=state)

        assert refused.status == 400
        assert not visit.is_connected()
        assert visit.come_back(address).status == 200

    def test_that_comes_too_late_does_nothing(self, visit: Visit) -> None:
        """Bad input 20: a state that was asked for a quarter of an hour ago."""
        address = visit.agree(visit.ask())
        with visit.app.store.write() as connection:
            connection.execute(
                update(REQUEST).values(expires_at=visit.app.clock.now() - timedelta(seconds=1))
            )

        assert visit.come_back(address).status == 400
        assert not visit.is_connected()

    def test_for_another_company_is_refused_in_words(self, visit: Visit) -> None:
        """Bad input 20: a wrong realmId. Its code is not even traded."""
        answer = visit.come_back(visit.agree(visit.ask(), realm=THEIRS))

        assert answer.status == 502
        assert b"another company" in answer.body
        assert OURS.encode() in answer.body
        assert not visit.is_connected()

    def test_that_says_no_is_told_and_uses_the_question_up(self, visit: Visit) -> None:
        """Bad input 20: error=access_denied."""
        question = visit.ask()
        address = visit.agree(question, deny=True)

        assert b"was not given: access_denied" in visit.come_back(address).body
        assert visit.come_back(address).status == 400
        stands = connect.answered(visit.app.ports, question)
        assert stands is not None
        assert stands.outcome == "failed"

    def test_with_a_code_of_nobody_leaves_the_book_as_it_was(self, visit: Visit) -> None:
        """Bad input 20: a code that the ledger does not know, or none."""
        for code in ("XAB-made-up", "-"):
            answer = visit.come_back(visit.agree(visit.ask()), code=code)

            assert answer.status in (400, 502)
            assert not visit.is_connected()

    def test_is_never_echoed_and_leads_nowhere_else(self, visit: Visit) -> None:
        """Bad inputs 12, 13, 20 and 23: hostile values, next=, markup in error=."""
        hostile = "<img src=x onerror=alert(1)>\r\nset-cookie: a=b"
        answer = visit.come_back(
            visit.agree(visit.ask(), deny=True), error=hostile, next="https://evil.example", code=hostile
        )

        assert b"onerror" not in answer.body
        assert b"evil" not in answer.body
        assert "location" not in answer.headers
        assert "set-cookie" not in answer.headers
        assert answer.headers["referrer-policy"] == "no-referrer"


class TestQuestion:
    def test_keeps_only_a_hash_of_its_secret(self, visit: Visit) -> None:
        question = visit.ask()

        with visit.app.store.read() as connection:
            rows = connection.execute(select(REQUEST)).all()

        assert question.state not in str(rows)
        assert quote(question.state) in question.address

    def test_is_for_one_book(self, visit: Visit) -> None:
        """The command for one book takes no answer for another, and does not use it up."""
        question = visit.ask()
        answer = {"state": question.state, "code": "c"}

        def reach(code: str) -> tuple[Book, BookTokens]:
            return visit.book, visit.app.tokens(code)

        with pytest.raises(connect.NotOurAnswer):
            connect.take_answer(visit.app.ports, answer, reach, book="UK")

        assert visit.come_back(visit.agree(question)).status == 200
