"""The values billing speaks: charges with all they need to be credited exactly later, drafts, the account.

Everything here is frozen and (de)serialisable by msgspec; amounts are signed (a credit is negative).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mappings.canonical.catalog import PriceModel, Tier
from mappings.canonical.contract import ChangeForm, Proration
from mappings.canonical.document import ChargeRef, Document, Original
from mappings.canonical.money import HALF_UP, Money, Rounding
from mappings.canonical.party import Treatment
from mappings.canonical.period import Period
from mappings.canonical.provider import ProviderCharge
from mappings.canonical.subscription import Subscription, SubscriptionVersion, Usage
from mappings.canonical.workspace import Setup
from mappings.lean import lean

ChargeKind = Literal["recurring", "usage", "one_time", "commitment"]


@lean
@dataclass(frozen=True, slots=True)
class Span:
    """A quantity held, unchanged, over some days."""

    period: Period
    quantity: Decimal


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class PoolShare:
    """How a pool set the tier: the group's total; `before` counts units ahead of ours (in_order)."""

    pool: str
    total: Decimal
    allocation: Literal["blended", "in_order"] = "blended"
    before: Decimal = Decimal(0)


@lean
@dataclass(frozen=True, slots=True)
class PriceStep:
    """The price of a cycle's days from `from_` on, where discounts are decided day by day."""

    from_: date
    tiers: tuple[Tier, ...]
    source: str


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class PriceFacts:
    """The price of a cycle, frozen with its first charge: later charges and credits of it use this.

    `tiers` already carry discount or markup, which `source` tells in words. `cost` is the provider's, per
    unit and cycle; `retail` what a reseller's customer pays. `later` are other prices inside the cycle.
    `charges_zero` says that a usage cycle of no units costs what the first tier takes anyway. `rate` is the
    exchange rate inside a price that was converted from another currency.
    """

    model: PriceModel
    tiers: tuple[Tier, ...]
    unit: str
    source: str
    price_list: str = ""
    package_size: Decimal = Decimal(1)
    cost: Decimal | None = None
    pool: PoolShare | None = None
    rule: Literal["", "est"] = ""
    later: tuple[PriceStep, ...] = ()
    charges_zero: bool = False
    retail: PriceFacts | None = None
    rate: Decimal | None = None


@lean
@dataclass(frozen=True, slots=True)
class SplitPart:
    """One party's part of a shared subscription's cycle, with the payer it had on the first day."""

    party: str
    bill_to: str
    weight: Decimal
    words: str


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class CycleFacts:
    """What was true of a (subscription, cycle) when a charge was made; the newest charge's facts count.

    `spans` and `exact` (numerator/denominator, major units, unrounded) describe the whole cycle, not the
    charge. `months` is the length of the cycle on its grid, 0 for usage and one-time. `known_until` is the
    day up to which the run looked: a later run for an earlier day never un-knows it.
    """

    price: PriceFacts
    spans: tuple[Span, ...]
    exact: str
    months: int
    known_until: date
    proration: Proration = "actual_days_of_cycle"
    rounding: Rounding = HALF_UP
    split: tuple[SplitPart, ...] = ()


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class Terms:
    """What a contract says about the document a charge goes on, as of the cycle's first day."""

    payment_terms_days: int
    purchase_order: str = ""
    invoice_format: str = ""
    consolidated: bool = False
    refund_method: Literal["credit_note", "net_next", "none"] = "credit_note"
    zero_documents: Literal["suppress", "issue"] = "suppress"
    conversions: Literal["together", "apart"] = "together"
    change_form: ChangeForm = "difference"
    show_margin: bool = False


@lean
@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange rate with its day and source: home units for one unit of the document's currency."""

    rate: Decimal
    on: date | None
    source: str


