"""Waiting for the end of a process that serves: SIGTERM and Ctrl-C end it in good order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from worker.cli import exits


class Stopping:
    """Set once a signal came; a second Ctrl-C does not wait for the drain."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.signal: int | None = None

    @property
    def code(self) -> int:
        """Exit code: SIGTERM is how a service is stopped, Ctrl-C is an interruption."""
        return exits.INTERRUPTED if self.signal == signal.SIGINT else exits.DONE

    def is_set(self) -> bool:
        """Whether to stop."""
        return self._event.is_set()

    def wait(self) -> None:
        """Return when a signal has come."""
        while not self._event.wait(0.5):  # with a timeout, so that signals are seen on every platform
            pass

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._event.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = number
        self._event.set()


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Listen to SIGTERM and SIGINT inside the block; the handlers from before come back after it."""
    stop = Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, stop._handle) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
