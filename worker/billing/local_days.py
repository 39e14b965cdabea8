"""An instant falls on the issuer's local day, whatever day it is in UTC (billing rules, "Runs and dates")."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from mappings.canonical.subscription import Subscription, SubscriptionVersion
from mappings.lean import replace

MIDNIGHT = time(0)


def local_versions(versions: Iterable[SubscriptionVersion], zone: str) -> tuple[SubscriptionVersion, ...]:
    """The versions, each with an instant on the day it is in a zone."""
    return tuple(
        version
        if version.at is None or (day := local_day(version.at, zone)) == version.on
        else replace(version, on=day)
        for version in versions
    )


def local_anchor(subscription: Subscription, zone: str) -> Subscription:
    """The subscription with its billing grid on the local day of its anchor."""
    if subscription.anchored_at is None:
        return subscription
    day = local_day(subscription.anchored_at, zone)
    return subscription if day == subscription.anchor else replace(subscription, anchor=day)


def local_day(instant: datetime, zone: str) -> date:
    """The calendar day of an instant in a zone. Providers write days as midnight UTC: those stay the day."""
    return instant.date() if instant.time() == MIDNIGHT else instant.astimezone(_zone(zone)).date()


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
