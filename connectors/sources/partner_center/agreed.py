"""What a provider's subscription says beyond its quantity: terms, what is scheduled, seats it takes back."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from connectors.sources.partner_center import plans
from connectors.sources.partner_center.imported import NextTerm as ScheduledTerm
from connectors.sources.partner_center.imported import ProviderSubscription
from mappings.canonical.period import add_months, duration_months, months_between
from mappings.canonical.subscription import Agreed, NextTerm, RefundableSeats

NOTHING_SCHEDULED = NextTerm()


def agreed_of(subscription: ProviderSubscription) -> Agreed:
    """The terms as the resource states them. It always says what is scheduled, so nothing means none."""
    goes_on = subscription.auto_renew or subscription.open_ended
    scheduled = subscription.next_term
    return Agreed(
        offer=subscription.offer,
        plan=subscription.plan,
        term=subscription.term,
        term_end=_custom_end(subscription),
        end=None if goes_on else subscription.commitment_until,
        auto_renew=goes_on,
        next_term=NOTHING_SCHEDULED if scheduled is None else _scheduled(scheduled),
        promotion=subscription.promotion,
    )


def refundable_of(subscription: ProviderSubscription) -> tuple[RefundableSeats, ...] | None:
    """The batches the provider still takes back, None where it says nothing of them."""
    if subscription.refundable_total is None and not subscription.refundable_batches:
        return None
    return tuple(
        RefundableSeats(batch.quantity, batch.until)
        for batch in subscription.refundable_batches
        if batch.until is not None
    )


def anchored_at(subscription: ProviderSubscription) -> datetime | None:
    """The instant of the start; midnight is the provider's way to write a day, so it is none."""
    start = subscription.effective_at
    return None if start.time() == time(0) else start


def _custom_end(subscription: ProviderSubscription) -> date | None:
    """The end of a new-commerce term that is not a whole term after its start (co-term)."""
    until = subscription.commitment_until
    if until is None or subscription.open_ended or not plans.is_new_commerce(subscription.offer):
        return None
    try:
        step = duration_months(subscription.term)
    except ValueError:
        return None
    start = subscription.start
    whole = add_months(start, months_between(start, until, step) * step)
    return None if whole == until else until


def _scheduled(scheduled: ScheduledTerm) -> NextTerm:
    offer = ":".join(filter(None, (scheduled.product_id, scheduled.sku_id, scheduled.availability_id)))
    return NextTerm(
        quantity=scheduled.quantity,
        offer=offer,
        plan=plans.plan_of(scheduled.billing_cycle),
        term=scheduled.term.upper(),
        until=None if scheduled.custom_end_at is None else scheduled.custom_end_at.date() + timedelta(days=1),
    )
