"""Change notices as CloudEvents, signed, at least once: sent by one thread, a few tries each."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import queue
import threading
import uuid
from datetime import UTC, datetime
from urllib.parse import urlsplit

from connectors.ledgers.quickbooks.simulator.company import Change
from connectors.ledgers.quickbooks.simulator.config import WebhookConfig
from connectors.simulation.clock import SimulatorClock
from connectors.simulation.codec import encode

_SOURCE = "intuit.c2ltdWxhdG9y"
_RETRY_AFTER_S = (0.5, 2.0, 5.0)
_TIMEOUT_S = 3.0
_ANNOUNCED = frozenset(
    {"Invoice", "CreditMemo", "Payment", "Customer", "Item", "Account", "Class", "Department", "Term"}
)


def signature_of(body: bytes, verifier_token: str) -> str:
    """The `intuit-signature` header: base64 of HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()).decode()


def events_of(changes: tuple[Change, ...]) -> list[dict[str, object]]:
    """One CloudEvent per change, with a fresh id each."""
    return [
        {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": _SOURCE,
            "type": f"qbo.{change.entity.lower()}.{change.verb}.v1",
            "datacontenttype": "application/json",
            "time": _nanoseconds(change.at),
            "intuitentityid": change.id,
            "intuitaccountid": change.realm,
            "data": {"deletedid": change.deleted_id} if change.deleted_id else {},
        }
        for change in changes
        if change.entity in _ANNOUNCED
    ]


class Webhooks:
    """Sends notices in the background while a URL is set; `delivered` and `given_up` count them."""

    def __init__(self, config: WebhookConfig, clock: SimulatorClock) -> None:
        self.config = config
        self.delivered = 0
        self.given_up = 0
        self._clock = clock
        self._queue: queue.Queue[bytes | None] = queue.Queue()
        self._thread: threading.Thread | None = None

    def notify(self, changes: tuple[Change, ...]) -> None:
        events = events_of(changes) if self.config.url else []
        if not events:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="simulator-webhooks", daemon=True)
            self._thread.start()
        self._queue.put(encode(events))

    def stop(self) -> None:
        """Ends the thread; notices still waiting are lost, as they may be in real life."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=2 * _TIMEOUT_S)

    def _run(self) -> None:
        while (body := self._queue.get()) is not None:
            if self._deliver(body):
                self.delivered += 1
            else:
                self.given_up += 1

    def _deliver(self, body: bytes) -> bool:
        for wait_s in (*_RETRY_AFTER_S, None):
            if self._post(body):
                return True
            if wait_s is not None:
                self._clock.wait(wait_s)
        return False

    def _post(self, body: bytes) -> bool:
        parts = urlsplit(self.config.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
        signature = signature_of(body, self.config.verifier_token)
        headers = {"Content-Type": "application/json", "intuit-signature": signature}
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        try:
            connection.request("POST", path, body=body, headers=headers)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _nanoseconds(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"
