"""Secrets and personal strings planted in every input of a whole run with faults come out nowhere.

What an operator's screen shows by design (design section 9, console page): the customer's name, in `explain`,
`document show` and the review of a bill. The payer's address, e-mail and tax ids only on request
(`--personal`); `workspace export` is the operator's own file, given back. Logs, metrics, audit, errors, web
answers and every list hold no name either.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
import requests
from sqlalchemy import LargeBinary, create_engine, inspect, select

from tests.e2e.canaries import (
    CLIENT_SECRET,
    DATABASE_PASSWORD,
    ECHO,
    ECHO_OF_TAXED,
    EMAIL,
    NAME,
    PERSONAL,
    REDIS_PASSWORD,
    SECRETS,
    TAXED,
    TOKEN,
    held_by,
    planted,
)
from tests.e2e.harness import PROGRAM, REALMS, Farm, a_farm, rates, the_file, wait_until
from tests.faults import seller
from tests.servers import RedisServer
from worker.store.tables import Row
from worker.store.vault import new_key

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)

MAY_NAME = ("explain", "document show")
"""Screens that show whose document it is."""

CODES = frozenset({"subscription", "party", "product"})
"""What an event names things by: shown wherever the thing is."""

CONTENT = {
    "setup_object": {"body"},
    "document": {"body"},
    "delivery": {"record", "wire", "expect"},
    "inbox": {"body"},
    "subscription": {"body"},
    "charge": {"body"},
}
"""Columns that hold the business itself: without them there is no invoice."""

FAULTS: tuple[Mapping[str, object], ...] = (
    {"fault": "fault", "entity": "customer", "body_contains": TAXED, "code": "2010", "detail": ECHO_OF_TAXED},
    {"fault": "fault", "entity": "customer", "realm": REALMS["US-BOOK"], "code": "9999", "detail": ECHO},
    {"fault": "commit_then_drop", "entity": "customer", "realm": REALMS["US-BOOK"], "nth": 2},
    {"fault": "5xx_before_commit", "entity": "invoice", "realm": REALMS["US-BOOK"], "format": "html"},
    {"fault": "fault", "entity": "invoice", "realm": REALMS["US-BOOK"], "nth": 2, "detail": ECHO},
    {"fault": "malformed", "entity": "invoice", "realm": REALMS["UK-BOOK"]},
    {"fault": "429", "entity": "invoice", "realm": REALMS["UK-BOOK"], "nth": 2},
)


_RUN_ALL = """
import json, os, sys
from worker.cli.main import invoke
before = dict(os.environ)
for environment, arguments in json.loads(sys.argv[1]):
    os.environ.update(before | environment)
    for stream in (sys.stdout, sys.stderr):
        stream.write("\\n=====\\n")
        stream.flush()
    invoke(arguments)
