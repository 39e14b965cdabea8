"""A server program as a direct child of this process: start, wait until it answers, stop, kill."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
POLL_S = 0.01
PORTS = range(15_000, 32_000)  # below what systems hand to clients, so that a restart finds its port free
LAUNCHER = Path(__file__).with_name("launch.py")


class ServerFailed(Exception):
    """A server ended or did not answer; the message carries the end of its log."""


def free_port() -> int:
    """A loopback port that nothing listens on right now."""
    candidates = random.SystemRandom().sample(PORTS, 100)
    for port in candidates:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerFailed(f"none of 100 ports between {PORTS.start} and {PORTS.stop} is free on 127.0.0.1")


@dataclass
class ServerProcess:
    """One server program; `command` is run as `user` ("" = ours), its output goes to `log`.

    On Linux it also ends when the thread that started it ends, even by SIGKILL: start it from a
    thread that lives as long as the server should.
    """

    command: tuple[str, ...]
    log: Path
    user: str = ""
    end_signal: signal.Signals = signal.SIGTERM
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """The process id. Raises ServerFailed when it was not started."""
        if self._child is None:
            raise ServerFailed(f"{self.command[0]} is not running")
        return self._child.pid

    def start(self, answers: Callable[[], bool], *, within_s: float = START_TIMEOUT_S) -> None:
        """Start the program and return once `answers` is true. Raises ServerFailed with its log."""
        if self._child is not None:
            raise ServerFailed(f"{self.command[0]} is already running")
        self._child = spawn(self.command, log=self.log, user=self.user, end_signal=self.end_signal)
        deadline = time.monotonic() + within_s
        while not answers():
            if self._child.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerFailed(f"{self.command[0]} did not start:\n{tail(self.log)}")
            time.sleep(POLL_S)

    def stop(self, by: signal.Signals) -> None:
        """Ask the program to end and wait for it; one that does not listen is killed."""
        if self._child is None:
            return
        self._child.send_signal(by)
        try:
            self._child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._child = None

    def kill(self) -> None:
        """SIGKILL for the program and all its children; returns when every one of them is gone."""
        if self._child is None:
            return
        family = []
        if self._child.poll() is None:
            parent = psutil.Process(self._child.pid)
            parent.suspend()  # so that it starts no more children meanwhile
            family = parent.children(recursive=True)
        self._child.kill()
        for process in family:
            process.kill()
        self._child.wait(STOP_TIMEOUT_S)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while any(map(_lives, family)) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        self._child = None


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE  # where nobody reaps orphans a dead one stays so
    except psutil.NoSuchProcess:
        return False


def spawn(
    command: tuple[str, ...], *, log: Path, user: str, end_signal: signal.Signals
) -> subprocess.Popen[bytes]:
    """Start `command` as a direct child with a small environment; its output is appended to `log`."""
    launch = (sys.executable, "-I", str(LAUNCHER), str(os.getpid()), str(int(end_signal)), user, *command)
    with log.open("ab") as output:
        return subprocess.Popen(
            launch,
            cwd=log.parent,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in a terminal is for us; we then stop the server in order
        )


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log, for an error message."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
