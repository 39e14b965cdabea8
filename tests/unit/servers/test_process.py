"""A server never outlives the process that started it."""

from __future__ import annotations

import signal
import subprocess
import sys

import psutil

STARTS_A_SERVER = """
import sys
from tests.servers import running_redis
with running_redis() as server:
    print(server.process.pid, flush=True)
    sys.stdin.read()
"""


if sys.platform == "linux":  # elsewhere a child is not told that its parent was killed

    class TestServerProcess:
        def test_ends_with_a_parent_that_was_killed(self) -> None:
            program = subprocess.Popen(
                (sys.executable, "-c", STARTS_A_SERVER), stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            with program:
                assert program.stdout is not None
                server = psutil.Process(int(program.stdout.readline()))

                program.send_signal(signal.SIGKILL)

            assert _is_gone(server)


def _is_gone(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE or process.wait(10) is None
    except psutil.NoSuchProcess:
        return True
