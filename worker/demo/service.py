"""`subledger serve` as the demo's child, and a sender that signs events as Standard Webhooks says."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec

from connectors.http.session import HttpSession, Request
from connectors.protocols import Clock
from worker.demo import children
from worker.demo.children import Child, ChildFailed
from worker.demo.folder import DemoFolder
from worker.demo.scenario import Change

SOURCE = "subscription_events"
SECRET = base64.b64encode(b"the webhook secret of the demo only").decode()
_DEADLINE_S = 10.0
_ACCEPTED = 202


class _Announced(msgspec.Struct):
    url: str


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: web, worker and sweeper in one process."""

    url: str
    child: Child
    session: HttpSession
    clock: Clock

    def tell(self, change: Change) -> None:
        """Send one signed event; returns when the service has stored it and answered 202."""
        body = change.body()
        headers = signed_headers(change.id, body, at=self.clock.now())
        url = f"{self.url}/hooks/{SOURCE}"
        answer = self.session.send(Request("POST", url, headers=headers, body=body, deadline_s=_DEADLINE_S))
        if answer.status != _ACCEPTED:
            told = answer.body[:300].decode("utf-8", "replace")
            raise ChildFailed(f"The service answered {answer.status} to event {change.id}: {told}")


def signed_headers(event_id: str, body: bytes, *, at: datetime) -> dict[str, str]:
    """The headers of an event, signed with the demo's secret (standardwebhooks.com, version 1)."""
    sent_at = str(int(at.timestamp()))
    signed = f"{event_id}.{sent_at}.".encode("ascii") + body
    signature = hmac.new(base64.b64decode(SECRET), signed, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": sent_at,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode('ascii')}",
    }


@contextmanager
def running(folder: DemoFolder, *, client_secret: str, clock: Clock) -> Iterator[Service]:
    """The service on a free loopback port until the block ends."""
    env = {
        "DATABASE_URL": folder.database_url,
        "SUBLEDGER_CLIENT_SECRETS": f"*={client_secret}",
        "SUBLEDGER_WEBHOOK_SECRETS": f"{SOURCE}={SECRET}",
    }
    arguments = ["serve", "--host", "127.0.0.1", "--port", "0", "--json"]
    with children.running("service (subledger serve)", "worker", arguments, env=env, log=folder.log) as child:
        url = _announced(child).url
        session = HttpSession(clock)
        try:
            yield Service(url, child, session, clock)
        finally:
            session.close()


def _announced(child: Child) -> _Announced:
    """What the service prints once it listens: one JSON document over several lines."""
    document = child.next_line()
    while True:
        try:
            return msgspec.json.decode(document, type=_Announced)
        except msgspec.DecodeError:
            document += child.next_line()
