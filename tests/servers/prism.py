"""Prism from npm, installed by `sh .ci/prism`: checks every request against an OpenAPI file."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.servers.process import ServerFailed, ServerProcess, free_port

PROGRAM = Path(__file__).parents[2] / ".prism/node_modules/@stoplight/prism-cli/dist/index.js"
START_TIMEOUT_S = 180
"""It reads a file of a megabyte: 12 s alone on the machine, far more on a busy one."""


def missing() -> str:
    """Why Prism cannot run on this machine, "" when it can."""
    if shutil.which("node") is None:
        return "there is no node on this machine, which Prism needs"
    return "" if PROGRAM.is_file() else "Prism is not installed: sh .ci/prism"


@contextmanager
def running_prism(contract: Path, home: Path) -> Iterator[str]:
    """The address of a Prism that serves a contract, ended when the block ends; its log is in `home`.

    It answers with the contract's examples, and 400 or 422 to what the contract does not allow.
    """
    node = shutil.which("node")
    if node is None:
        raise ServerFailed(missing())
    port = free_port()
    command = (node, str(PROGRAM), "mock", "-h", "127.0.0.1", "-p", str(port), "--errors", str(contract))
    process = ServerProcess(command, home / "prism.log", end_signal=signal.SIGKILL)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            requests.get(url, timeout=60)
        except requests.ConnectionError:
            return False
        return True

    process.start(answers, within_s=START_TIMEOUT_S)
    try:
        yield url
    finally:
        process.kill()
