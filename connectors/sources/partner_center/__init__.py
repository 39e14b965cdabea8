"""Microsoft Partner Center: subscriptions and reconciliation lines, read from files in the wire format."""

from connectors.sources.partner_center.imported import (
    DateOrder,
    Flag,
    Import,
    NextTerm,
    ProviderLine,
    ProviderSubscription,
    RefundOption,
    Refusal,
    SeatBatch,
)
from connectors.sources.partner_center.read import read_file, read_pages
from connectors.sources.partner_center.resource import read_resource
from connectors.sources.partner_center.state import parties_by_tenant, products_by_offer, to_state

__all__ = [
    "DateOrder",
    "Flag",
    "Import",
    "NextTerm",
    "ProviderLine",
    "ProviderSubscription",
    "RefundOption",
    "Refusal",
    "SeatBatch",
    "parties_by_tenant",
    "products_by_offer",
    "read_file",
    "read_pages",
    "read_resource",
    "to_state",
]
