"""The source behind `POST /hooks/subscription_events`: our own format of signed subscription events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.errors import Refused
from connectors.protocols import Event
from connectors.sources.subscription_events.event import ResourceReader, read_event
from connectors.sources.subscription_events.signature import MESSAGE_ID, is_signed, lowered
from mappings.canonical.subscription import SubscriptionState

NAME = "subscription_events"


@dataclass(frozen=True, slots=True)
class SubscriptionEvents:
    """A `Source`. `formats` are readers of providers' own resources, handed in by the registry."""

    formats: Mapping[str, ResourceReader] = field(default_factory=dict)
    name: str = NAME

    def verify(
        self, headers: Mapping[str, str], raw: bytes, *, secrets: Sequence[str], now: datetime
    ) -> bool:
        """Whether the sender knows one of the secrets; no usable secret = a closed door."""
        return is_signed(headers, raw, secrets=secrets, now=now)

    def event_id(self, headers: Mapping[str, str], raw: bytes) -> str:
        """The `webhook-id` header, which `verify` has accepted; the same id is the same event."""
        found = lowered(headers).get("webhook-id", "")
        if not MESSAGE_ID.fullmatch(found):
            raise Refused(why="The event has no usable webhook-id header.", code="event_invalid")
        return found

    def read(self, event: Event) -> tuple[SubscriptionState, ...]:
        """The state the event tells. Raises `Refused` naming the member that is wrong."""
        return read_event(event.body, event_id=event.event_id, source=self.name, formats=self.formats)
