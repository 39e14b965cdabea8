"""What the simulator was told stays: over restarts, kill -9, and in its config file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from connectors.ledgers.quickbooks.simulator import (
    BadConfig,
    Running,
    SimulatorConfig,
    read_config,
)
from tests.contract.quickbooks.simulator_calls import (
    US,
    US_COMPANY,
    Caller,
    codes,
    refresh,
    simulator,
    us_invoice,
)

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def running() -> Iterator[Running]:
    with simulator() as running:
        yield running


@pytest.fixture
def us(running: Running) -> Caller:
    return Caller(running, US)


class TestState:
    def test_survives_a_restart(self, tmp_path: Path) -> None:
        with simulator(US_COMPANY, folder=tmp_path) as running:
            caller = Caller(running, US)
            first = caller.post("invoice", us_invoice("K-1"), requestid="kept")
            token = running.refresh_token(US)
            before = running.simulator.dump(US)

        with simulator(US_COMPANY, folder=tmp_path) as running:
            again = Caller(running, US)
            assert again.post("invoice", us_invoice("K-9"), requestid="kept").content == first.content
            assert codes(again.post("invoice", us_invoice("K-1"))) == ["6140"]
            assert refresh(running, token).status_code == 200
            assert running.simulator.dump(US) == before

    def test_survives_kill_9(self, tmp_path: Path) -> None:
        """What was answered is there afterwards; ids go on where they stopped."""
        with Process(tmp_path) as (server, ready):
            numbers = [f"K9-{number}" for number in range(20)]
            made = [post_invoice(ready, number) for number in numbers]
            os.kill(server.pid, signal.SIGKILL)
            server.wait()

        with Process(tmp_path) as (_server, ready):
            listed = {", ".join(f"'{number}'" for number in numbers)}.pop()
            found = query(ready, f"select * from Invoice where DocNumber in ({listed})")["Invoice"]
            later = post_invoice(ready, "K9-later")

        assert [row["Id"] for row in found] == [row["Id"] for row in made]
        assert int(later["Id"]) > int(made[-1]["Id"])

    def test_is_reset_to_the_seed(self, us: Caller) -> None:
        us.created("Invoice", us_invoice("X-1"))

        us.admin("reset", {"realm": US})

        assert us.query("select * from Invoice") == {}
        assert us.query("select count(*) from Customer")["totalCount"] == 1


class TestConfig:
    def test_is_read_from_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "simulator.json"
        company = {"realm_id": "1", "name": "A", "book_close_date": "2026-09-30", "us_tax_percent": "7.5"}
        file.write_text(json.dumps({"companies": [company], "server_limit_s": 1}))

        config = read_config(file)

        assert str(config.companies[0].us_tax_percent) == "7.5"
        assert str(config.companies[0].book_close_date) == "2026-09-30"

    def test_is_the_same_after_writing_and_reading(self, tmp_path: Path) -> None:
        config = SimulatorConfig(companies=(US_COMPANY,), server_limit_s=1)
        file = tmp_path / "simulator.json"
        file.write_bytes(msgspec.json.encode(config))

        assert read_config(file) == config

    @pytest.mark.parametrize(
        ("text", "named"),
        [
            ('{"companys": []}', "companys"),
            ('{"companies": [{"realm_id": "1", "name": "A", "colour": 1}]}', "colour"),
            ('{"companies": [{"realm_id": "x", "name": "A"}]}', "realm_id"),
            ('{"limits": {"enabled": "yes"}}', "enabled"),
            ("{", "truncated"),
        ],
    )
    def test_names_what_is_wrong_in_it(self, text: str, named: str, tmp_path: Path) -> None:
        file = tmp_path / "simulator.json"
        file.write_text(text)

        with pytest.raises(BadConfig, match=named):
            read_config(file)


class Process:
    """The simulator as its own process, with its ready line."""

    def __init__(self, folder: Path) -> None:
        config = folder / "config.json"
        items = [{"id": "41", "name": "Seat"}]
        company = {"realm_id": US, "name": "US", "multicurrency": False, "items": items}
        company["customers"] = [{"id": "102", "name": "Contoso West"}]
        config.write_text(json.dumps({"companies": [company], "limits": {"enabled": False}}))
        self._command = [sys.executable, "-m", "connectors.ledgers.quickbooks.simulator", "--print-ready"]
        self._command += ["--state", str(folder / "state"), "--config", str(config)]

    def __enter__(self) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        self._server = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
        assert self._server.stdout is not None
        return self._server, json.loads(self._server.stdout.readline())

    def __exit__(self, *_exc: object) -> None:
        self._server.terminate()
        code = self._server.wait(10)
        assert self._server.stdout is not None
        self._server.stdout.close()
        assert code in (0, -signal.SIGKILL)


def process_call(ready: dict[str, Any], method: str, path: str, **arguments: Any) -> dict[str, Any]:
    form = {"grant_type": "refresh_token", "refresh_token": ready["realms"][0]["refresh_token"]}
    auth = (ready["client_id"], ready["client_secret"])
    pair = requests.post(f"{ready['url']}/oauth2/v1/tokens/bearer", data=form, auth=auth, timeout=10).json()
    headers = {"Authorization": f"Bearer {pair['access_token']}", "Accept": "application/json"}
    url = f"{ready['url']}/v3/company/{US}/{path}"
    answer = requests.request(method, url, headers=headers, timeout=10, **arguments)
    assert answer.status_code == 200, answer.text
    decoded: dict[str, Any] = answer.json()
    return decoded


def post_invoice(ready: dict[str, Any], number: str) -> dict[str, Any]:
    line = {"Amount": 22, "DetailType": "SalesItemLineDetail"}
    line["SalesItemLineDetail"] = {"ItemRef": {"value": "41"}}
    body = {"CustomerRef": {"value": "102"}, "DocNumber": number, "Line": [line]}
    made: dict[str, Any] = process_call(ready, "POST", "invoice", json=body)["Invoice"]
    return made


def query(ready: dict[str, Any], text: str) -> dict[str, Any]:
    found: dict[str, Any] = process_call(ready, "GET", "query", params={"query": text})["QueryResponse"]
    return found
