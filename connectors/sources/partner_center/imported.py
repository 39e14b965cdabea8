"""What came out of a Partner Center file: subscriptions, provider lines, and what was refused or flagged.

Provider lines are what Microsoft charges us (a cost to import and match), never what our customer owes.
Every period is half-open; where the file's end is inclusive it was moved by one day on the way in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from mappings.canonical.subscription import Plan

DateOrder = Literal["mdy", "dmy"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was not read. `row` counts from 1 in `items`; in CSV it is the spreadsheet's row.

    Row 0 means the whole file. `field` is the file's own name for it, "" where there is none.
    """

    file: str
    row: int
    field: str
    value: str
    sentence: str

    def __str__(self) -> str:
        place = f"{self.file}, row {self.row}" if self.row else self.file
        what = f", {self.field} = {self.value!r}" if self.field else ""
        return f"{place}{what}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that was read and kept, and that a person should know of. Row 0 means the whole file."""

    row: int
    field: str
    value: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RefundOption:
    """A full or partial refund is possible until the instant (None: no limit was given)."""

    kind: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class SeatBatch:
    """Seats that may still be given back, each batch in its own window of 168 hours."""

    quantity: Decimal
    until: datetime | None


@dataclass(frozen=True, slots=True)
class NextTerm:
    """What is scheduled for the renewal; any immediate change of the subscription deletes it."""

    product_id: str
    sku_id: str
    availability_id: str
    billing_cycle: str
    term: str
    quantity: Decimal | None
    custom_end_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProviderSubscription:
    """A subscription resource as Partner Center shows it, new commerce or legacy.

    `offer` is product:sku:availability (new commerce) or a GUID or name (legacy). `start` is the UTC day
    of `effective_at`; `commitment_until` the day after the last day of the term, None when it has no
    end or the file gives none; `open_ended` when it goes on for ever (usage, or an end in 9999).
    `billing_cycle` and `term_given` are what the file says; `plan` and `term` are what we read from them
    (a Flag tells where that was an assumption). `status` is the provider's word in lower case. `tenant`
    is the Microsoft tenant id of the customer, "" when the file does not name it.
    """

    row: int
    id: str
    tenant: str
    offer: str
    quantity: Decimal
    status: str
    effective_at: datetime
    start: date
    plan: Plan
    term: str
    created_at: datetime | None = None
    commitment_until: date | None = None
    commitment_end_at: datetime | None = None
    billing_cycle_until: date | None = None
    billing_cycle_end_at: datetime | None = None
    cancellable_until: datetime | None = None
    offer_name: str = ""
    friendly_name: str = ""
    entitlement: str = ""
    product_type: str = ""
    unit_type: str = ""
    billing_type: str = ""
    billing_cycle: str = ""
    term_given: str = ""
    renewal_term: str = ""
    contract_type: str = ""
    auto_renew: bool = False
    open_ended: bool = False
    is_trial: bool = False
    parent: str = ""
    order: str = ""
    reseller_mpn_id: str = ""
    promotion: str = ""
    migrated_from: str = ""
    publisher: str = ""
    etag: str = ""
    refund_options: tuple[RefundOption, ...] = ()
    refundable_total: Decimal | None = None
    refundable_batches: tuple[SeatBatch, ...] = ()
    next_term: NextTerm | None = None
    suspension_reasons: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderLine:
    """One line of an invoice reconciliation or of what is not yet invoiced. Money is exact and unrounded.

    `key` identifies the line by its business facts and `ordinal` (0, 1, ... among identical lines), so
    that importing it twice is seen; the file has no line id. `details` holds columns that only this kind
    of file has, `extra` columns we do not know. None and "" mean that the file does not say it.
    """

    row: int
    kind: str
    key: str = ""
    ordinal: int = 0
    partner_id: str = ""
    customer_id: str = ""
    customer_name: str = ""
    customer_domain_name: str = ""
    customer_country: str = ""
    invoice_number: str = ""
    mpn_id: str = ""
    reseller_mpn_id: str = ""
    order_id: str = ""
    order_date: datetime | None = None
    product_id: str = ""
    sku_id: str = ""
    availability_id: str = ""
    sku_name: str = ""
    product_name: str = ""
    charge_type: str = ""
    unit_price: Decimal | None = None
    quantity: Decimal | None = None
    subtotal: Decimal | None = None
    tax_total: Decimal | None = None
    total: Decimal | None = None
    currency: str = ""
    price_adjustment_description: str = ""
    publisher_name: str = ""
    publisher_id: str = ""
    subscription_description: str = ""
    subscription_id: str = ""
    charge_start: date | None = None
    charge_until: date | None = None
    term_and_billing_cycle: str = ""
    effective_unit_price: Decimal | None = None
    unit_type: str = ""
    alternate_id: str = ""
    billable_quantity: Decimal | None = None
    billing_frequency: str = ""
    pricing_currency: str = ""
    pc_to_bc_exchange_rate: Decimal | None = None
    pc_to_bc_exchange_rate_date: date | None = None
    meter_description: str = ""
    reservation_order_id: str = ""
    credit_reason_code: str = ""
    subscription_start: date | None = None
    subscription_until: date | None = None
    reference_id: str = ""
    product_qualifiers: tuple[str, ...] = ()
    promotion_id: str = ""
    product_category: str = ""
    details: Mapping[str, object] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """One file read. `kind` is a code of kinds.py; `rows` counts the records the file holds."""

    file: str
    kind: str
    rows: int = 0
    subscriptions: tuple[ProviderSubscription, ...] = ()
    lines: tuple[ProviderLine, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    flags: tuple[Flag, ...] = ()
