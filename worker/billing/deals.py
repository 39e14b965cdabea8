"""Who sells what to whom at which price, for one cycle: from the contract, or from charges that stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from mappings.canonical.contract import Contract
from mappings.canonical.party import Issuer
from mappings.canonical.period import Period
from mappings.canonical.subscription import Subscription
from mappings.lean import replace
from worker.billing.charges import Deal, Owed
from worker.billing.cycles import Calendar, DueCycle
from worker.billing.documents import Catalog
from worker.billing.hierarchy import Tree, is_consolidated, payer
from worker.billing.memo import remembered_pair
from worker.billing.periods import CYCLE_MONTHS, term_start
from worker.billing.pools import Pools, is_fixed_at_purchase, pool_period
from worker.billing.pricing import PriceBook, price_facts
from worker.billing.splits import split_parts
from worker.billing.tax_points import tax_day
from worker.billing.taxes import TaxChoice, standing_tax, tax_of
from worker.billing.term_prices import (
    NO_TERM_PRICES,
    Find,
    TermPrices,
    converted,
    est_price,
    may_be_promoted,
    promoted,
    usage_rate_missing,
)
from worker.billing.timeline import term_months
from worker.billing.values import ChargeKind, Check, PriceFacts, SplitPart, Terms

_KINDS: Mapping[str, ChargeKind] = {"usage": "usage", "one_time": "one_time"}


@dataclass(frozen=True, slots=True)
class Ground:
    """What a group is billed by: catalogue, contracts and prices.

    `issued_on` is the day of each issuer on which what is billed now is issued; empty, it is the day that is
    billed for.
    """

    catalog: Catalog
    calendar: Calendar
    prices: PriceBook
    terms: TermPrices = NO_TERM_PRICES
    issued_on: Mapping[str, date] = field(default_factory=dict)

    def document_date(self, issuer: Issuer, *, as_of: date) -> date:
        """The date a document will have: of its release, which we expect today, or the day billed for."""
        if issuer.document_date == "as_of":
            return as_of
        return self.issued_on.get(issuer.code, as_of)


def new_deal(
    ground: Ground,
    subscription: Subscription,
    cycle: DueCycle,
    *,
    day: date,
    first_held: date,
    ended: Subscription | None = None,
) -> Deal | Check:
    """The deal of a cycle nobody has billed, as of `day`, the first of its days with something held.

    `first_held` is the first day of its product; `ended` the facts whose Extended Service Term this is.
    """
    contract = cycle.contract
    if contract is None:
        raise ValueError(f"{subscription.code} {cycle.cycle}: a cycle without charges needs a contract")
    issuer = ground.catalog.issuers.get(contract.issuer)
    if issuer is None:
        return _unassigned(
            subscription, f"contract {contract.code} names issuer {contract.issuer}, which is unknown"
        )
    payers = _payers(subscription, contract, cycle.service.start, ground.catalog.tree)
    if isinstance(payers, Check):
        return payers
    party, bill_to, split = payers
    find = partial(
        price_facts,
        ground.prices,
        contract=by_usage_list(contract, subscription),
        on=_price_day(subscription, contract, day, first_held=first_held),
        days=Period(day, cycle.service.until),
        unit=ground.catalog.products[subscription.product].unit,
    )
    price = _of_term(find, ground, subscription, cycle, first_held=first_held, ended=ended)
    if isinstance(price, Check):
        return price
    currency = ground.prices.currency(contract.price_list)
    if currency is None:
        return _unassigned(
            subscription, f"contract {contract.code} names price list {contract.price_list}, unknown"
        )
    retail = _retail(ground, subscription, contract, day=day, until=cycle.service.until)
    return Deal(
        issuer=issuer.code,
        contract=contract.code,
        party=party,
        bill_to=bill_to,
        product=subscription.product,
        currency=currency,
        kind=_KINDS.get(subscription.plan, "recurring"),
        terms=terms_of(contract, issuer),
        price=price if retail is None else replace(price, retail=retail),
        months=CYCLE_MONTHS[subscription.plan] if subscription.plan != "usage" else 0,
        proration=contract.proration,
        rounding=contract.rounding,
        split=split,
    )


def _payers(
    subscription: Subscription, contract: Contract, day: date, tree: Tree
) -> tuple[str, str, tuple[SplitPart, ...]] | Check:
    """Who holds a subscription on a day, who pays for it, and the parts of those who share it."""
    party = subscription.party_on(day)
    try:
        bill_to = payer(contract, party, day=day, tree=tree)
        split = split_parts(subscription, contract, day=day, tree=tree) if subscription.splits else ()
    except KeyError as unknown:
        return _unassigned(
            subscription, f"contract {contract.code} bills to {unknown.args[0]}, which is unknown"
        )
    return party, bill_to, split


def by_usage_list(contract: Contract, subscription: Subscription) -> Contract:
    """The contract, with its own list for usage where it names one."""
    if subscription.plan == "usage" and contract.usage_price_list:
        return replace(contract, price_list=contract.usage_price_list)
    return contract


def _of_term(
    find: Find,
    ground: Ground,
    subscription: Subscription,
    cycle: DueCycle,
    *,
    first_held: date,
    ended: Subscription | None,
) -> PriceFacts | Check:
    """The price as the term changes it: extended, promoted, or usage in another currency."""
    if ended is not None:
        return est_price(find, subscription, ended)
    price, contract = find(subscription), cycle.contract
    if isinstance(price, Check) or contract is None:
        return price
    if by_usage_list(contract, subscription) is not contract:
        usage = ground.prices.currency(contract.usage_price_list) or ""
        home = ground.prices.currency(contract.price_list) or ""
        if usage == home:
            return price
        source = ground.catalog.issuers[contract.issuer].fx.source
        rate = ground.terms.rate(usage, home, cycle.cycle.start, source=source)
        missing = usage_rate_missing(subscription, usage, home, cycle.cycle.start)
        return missing if rate is None else converted(price, rate)
    if not ground.terms.promotions or not may_be_promoted(subscription.plan):
        return price
    start = term_start(subscription, cycle.service.start, first_held=first_held)
    given = ground.terms.fitting(subscription, start, is_first=start == first_held)
    return promoted(price, given)


def _retail(
    ground: Ground, subscription: Subscription, contract: Contract, *, day: date, until: date
) -> PriceFacts | None:
    """What the reseller's customer pays by the retail list, or None where there is none."""
    if not contract.retail_price_list:
        return None
    listed = replace(
        contract, price_list=contract.retail_price_list, discounts=(), ramp=(), markup_percent=None,
        margin_percent=None,
    )  # fmt: skip
    unit = ground.catalog.products[subscription.product].unit
    price = price_facts(ground.prices, subscription, listed, on=day, days=Period(day, until), unit=unit)
    return None if isinstance(price, Check) else price