"""
"""Several commands in one child, to save starting one for each; a line parts what they say."""


@dataclass
class Heard:
    """Everything that came out, by what made it."""

    farm: Farm
    texts: dict[str, str] = field(default_factory=dict)

    def run(self, *commands: str) -> list[Any]:
        """Commands for people and for machines; returns the JSON documents that came out ({} = none)."""
        return self.run_in(*(({}, command) for command in commands))

    def run_in(self, *commands: tuple[Mapping[str, str], str]) -> list[Any]:
        """The same, each with what differs in its environment."""
        lines = [(env, [*line.split(), *form]) for env, line in commands for form in ((), ("--json",))]
        process = self.farm.spawn(sys.executable, "-c", _RUN_ALL, json.dumps(lines))
        out, err = process.communicate(timeout=240)
        parts = [text.split("\n=====\n")[1:] for text in (out, err)]
        assert [len(one) for one in parts] == [len(lines)] * 2, err
        for (environment, line), told, problem in zip(lines, *parts, strict=True):
            name = f"{' '.join(line)} {environment or ''}"
            self.texts[name] = self.texts.get(name, "") + told + problem
        return [json.loads(text or "{}") for text in parts[0][1::2]]

    @contextmanager
    def service(self, *arguments: str) -> Iterator[Any]:
        """A service that runs until the block ends, and what it said when it was ready; its log is kept."""
        log = self.farm.folder / f"{arguments[0]}.log"
        with log.open("w") as file:
            process = self.farm.spawn(PROGRAM, *arguments, "--json", log=file)
        assert process.stdout is not None
        announced = ""
        while not announced.endswith("}\n"):
            announced += process.stdout.readline()
        try:
            yield json.loads(announced)
        finally:
            process.terminate()
            process.communicate(timeout=60)
            self.texts[arguments[0]] = announced + log.read_text()


@pytest.fixture(scope="module")
def heard(
    tmp_path_factory: pytest.TempPathFactory, postgres_databases: Any, redis_server: RedisServer
) -> Iterator[Heard]:
    """One story for all tests: set up, faults, a run, webhooks, every list, wrong inputs, outages."""
    database = urlsplit(postgres_databases.empty())
    with redis.Redis.from_url(redis_server.url) as client:
        client.config_set("requirepass", REDIS_PASSWORD)
    environment = {
        "DATABASE_URL": database._replace(
            netloc=f"{database.username}:{DATABASE_PASSWORD}@{database.hostname}:{database.port}"
        ).geturl(),
        "REDIS_URL": redis_server.url.replace("redis://", f"redis://:{REDIS_PASSWORD}@"),
        "SUBLEDGER_KEYS": new_key("canary"),
        "SUBLEDGER_CLIENT_SECRETS": f"*={CLIENT_SECRET}",
        "SUBLEDGER_WEBHOOK_SECRETS": f"subscription_events=whsec_{seller.SECRET}",
        "SUBLEDGER_LOG_LEVEL": "debug",
        "SUBLEDGER_LOG_FORMAT": "json",
        "SUBLEDGER_DRAIN_SECONDS": "5",
    }
    with a_farm(tmp_path_factory.mktemp("canaries"), environment=environment) as farm:
        story = Heard(farm)
        tell(story)
        yield story
    redis_server.kill()
    redis_server.start()


def tell(heard: Heard) -> None:
    farm = heard.farm
    texts = (planted(the_file("workspace.yaml")), rates(JANUARY, FEBRUARY))
    files = [farm.write(text, f"{number}.yaml") for number, text in enumerate(texts)]
    connecting = [" ".join(farm.connecting(book)) for book in REALMS]
    heard.run(*[f"workspace import {file}" for file in files], *connecting)
    for fault in FAULTS:
        farm.simulator.post("faults", fault)
    with heard.service("worker"), heard.service("serve", "--no-worker", "--port", "0") as serve:
        heard.run(f"run --as-of {JANUARY}")
        webhooks(heard, serve["url"])
        farm.simulator.post("revoke", {"realm": REALMS["UK-BOOK"]})
        heard.run(f"run --as-of {FEBRUARY}")
    look(heard)
    go_wrong(heard)


def webhooks(heard: Heard, url: str) -> None:
    """Good, broken, forged and surprising events; the web's other answers."""
    good = {"subscription": "S-NEW", "party": "LONE", "product": "SUITE", "plan": "monthly", "term": "P1M",
            "start": "2026-02-01", "quantity": 3, "effective": "2026-02-01"}  # fmt: skip
    event = {"type": "subscription.updated", "timestamp": "2026-02-01T09:00:00Z", "data": good}
    bodies: tuple[Any, ...] = (
        {**event, "contact": ECHO},
        *({**event, name: ECHO} for name in event),
        *({**event, "data": {**good, name: ECHO}} for name in good if name not in CODES),
        {**event, "data": {**good, ECHO: 1}},
        [ECHO],
    )
    hook = f"{url}/hooks/subscription_events"
    answers = []
    for number, body in enumerate(bodies):
        raw = json.dumps(body).encode()
        headers = seller.signed(f"evt_{number}", raw, at=datetime.now(UTC))
        answers.append(requests.post(hook, data=raw, headers=headers, timeout=10))
    back = {"state": ECHO, "code": ECHO, "error": ECHO}
    answers += [
        requests.post(hook, data=f"{{broken {ECHO}".encode(), timeout=10),
        requests.post(f"{url}/hooks/{EMAIL}", data=ECHO.encode(), timeout=10),
        requests.get(f"{url}/oauth/connected", params=back, timeout=10),
        *(requests.get(f"{url}/{path}", timeout=10) for path in (EMAIL, "health/ready", "metrics")),
    ]
    for number, answer in enumerate(answers):
        heard.texts[f"web {number} {answer.request.method}"] = f"{answer.headers} {answer.text}"
    wait_until(lambda: not heard.run("source events --state stored")[0]["count"], seconds=60, what="applied")


