"""Webhooks over real HTTP: signed on the raw bytes, stored once, answered in one way to strangers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from tests.servers.databases import SqliteDatabases
from tests.unit.worker.web.serving import Answer, Served, serving
from worker.bootstrap import App, build
from worker.flows.metrics import CONTENT_TYPE
from worker.settings import Settings
from worker.store.tables import InboxRow, table_of
from worker.web.app import make_app
from worker.web.guard import BODY_MAX

CURRENT = "whsec_" + base64.b64encode(b"the secret of today, 32 bytes ..").decode()
BEFORE = "whsec_" + base64.b64encode(b"the secret before, 32 bytes long").decode()
RETIRED = "whsec_" + base64.b64encode(b"a secret of last year, 32 bytes.").decode()
HOOK = "/hooks/subscription_events"
EVENT = {
    "type": "subscription.updated",
    "timestamp": "2026-02-10T09:30:00Z",
    "data": {
        "subscription": "S-1", "party": "NORTH", "product": "SEAT", "plan": "monthly", "term": "P1M",
        "start": "2026-01-01", "quantity": 14, "effective": "2026-02-10",
    },
}  # fmt: skip
BODY = json.dumps(EVENT).encode()


@dataclass
class Bell:
    """Remembers what was rung."""

    rung: list[tuple[str, str]] = field(default_factory=list)

    def ring(self, name: str, row_id: str) -> None:
        self.rung.append((name, row_id))


@dataclass(frozen=True, slots=True)
class Hooks:
    """An installation behind a server, and the sender's hand."""

    served: Served
    app: App
    bell: Bell

    def post(
        self, body: bytes = BODY, *, path: str = HOOK, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return self.served.ask("POST", path, body=body, headers=signed(body) if headers is None else headers)

    @property
    def rows(self) -> list[tuple[str, str, bytes, int]]:
        """What is stored: event id, state, body, duplicates."""
        inbox = table_of(InboxRow)
        query = select(inbox.c.event_id, inbox.c.state, inbox.c.body, inbox.c.duplicates)
        with self.app.store.read() as connection:
            return [tuple(row) for row in connection.execute(query.order_by(inbox.c.id))]


def signed(
    body: bytes, *, secret: str = CURRENT, event_id: str = "evt_1", at: float | None = None
) -> dict[str, str]:
    """The headers of a Standard Webhooks sender (its specification, written out)."""
    stamp = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": event_id, "webhook-timestamp": stamp, "webhook-signature": signature}


def installation(url: str, secrets: str) -> App:
    return build(Settings(DATABASE_URL=url, SUBLEDGER_WEBHOOK_SECRETS=secrets))  # type: ignore[call-arg]


@contextmanager
def running(url: str, secrets: str) -> Iterator[Hooks]:
    """An installation behind a real server."""
    app, bell = installation(url, secrets), Bell()
    app.doorbell = bell
    with serving(make_app(app)) as served:
        yield Hooks(served, app, bell)
    app.store.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, sqlite_databases: SqliteDatabases) -> Iterator[Hooks]:
    """One server for the tests of this module that leave the database alone."""
    url = sqlite_databases.migrated(tmp_path_factory.mktemp("hooks"))
    with running(url, f"subscription_events={CURRENT}|{BEFORE}") as hooks:
        yield hooks


@pytest.fixture
def hooks(shared: Hooks) -> Hooks:
    """The shared server with an empty inbox."""
    with shared.app.store.write() as connection:
        connection.execute(delete(table_of(InboxRow)))
    shared.bell.rung.clear()
    return shared


@pytest.fixture
def own(sqlite_url: str) -> Iterator[Hooks]:
    """A server of one test, which may break its database."""
    with running(sqlite_url, f"subscription_events={CURRENT}") as hooks:
        yield hooks


@pytest.fixture
def closed(sqlite_url: str) -> Iterator[Hooks]:
    """An installation without a secret."""
    with running(sqlite_url, "") as hooks:
        yield hooks


