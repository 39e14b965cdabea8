"""Idempotency keys: the first answer under a key is given again, another request under it is refused.

How long Xero remembers a key is not published, so it is forgotten soon: a client must not lean on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.ledgers.xero.simulator.voice import bad_request
from connectors.simulation.exchange import Answer, Request


@dataclass(frozen=True, slots=True)
class _Remembered:
    digest: str
    answer: Answer
    until: datetime


@dataclass
class Keys:
    """Held under the lock of the organisation whose call it is."""

    window_s: float
    now: Callable[[], datetime]
    _held: dict[tuple[str, str], _Remembered] = field(default_factory=dict)

    def answer(self, tenant: str, key: str, request: Request) -> Answer | None:
        """What the key's first request was answered, while it is remembered."""
        held = self._held.get((tenant, key))
        if held is None or held.until <= self.now():
            return None
        if held.digest != _digest(request):
            return bad_request("The Idempotency-Key was used for another request")
        return held.answer

    def remember(self, tenant: str, key: str, request: Request, answer: Answer) -> None:
        until = self.now() + timedelta(seconds=self.window_s)
        self._held[(tenant, key)] = _Remembered(_digest(request), answer, until)


def _digest(request: Request) -> str:
    whole = (request.method, request.path, repr(sorted(request.query.items())))
    return hashlib.sha256("\n".join(whole).encode() + request.body).hexdigest()
