"""Processes that run until they are told to stop: they announce themselves and end in good order."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT
from tests.unit.worker.cli.conftest import Command
from worker.cli import exits

PATIENCE_S = 60


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    """A `subledger` process with what it announced as JSON."""
    process = subprocess.Popen(
        [sys.executable, "-m", "worker", *arguments, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    try:
        yield process, _announced(process)
    finally:
        process.kill()
        process.communicate()


def _announced(process: subprocess.Popen[str]) -> Any:
    """The JSON document it prints first; a line that is only `}` ends it."""
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or lines[-1] != "}\n":
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        lines.append(line)
    return json.loads("".join(lines))


def ended(process: subprocess.Popen[str], number: int) -> tuple[int, str]:
    """Exit code and stderr after a signal."""
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, err


def status_of(url: str, path: str) -> int:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


class TestServe:
    def test_answers_works_for_others_and_ends_on_sigterm(
        self, installation: Path, run_command: Command
    ) -> None:
        """Row 76."""
        with started("serve", "--port", "0") as (process, told):
            ready = status_of(told["url"], "/health/ready")
            billing = run_command("bill")
            handed_over = run_command("run", "--as-of", "2026-01-31", "--json")
            code, err = ended(process, signal.SIGTERM)

        assert (told["schema"], told["worker"], ready) == (1, True, 200)
        assert billing.code == exits.LATER
        assert (handed_over.code, handed_over.json["posted"]) == (exits.DONE, 3)
        assert code == exits.DONE
        assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [("worker",), ("simulator", "quickbooks", "--port", "0"), ("simulator", "xero", "--port", "0")],
    ids=["worker", "quickbooks", "xero"],
)
class TestLongCommand:
    def test_announces_itself_and_ends_with_130_on_ctrl_c(
        self, arguments: Sequence[str], installation: Path
    ) -> None:
        with started(*arguments) as (process, told):
            code, err = ended(process, signal.SIGINT)

        assert told["schema"] == 1
        assert code == exits.INTERRUPTED
        assert "Traceback" not in err


class TestSimulator:
    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("simulator beancount", "has no simulator"),
            ("simulator xero --port 0 --state books", "the books of this simulator end with it"),
            ("simulator quickbooks --host 192.0.2.1", "only listens on loopback"),
        ],
    )
    def test_that_cannot_run_says_why(self, line: str, told: str, folder: Path, run_command: Command) -> None:
        ended = run_command(*line.split())

        assert (ended.code, told in ended.err) == (exits.WRONG_USE, True), ended.err