def look(heard: Heard) -> None:
    """Every list and page."""
    documents, deliveries, *_ = heard.run(
        "document list", "delivery list --state parked --state blocked",
        "status", "exceptions", "book list", "delivery list", "source events", "replay plan", "replay list",
        "audit list", "audit verify", "reconcile list", "reconcile book US-BOOK",
        "mapping suggest --book US-BOOK", "book check US-BOOK", "book check UK-BOOK", "book connect UK-BOOK",
        "keys rotate", "workspace export", "db check", "adjustment list", "bill --as-of 2026-03-01 --dry-run",
        "report revenue --from 2026-01 --until 2026-03",
    )  # fmt: skip
    names = [one["number"] or one["ref"] for one in documents["documents"]]
    stopped = [one["id"] for one in deliveries["deliveries"]]
    assert len(stopped) >= 3
    heard.run(
        *(f"{verb} {name}" for name in names for verb in ("explain", "document show")),
        *(f"delivery show {one}" for one in stopped),
    )


def go_wrong(heard: Heard) -> None:
    """Wrong inputs that carry canaries, and servers that are away or refuse us."""
    farm = heard.farm
    (farm.folder / "answer").write_text(f"http://localhost/oauth/connected?code={ECHO}&state={EMAIL}")
    (farm.folder / "code").write_text("XAB-this-is-a-code-of-nobody")
    heard.run("book connect US-BOOK --code-file answer", "book connect US-BOOK --code-file code")
    database, queue = farm.environment["DATABASE_URL"], farm.environment["REDIS_URL"]
    wrong = (
        ("DATABASE_URL", re.sub(r":\d+/", ":1/", database)),
        ("DATABASE_URL", database.replace("postgresql://", "mysql://")),
        ("DATABASE_URL", f"{database}-not-there"),
        ("REDIS_URL", re.sub(r":\d+/", ":1/", queue)),
        ("REDIS_URL", queue.replace("redis://", "http://")),
        ("REDIS_URL", queue.replace(REDIS_PASSWORD, f"wrong-{REDIS_PASSWORD}")),
        ("SUBLEDGER_KEYS", farm.environment["SUBLEDGER_KEYS"][:-4]),
        ("SUBLEDGER_PORT", DATABASE_PASSWORD),
    )
    commands = ("status", "book check US-BOOK", "book resume UK-BOOK")
    heard.run_in(*(({name: value}, command) for name, value in wrong for command in commands))


class TestSecrets:
    def test_come_out_nowhere(self, heard: Heard) -> None:
        key = heard.farm.environment["SUBLEDGER_KEYS"].partition(":")[2]
        wanted = (*SECRETS, key[:-4])

        assert {name: found for name, text in heard.texts.items() if (found := held_by(text, wanted))} == {}

    def test_that_a_ledger_gave_us_come_out_nowhere(self, heard: Heard) -> None:
        assert {name: found for name, text in heard.texts.items() if (found := TOKEN.findall(text))} == {}


class TestPersonalStrings:
    def test_come_out_nowhere_but_in_the_operators_own_file(self, heard: Heard) -> None:
        assert {
            name: found
            for name, text in heard.texts.items()
            if not name.startswith("workspace export") and (found := held_by(text, PERSONAL))
        } == {}

    def test_of_names_are_on_the_operators_screen_only(self, heard: Heard) -> None:
        shown = {name for name, text in heard.texts.items() if held_by(text, (NAME,))}

        assert {name for name in shown if not name.startswith((*MAY_NAME, "workspace export"))} == set()
        assert any(name.startswith("explain") for name in shown)

    def test_are_stored_only_where_the_business_is(self, heard: Heard) -> None:
        """Attempts, reasons, audit, inbox refusals, plans, differences: nothing of a person in them."""
        engine = create_engine(heard.farm.database_url.replace("postgresql://", "postgresql+psycopg://"))
        found = {}
        with engine.connect() as connection:
            assert inspect(engine).has_table("attempt")
            for table in Row.metadata.sorted_tables:
                for column in table.columns:
                    if column.name in CONTENT.get(table.name, ()) or isinstance(column.type, LargeBinary):
                        continue
                    text = "\n".join(str(value) for value in connection.scalars(select(column)) if value)
                    if hit := [*held_by(text, (*PERSONAL, *SECRETS, NAME)), *TOKEN.findall(text)]:
                        found[f"{table.name}.{column.name}"] = hit
        engine.dispose()

        assert found == {}


class TestStory:
    def test_met_what_it_was_told_to_meet(self, heard: Heard) -> None:
        """The canaries were sung: the faults struck, something is parked, something was refused."""
        assert heard.farm.simulator.struck() >= len(FAULTS) - 2
        assert "[address]" in heard.texts["exceptions "]
        assert Path(heard.farm.folder / "0.yaml").read_text().count(EMAIL) > 5