def standing_deal(cycle: DueCycle) -> Deal:
    """The deal of a cycle as its newest charge keeps it."""
    charge = cycle.billed[-1].charge
    return Deal(
        issuer=charge.issuer,
        contract=charge.contract,
        party=charge.party,
        bill_to=charge.bill_to,
        product=charge.product,
        currency=charge.currency,
        kind=charge.kind,
        terms=charge.terms,
        price=charge.facts.price,
        months=charge.facts.months,
        proration=charge.facts.proration,
        rounding=charge.facts.rounding,
        split=charge.facts.split,
    )


def with_pool(deal: Deal, pools: Pools, subscription: Subscription, day: date) -> Deal:
    """A new deal with the tier its pool has reached, by all that is known."""
    pool = pools.of(subscription, day)
    if pool is None or subscription.plan == "trial":
        return deal
    return replace(deal, price=pools.priced(deal.price, pools.share(pool, subscription, day)))


def settled_price(
    deal: Deal, pools: Pools, subscription: Subscription, day: date, *, known_until: date
) -> PriceFacts | None:
    """The price at the tier the pool settled on, once its period is over; None where nothing settles.

    Inside the period the tier already billed stays. A run for an earlier day than the last one does not
    undo what that one settled, also where it came to nothing and left no charge.
    """
    stands = deal.price.pool
    pool = pools.named(stands.pool) if stands is not None else None
    if (
        pool is None
        or is_fixed_at_purchase(pool, subscription)
        or known_until < pool_period(pool, day, subscription).until
    ):
        return None
    return pools.priced(deal.price, pools.share(pool, subscription, day))


def shared_subtotal(one: Owed, pools: Pools, subscription: Subscription, day: date) -> tuple[str, ...] | None:
    """The name of the subtotal a blended pool's cycle is rounded in, with members of the same price list."""
    share = one.settled.pool
    if share is None or share.allocation != "blended":
        return None
    pool = pools.named(share.pool)
    if pool is None or is_fixed_at_purchase(pool, subscription):
        return None
    period = pool_period(pool, day, subscription)
    return share.pool, f"{period.start}..{period.until}", one.settled.price_list, one.deal.currency


def tax_for(ground: Ground, cycle: DueCycle, deal: Deal, *, as_of: date) -> TaxChoice:
    """The tax of what is added to a cycle: by its contract, or the standing code at the rate that counts."""
    issuer = ground.catalog.issuers[deal.issuer]
    day = tax_day(issuer, cycle.service, document_date=ground.document_date(issuer, as_of=as_of))
    if cycle.contract is not None:
        product = ground.catalog.products[deal.product]
        return tax_of(cycle.contract, issuer, ground.catalog.tree[deal.bill_to], product, on=day)
    return standing_tax(cycle.billed[-1].charge, issuer, on=day)


@remembered_pair
def terms_of(contract: Contract, issuer: Issuer) -> Terms:
    """What the contract says about its documents."""
    days = contract.payment_terms_days
    return Terms(
        payment_terms_days=issuer.payment_terms_days if days is None else days,
        purchase_order=contract.purchase_order,
        invoice_format=contract.invoice_format,
        consolidated=is_consolidated(contract),
        refund_method=contract.refund_method,
        zero_documents=contract.zero_documents,
        conversions=contract.conversions,
        change_form=contract.change_form,
        show_margin=contract.show_margin,
    )


def _price_day(subscription: Subscription, contract: Contract, day: date, *, first_held: date) -> date:
    """The day whose price list counts: the term's first with `price_lock: term`, else the cycle's."""
    lock = contract.price_lock
    if not lock:
        lock = "term" if (term_months(subscription) or 0) > CYCLE_MONTHS[subscription.plan] > 0 else "none"
    return term_start(subscription, day, first_held=first_held) if lock == "term" else day


def _unassigned(subscription: Subscription, why: str) -> Check:
    return Check(
        "unassigned_subscription",
        f"Subscription {subscription.code} cannot be billed: {why}. Correct the contract; the"
        " next run bills it.",
        subscription.code,
    )
