"""Signed subscription events in our own format, for systems that know when a subscription changes."""

from connectors.sources.subscription_events.event import ResourceReader, observed_text
from connectors.sources.subscription_events.source import NAME, SubscriptionEvents

__all__ = ["NAME", "ResourceReader", "SubscriptionEvents", "observed_text"]