@lean
@dataclass(frozen=True, slots=True)
class PrintedPart:
    """A line of its own that a charge is printed with; the parts of a charge add up to its net."""

    words: str
    service: Period
    quantity: Decimal
    unit_price: Decimal
    net: Money
    basis: tuple[str, ...]


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class Charge:
    """One priced reason to pay, or to pay back, for days of one cycle of one subscription.

    `party` is the sold-to, `bill_to` the payer. `net` is signed; `quantity` x `unit_price` = `net` exactly,
    so `unit_price` carries the sign. `service` are the days this charge is for, `cycle` the whole cycle of
    the grid. `converted` names the subscription that a conversion links it with. `true_up` marks the
    settlement of a pool's tier. On credits `original` names the document,
    `reverses` the revision of the charge that is taken back, and `exchange` the rate it was issued at.
    `cost` and `retail` are of the same days, signed like `net`; they are never printed unless the contract
    allows it. `printed` are the lines where there are several. `provider_keys` are the provider's lines
    that this charge repeats.
    """

    ref: ChargeRef
    kind: ChargeKind
    issuer: str
    contract: str
    party: str
    bill_to: str
    product: str
    currency: str
    service: Period
    cycle: Period
    quantity: Decimal
    unit_price: Decimal
    net: Money
    tax_code: str
    tax_percent: Decimal
    basis: tuple[str, ...]
    facts: CycleFacts
    terms: Terms
    original: Original | None = None
    exchange: Exchange | None = None
    reverses: int | None = None
    converted: str = ""
    true_up: bool = False
    cost: Money | None = None
    retail: Money | None = None
    printed: tuple[PrintedPart, ...] = ()
    provider_keys: tuple[str, ...] = ()
    tax_treatment: Treatment = ""
    tax_reason: str = ""

    @property
    def margin(self) -> Money | None:
        """What is left of the net above the cost, or None where the cost is not known."""
        return None if self.cost is None else self.net - self.cost


@lean
@dataclass(frozen=True, slots=True)
class BilledCharge:
    """A charge on a released document. `exchange` is the document's, so that a credit can reuse it."""

    charge: Charge
    document_ref: str
    number: str
    document_date: date
    exchange: Exchange | None = None


@lean
@dataclass(frozen=True, slots=True)
class GroupState:
    """Everything that decides the bill of one group (a connected part of the party tree over all dates)."""

    setup: Setup
    subscriptions: tuple[Subscription, ...]
    versions: tuple[SubscriptionVersion, ...] = ()
    usage: tuple[Usage, ...] = ()
    billed: tuple[BilledCharge, ...] = ()
    provider_charges: tuple[ProviderCharge, ...] = ()


@lean
@dataclass(frozen=True, slots=True, order=True)
class Check:
    """A reason not to bill something, by a stable code and one sentence that says what to do."""

    code: str
    sentence: str
    subscription: str = ""


@lean
@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """Something a person should know; it stops nothing."""

    code: str
    sentence: str
    subscription: str = ""


@lean
@dataclass(frozen=True, slots=True)
class Draft:
    """A document without number and date, with the charges it bills. Checks make it held."""

    document: Document
    charges: tuple[Charge, ...]
    checks: tuple[Check, ...]
    key: tuple[str, ...]

    @property
    def is_held(self) -> bool:
        """A held draft is shown, never released; the next run computes it again."""
        return bool(self.checks)


@lean
@dataclass(frozen=True, slots=True, order=True)
class AccountReason:
    """Why subscriptions are in one column of the account."""

    column: Literal["held", "unassigned", "unpriced", "excluded"]
    sentence: str
    subscriptions: tuple[str, ...]


@lean
@dataclass(frozen=True, slots=True)
class RunAccount:
    """Where every active subscription went; `active` is the sum of the other counts, always."""

    active: int = 0
    billed: int = 0
    nothing_due: int = 0
    held: int = 0
    unassigned: int = 0
    unpriced: int = 0
    excluded: int = 0
    reasons: tuple[AccountReason, ...] = ()

    def __post_init__(self) -> None:
        parts = self.billed + self.nothing_due + self.held + self.unassigned + self.unpriced + self.excluded
        if parts != self.active:
            raise ValueError(f"the account does not add up: {self.active} active, {parts} accounted for")

    def __add__(self, other: RunAccount) -> RunAccount:
        return RunAccount(
            active=self.active + other.active,
            billed=self.billed + other.billed,
            nothing_due=self.nothing_due + other.nothing_due,
            held=self.held + other.held,
            unassigned=self.unassigned + other.unassigned,
            unpriced=self.unpriced + other.unpriced,
            excluded=self.excluded + other.excluded,
            reasons=self.reasons + other.reasons,
        )

    def sentence(self) -> str:
        """The sentence at the end of a run."""
        return (
            f"{self.active} active subscriptions = {self.billed} billed + {self.nothing_due} nothing due"
            f" + {self.held} held + {self.unassigned} unassigned + {self.unpriced} unpriced"
            f" + {self.excluded} excluded"
        )


@lean
@dataclass(frozen=True, slots=True)
class GroupBill:
    """What a group owes and does not have on a document yet.

    `checks` are problems of subscriptions that are on no draft (unassigned, unpriced, opening_missing).
    """

    drafts: tuple[Draft, ...]
    account: RunAccount
    notices: tuple[Notice, ...] = ()
    checks: tuple[Check, ...] = ()
