"""A server never outlives the process that started it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil

STARTS_A_SERVER = """
import sys
from pathlib import Path
from tests.servers import running_redis
with running_redis(Path(sys.argv[1])) as server:
    print(server.process.pid, flush=True)
    sys.stdin.read()
"""


if sys.platform == "linux":  # elsewhere a child is not told that its parent was killed

    class TestServerProcess:
        def test_ends_with_a_parent_that_was_killed(self, tmp_path: Path) -> None:
            program = subprocess.Popen(
                (sys.executable, "-c", STARTS_A_SERVER, str(tmp_path)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
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