class TestSignedEvent:
    def test_is_stored_as_it_came_rung_for_and_accepted(self, hooks: Hooks) -> None:
        answer = hooks.post()

        assert answer.status == 202
        assert hooks.rows == [("evt_1", "stored", BODY, 0)]
        assert hooks.bell.rung == [("apply_event", answer.json["id"])]

    def test_of_a_secret_being_rotated_out_is_accepted(self, hooks: Hooks) -> None:
        """Bad input 4."""
        assert hooks.post(headers=signed(BODY, secret=BEFORE)).status == 202

    def test_with_several_signatures_needs_one_that_is_right(self, hooks: Hooks) -> None:
        """Bad input 3."""
        right, wrong = signed(BODY), signed(BODY, secret=RETIRED)
        both = {**right, "webhook-signature": f"{wrong['webhook-signature']} {right['webhook-signature']}"}

        assert hooks.post(headers=both).status == 202

    def test_a_hundred_times_at_once_is_one_row(self, hooks: Hooks) -> None:
        """Row 33. Bad input 7."""
        headers = signed(BODY)

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: hooks.post(headers=headers), range(100)))

        assert {answer.status for answer in answers} == {202}
        assert len({answer.json["id"] for answer in answers}) == 1
        assert hooks.rows == [("evt_1", "stored", BODY, 99)]
        assert len(hooks.bell.rung) == 1

    def test_under_a_used_id_with_another_body_is_a_conflict(self, hooks: Hooks) -> None:
        """Bad input 6."""
        other = BODY.replace(b"14", b"99")
        hooks.post()

        answer = hooks.post(other, headers=signed(other))

        assert answer.status == 409
        assert hooks.rows == [("evt_1", "stored", BODY, 0)]

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "multipart/form-data", "application/json; charset=utf-7", ""]
    )
    def test_is_judged_by_its_bytes_not_by_its_content_type(self, hooks: Hooks, content_type: str) -> None:
        """Bad input 11."""
        assert hooks.post(headers={**signed(BODY), "content-type": content_type}).status == 202

    @pytest.mark.parametrize("body", [b"\xff\xfe{", b"[" * 10_000, b'{"a": NaN}', b"", b"\x00"])
    def test_whose_body_is_nonsense_is_stored_for_later_refusal(self, hooks: Hooks, body: bytes) -> None:
        """Bad input 10. Reading is not the door's work; what it took is never lost."""
        assert hooks.post(body, headers=signed(body)).status == 202


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in signed(BODY).items() if key != name}


def altered(**changes: str) -> dict[str, str]:
    return {**signed(BODY), **{name.replace("_", "-"): value for name, value in changes.items()}}


FORGERIES: Mapping[str, Callable[[], dict[str, str]]] = {
    "no headers": dict,
    "no id": lambda: without("webhook-id"),
    "no timestamp": lambda: without("webhook-timestamp"),
    "no signature": lambda: without("webhook-signature"),
    "empty signature": lambda: altered(webhook_signature=""),
    "version alone": lambda: altered(webhook_signature="v1,"),
    "no base64": lambda: altered(webhook_signature="v1,@@@"),
    "right length, wrong bytes": lambda: altered(
        webhook_signature="v1," + base64.b64encode(bytes(32)).decode()
    ),
    "other case": lambda: altered(webhook_signature=signed(BODY)["webhook-signature"].swapcase()),
    "other version": lambda: altered(webhook_signature="v2," + signed(BODY)["webhook-signature"][3:]),
    "other id": lambda: altered(webhook_id="evt_2"),
    "endless id": lambda: altered(webhook_id="e" * 10_000),
    "timestamp in words": lambda: altered(webhook_timestamp="soon"),
    "negative timestamp": lambda: altered(webhook_timestamp="-1"),
    "huge timestamp": lambda: altered(webhook_timestamp=str(2**63)),
    "milliseconds": lambda: altered(webhook_timestamp=str(int(time.time() * 1000))),
    "too old": lambda: signed(BODY, at=time.time() - 305),
    "too new": lambda: signed(BODY, at=time.time() + 310),
    "retired secret": lambda: signed(BODY, secret=RETIRED),
    "re-serialised body": lambda: signed(json.dumps(EVENT, indent=1).encode()),
}


