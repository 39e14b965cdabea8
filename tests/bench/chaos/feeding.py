"""The sender: one signed event after the other, each repeated until it is answered with 202."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import requests

from tests.bench.chaos.park import Park
from tests.faults.seller import Seller, signed

_TIMEOUT_S = 10.0
_AGAIN_S = 0.3
_ACCEPTED = 202


@dataclass
class Feed:
    """Tells events at a steady rate from a thread of its own until stopped."""

    park: Park
    seller: Seller
    per_second: float
    accepted: list[int] = field(default_factory=list)
    repeats: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Return when the last event is accepted."""
        self._stop.set()
        assert self._thread is not None
        self._thread.join()

    def _run(self) -> None:
        number, began = 0, time.monotonic()
        while not self._stop.is_set():
            while not self._is_accepted(number):
                self.repeats += 1
                time.sleep(_AGAIN_S)
            self.accepted.append(number)
            number += 1
            self._stop.wait(max(0.0, began + number / self.per_second - time.monotonic()))

    def _is_accepted(self, number: int) -> bool:
        event_id, body = self.seller.event(number)
        headers = signed(event_id, body, at=datetime.now(UTC))
        try:
            answer = requests.post(self.park.hook, data=body, headers=headers, timeout=_TIMEOUT_S)
        except (requests.RequestException, ValueError, OSError):  # the web is down, or not announced yet
            return False
        return answer.status_code == _ACCEPTED
