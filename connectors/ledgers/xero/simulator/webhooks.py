"""Change notices, signed, at least once; before the first one the intent to receive is asked for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import queue
import secrets
import threading
from collections.abc import Sequence
from urllib.parse import urlsplit

from connectors.ledgers.xero.simulator.config import WebhookConfig
from connectors.ledgers.xero.simulator.organisation import Event
from connectors.simulation.clock import SimulatorClock
from connectors.simulation.codec import encode

_RETRY_AFTER_S = (0.5, 2.0, 5.0)
_TIMEOUT_S = 5.0
_CATEGORIES = {"Invoices": "INVOICE", "CreditNotes": "CREDITNOTE", "Contacts": "CONTACT"}


def signature_of(body: bytes, key: str) -> str:
    """The `x-xero-signature` header: base64 of HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def body_of(events: Sequence[Event], *, first_sequence: int) -> bytes:
    """One delivery; items have no notices."""
    listed = [
        {
            "resourceUrl": f"https://api.xero.com/api.xro/2.0/{event.kind}/{event.id}",
            "resourceId": event.id,
            "tenantId": event.tenant_id,
            "tenantType": "ORGANISATION",
            "eventCategory": _CATEGORIES[event.kind],
            "eventType": "CREATE" if event.is_new else "UPDATE",
            "eventDateUtc": event.at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3],
        }
        for event in events
        if event.kind in _CATEGORIES
    ]
    last = first_sequence + max(len(listed) - 1, 0)
    return encode(
        {
            "events": listed,
            "firstEventSequence": first_sequence,
            "lastEventSequence": last,
            "entropy": secrets.token_hex(10).upper(),
        }
    )


class Webhooks:
    """Sends notices in the background while a URL is set; `is_active` once the receiver proved itself."""

    def __init__(self, config: WebhookConfig, clock: SimulatorClock) -> None:
        self.config = config
        self.is_active = False
        self.delivered = 0
        self.given_up = 0
        self._clock = clock
        self._sequence = 1
        self._queue: queue.Queue[bytes | None] = queue.Queue()
        self._thread: threading.Thread | None = None

    def validate(self) -> bool:
        """The intent to receive: a well signed delivery must get 200, a badly signed one 401."""
        body = body_of((), first_sequence=0)
        good = self._post(body, signature_of(body, self.config.key))
        bad = self._post(body, signature_of(body, f"not {self.config.key}"))
        self.is_active = (good, bad) == (200, 401)
        return self.is_active

    def notify(self, events: Sequence[Event]) -> None:
        told = [event for event in events if event.kind in _CATEGORIES]
        if not self.config.url or not told:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="xero-simulator-webhooks", daemon=True)
            self._thread.start()
        self._queue.put(body_of(told, first_sequence=self._sequence))
        self._sequence += len(told)

    def stop(self) -> None:
        """Ends the thread; notices still waiting are lost, as they may be in real life."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=2 * _TIMEOUT_S)

    def _run(self) -> None:
        while (body := self._queue.get()) is not None:
            if (self.is_active or self.validate()) and self._deliver(body):
                self.delivered += 1
            else:
                self.given_up += 1

    def _deliver(self, body: bytes) -> bool:
        signature = signature_of(body, self.config.key)
        for wait_s in (*_RETRY_AFTER_S, None):
            if self._post(body, signature) == http.client.OK:
                return True
            if wait_s is not None:
                self._clock.wait(wait_s)
        return False

    def _post(self, body: bytes, signature: str) -> int:
        """The status of the answer, 0 without one."""
        parts = urlsplit(self.config.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
        headers = {"Content-Type": "application/json", "x-xero-signature": signature}
        try:
            connection.request("POST", parts.path or "/", body=body, headers=headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()
