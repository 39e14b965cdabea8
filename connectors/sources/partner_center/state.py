"""A provider's subscription as `SubscriptionState`: provider ids mapped to our codes, "" where unknown.

Days are the UTC days of the provider; the exact instant stays in `at`, so that the issuer's own calendar day
can be found later. One resource tells what is held now, not since when: see `changed_at`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from connectors.sources.partner_center.agreed import agreed_of, anchored_at, refundable_of
from connectors.sources.partner_center.imported import ProviderSubscription
from mappings.canonical.catalog import Product
from mappings.canonical.party import Party
from mappings.canonical.subscription import Status, Subscription, SubscriptionState, SubscriptionVersion
from mappings.identity import fingerprint

SOURCE_NAME = "partner_center"

_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def products_by_offer(products: Iterable[Product]) -> Mapping[str, str]:
    """Product code by every offer id of ours, in lower case."""
    return {offer.lower(): product.code for product in products for offer in product.offers}


def parties_by_tenant(parties: Iterable[Party]) -> Mapping[str, str]:
    """Party code by every Microsoft tenant id of ours, in lower case."""
    return {tenant.lower(): party.code for party in parties for tenant in party.tenants}


def to_state(
    subscription: ProviderSubscription,
    *,
    products_by_offer: Mapping[str, str],
    parties_by_tenant: Mapping[str, str],
    changed_at: datetime | None = None,
    observed: str = "",
) -> SubscriptionState:
    """Lasting facts and version of one resource. Both mappings have lower-case keys.

    `changed_at` None is the first sight: what is held counts from the effective start. When an earlier
    state is known and this one differs, the caller says since when (an event's instant, or the instant
    of the look); an earlier time than the start counts as the start. `observed` is when the provider was
    asked, as ISO text in UTC. The version's `ref` is made of its facts, so the same file read twice is
    one version.
    """
    code = provider_code(subscription.id)
    ends = subscription.commitment_until
    goes_on = subscription.auto_renew or subscription.open_ended
    lasting = Subscription(
        code=code,
        source=SOURCE_NAME,
        party=parties_by_tenant.get(subscription.tenant.lower(), ""),
        product=_product(subscription.offer, products_by_offer),
        term=subscription.term,
        plan=subscription.plan,
        anchor=subscription.start,
        offer=subscription.offer,
        tenant=subscription.tenant,
        name=subscription.friendly_name or subscription.offer_name,
        parent=provider_code(subscription.parent),
        end=None if goes_on and subscription.status != "expired" else ends,
        auto_renew=goes_on,
        promotion=subscription.promotion,
        anchored_at=anchored_at(subscription),
    )
    agreed, refundable = agreed_of(subscription), refundable_of(subscription)
    since = max(changed_at or subscription.effective_at, subscription.effective_at)
    versions = tuple(
        _version(
            SubscriptionVersion(
                subscription=code,
                ref="",
                on=on,
                quantity=subscription.quantity,
                status=status,
                observed=observed,
                at=at,
                accepted=True,
                agreed=agreed if status in {"active", "suspended"} else None,
                refundable=refundable if status in {"active", "suspended"} else None,
            )
        )
        for status, on, at in _statuses(subscription, since, first_sight=changed_at is None)
    )
    return SubscriptionState(lasting, versions)


def provider_code(provider_id: str) -> str:
    """The provider's id as our code: GUIDs in lower case, because the provider writes both."""
    return provider_id.lower() if _GUID.fullmatch(provider_id) else provider_id


def _product(offer: str, products_by_offer: Mapping[str, str]) -> str:
    """By the whole offer id, else by product:sku: the availability changes with market and price list."""
    folded = offer.lower()
    without_availability = ":".join(folded.split(":")[:2])
    return products_by_offer.get(folded) or products_by_offer.get(without_availability, "")


def _statuses(
    subscription: ProviderSubscription, since: datetime, *, first_sight: bool
) -> tuple[tuple[Status, date, datetime | None], ...]:
    """What is held from which day. An expired one was held until its term ended; a deleted one that we see
    for the first time was cancelled on a day nobody told us, so nothing of it is billed; one that is not
    active yet, or has a status we do not know, is not held.
    """
    day = since.date()
    until = subscription.commitment_until
    match subscription.status:
        case "active":
            return (("active", day, since),)
        case "suspended":
            return (("suspended", day, since),)
        case "expired":
            ended: tuple[Status, date, datetime | None] = (
                ("expired", day, since) if until is None else ("expired", until, None)
            )
            return (("active", day, since), ended) if first_sight and until else (ended,)
        case "deleted":
            return (("cancelled", day, since),)
    return ()


def _version(version: SubscriptionVersion) -> SubscriptionVersion:
    """The version under a ref made of its facts, whenever and however often they are read."""
    quantity = f"{version.quantity:f}"
    facts = (
        SOURCE_NAME,
        version.subscription,
        version.on,
        quantity.rstrip("0").rstrip(".") if "." in quantity else quantity,
        version.status,
        version.agreed,
        version.refundable,
    )
    return replace(version, ref=fingerprint(facts)[:32])
