"""A single subscription resource, as an event carries it, read into `SubscriptionState` or refused whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connectors.errors import Refused
from connectors.sources.partner_center import kinds
from connectors.sources.partner_center.imported import ProviderSubscription, Refusal
from connectors.sources.partner_center.records import Place
from connectors.sources.partner_center.state import to_state
from connectors.sources.partner_center.subscriptions import read_subscription
from mappings.canonical.subscription import SubscriptionState


def read_resource(
    resource: Mapping[str, object], *, changed_at: datetime | None, observed: str
) -> SubscriptionState:
    """The state of one resource; party and product stay "" for the caller, who knows the set-up.

    Raises `Refused` (code `event_invalid`) with every reason and the provider's name of each field.
    """
    kind = kinds.of_record(resource).kind
    if kind not in (kinds.SUBSCRIPTION, kinds.UNKNOWN):
        raise _refused(f"the resource is {kind.title}, not a subscription")
    read = read_subscription(resource, place=Place("the event", 0))
    if not isinstance(read[0], ProviderSubscription):
        reasons = (f"{part.field}: {part.sentence}" for part in read if isinstance(part, Refusal))
        raise _refused(" ".join(reasons))
    return to_state(
        read[0], products_by_offer={}, parties_by_tenant={}, changed_at=changed_at, observed=observed
    )


def _refused(why: str) -> Refused:
    return Refused(
        why=f"The Partner Center subscription in the event cannot be read: {why}",
        code="event_invalid",
        hint="Correct the sender and send the event again under a new id.",
    )
