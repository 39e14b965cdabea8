"""`POST /hooks/{source}`: verified on the raw bytes, stored, committed, answered. It does not think."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from worker.bootstrap import App
from worker.flows.receive import receive


def receive_event(
    app: App, source: str, *, headers: Mapping[str, str], raw: bytes
) -> tuple[int, dict[str, str]]:
    """Status and body of the answer. An unknown source and a bad signature get the same one."""
    secrets = app.settings.secrets_of(source)
    received = receive(app.ports, source, headers=headers, raw=raw, secrets=secrets)
    match received.outcome:
        case "stored" | "duplicate":
            return 202, {"id": received.event, "outcome": received.outcome}
        case "conflict":
            why = "An event with this id and another body was stored before; this one was not used."
            return 409, {"error": "conflict", "why": why, "id": received.event}
        case "unsigned":
            return 401, {"error": "unauthorized", "why": "The request is not signed by a sender we know."}
    assert_never(received.outcome)