class TestUnsignedEvent:
    @pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
    def test_is_turned_away_and_leaves_nothing(
        self, hooks: Hooks, forged: Callable[[], dict[str, str]]
    ) -> None:
        """Row 36. Bad inputs 3, 4 and 5."""
        answer = hooks.post(headers=forged())

        assert answer.status == 401
        assert hooks.rows == []
        assert hooks.bell.rung == []

    def test_gets_the_answer_an_unknown_source_gets(self, hooks: Hooks) -> None:
        stranger = hooks.post(headers={})
        unknown = hooks.post(path="/hooks/nobody")

        assert (stranger.status, stranger.body) == (unknown.status, unknown.body)

    @pytest.mark.parametrize(
        "path",
        ["/hooks/..%2Fsecret", "/hooks/%00", "/hooks/'", "/hooks/%7B%7B7*7%7D%7D", f"/hooks/{'x' * 5000}"],
    )
    def test_of_a_strange_source_is_turned_away(self, hooks: Hooks, path: str) -> None:
        """Bad input 13."""
        assert hooks.post(path=path).status in (401, 404)

    def test_is_every_event_where_no_secret_is_set(self, closed: Hooks) -> None:
        empty = base64.b64encode(b"").decode()
        assert closed.post().status == 401
        assert closed.post(headers=altered(webhook_signature=f"v1,{empty}")).status == 401


class TestDoor:
    def test_takes_no_more_than_its_cap(self, hooks: Hooks) -> None:
        answer = hooks.post(b"x" * (BODY_MAX + 1), headers={})

        assert answer.status == 413
        assert hooks.rows == []

    @pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "TRACE", "DELETE"])
    def test_takes_only_posts(self, hooks: Hooks, method: str) -> None:
        """Bad input 14."""
        assert hooks.served.ask(method, HOOK).status == 405

    @pytest.mark.parametrize(
        "path", ["/docs", "/redoc", "/openapi.json", "/hooks", "/hooks/a/b", "//hooks/a"]
    )
    def test_shows_nothing_else(self, hooks: Hooks, path: str) -> None:
        """Bad input 14."""
        assert hooks.served.ask("GET", path).status in (404, 405)

    def test_asks_to_send_again_while_the_database_is_away(self, own: Hooks, tmp_path: Path) -> None:
        database = tmp_path / "subledger.db"
        own.app.store.close()
        for suffix in ("", "-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        database.mkdir()

        answer = own.post()

        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0


class TestMetrics:
    def test_are_told_in_the_text_form(self, hooks: Hooks) -> None:
        answer = hooks.served.ask("GET", "/metrics")

        assert (answer.status, answer.headers["content-type"]) == (200, CONTENT_TYPE)
        assert b"# TYPE subledger_deliveries gauge" in answer.body


class TestHealth:
    def test_is_live_and_ready(self, hooks: Hooks) -> None:
        live, ready = hooks.served.ask("GET", "/health/live"), hooks.served.ask("GET", "/health/ready")

        assert (live.status, live.json) == (200, {"status": "live"})
        assert (ready.status, ready.json["status"]) == (200, "ready")

    def test_is_degraded_not_failed_without_the_queue(self, hooks: Hooks) -> None:
        with serving(make_app(hooks.app, queue_trouble=lambda: "Redis does not answer")) as served:
            ready = served.ask("GET", "/health/ready")

        assert (ready.status, ready.json["status"]) == (200, "degraded")
        assert ready.json["checks"] == {"database": "ok", "queue": "Redis does not answer"}

    def test_stays_live_and_is_not_ready_without_the_database(self, own: Hooks, tmp_path: Path) -> None:
        own.app.store.close()
        (tmp_path / "subledger.db").write_bytes(b"no database " * 1000)
        for suffix in ("-wal", "-shm"):
            (tmp_path / f"subledger.db{suffix}").unlink(missing_ok=True)

        live, ready = own.served.ask("GET", "/health/live"), own.served.ask("GET", "/health/ready")

        assert live.status == 200
        assert (ready.status, ready.json["status"]) == (503, "not_ready")
