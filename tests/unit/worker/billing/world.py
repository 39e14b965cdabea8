"""A small seller to tell billing stories with: setup by keyword, and a book that releases every draft."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from mappings.canonical.catalog import Pool, Price, PriceList, Product, Tier
from mappings.canonical.contract import CheckSwitch, Contract, OpeningCharge
from mappings.canonical.document import Document, Line
from mappings.canonical.money import Money
from mappings.canonical.party import Address, Exemption, FxRate, Issuer, ParentEdge, Party, TaxRate
from mappings.canonical.provider import ProviderCharge
from mappings.canonical.subscription import Subscription, SubscriptionVersion, Usage
from mappings.canonical.workspace import Setup
from worker.billing import BilledCharge, Check, Draft, Exchange, GroupBill, GroupState, bill_group, finalise

LONG_AGO = date(2020, 1, 1)
SELLER = Issuer(
    code="DE",
    name="Nordlicht",
    legal_name="Nordlicht Cloud GmbH",
    country="DE",
    home_currency="EUR",
    timezone="Europe/Berlin",
    tax_rates=(TaxRate("DE19", "19"), TaxRate("DE7", "7"), TaxRate("DE0", "0")),
    domestic_tax_code="DE19",
    export_tax_code="DE0",
)
E3 = Product("E3", "Office E3", family="M365")


def day(text: str) -> date:
    return date.fromisoformat(text)


def dec(value: object) -> Decimal:
    return Decimal(str(value))


def party(code: str, *, parent: str = "", country: str = "DE", **more: Any) -> Party:
    parents = (ParentEdge(parent),) if parent else more.pop("parents", ())
    return Party(code, f"{code} Ltd", bill_to_address=Address(country=country), parents=parents, **more)


def tiers(*steps: tuple[object, object] | tuple[object, object, object]) -> tuple[Tier, ...]:
    """(up to or None, price[, flat]) per tier."""
    return tuple(
        Tier(
            None if step[0] is None else dec(step[0]), dec(step[1]), dec(step[2]) if len(step) > 2 else dec(0)
        )
        for step in steps
    )


def price_list(
    code: str = "LIST", *prices: Price, currency: str = "EUR", from_: date = LONG_AGO
) -> PriceList:
    return PriceList(code, currency, from_, prices or (per_seat("8.40"),))


def per_seat(amount: object, *, product: str = "E3", plan: str = "monthly", **more: Any) -> Price:
    return Price(product, plan, tiers((None, amount)), **more)


def tiered(model: Any, *steps: Any, product: str = "E3", plan: str = "monthly", **more: Any) -> Price:
    return Price(product, plan, tiers(*steps), model=model, **more)


def contract(party_code: str = "ACME", **terms: Any) -> Contract:
    """An agreement; in these stories seats jump as they like, so `variance` is off unless a test asks."""
    terms.setdefault("checks", (CheckSwitch("variance", is_on=False),))
    code = terms.pop("code", f"C-{party_code}")
    issuer, prices = terms.pop("issuer", "DE"), terms.pop("price_list", "LIST")
    return Contract(code, party_code, issuer, prices, terms.pop("from_", LONG_AGO), **terms)


def subscription(code: str = "S1", **facts: Any) -> Subscription:
    defaults: dict[str, Any] = {
        "source": "workspace_file",
        "party": "ACME",
        "product": "E3",
        "term": "P1M",
        "plan": "monthly",
        "anchor": day("2026-01-01"),
    }
    return Subscription(code=code, **{**defaults, **facts})


def held(on: str, quantity: object, code: str = "S1", **more: Any) -> SubscriptionVersion:
    ref = more.pop("ref", f"{code}-{on}-{quantity}")
    return SubscriptionVersion(code, ref, day(on), dec(quantity), **more)


def used(on: str, quantity: object, code: str = "S1", ref: str = "") -> Usage:
    return Usage(code, ref or f"{code}-{on}", day(on), dec(quantity))


def setup(**parts: Any) -> Setup:
    """One domestic customer ACME with one contract and seats at 8.40, unless a part says otherwise."""
    defaults: dict[str, Any] = {
        "issuers": (SELLER,),
        "parties": (party("ACME"),),
        "products": (E3,),
        "price_lists": (price_list(),),
        "contracts": (contract(),),
    }
    return Setup(**{**defaults, **parts})


@dataclass
class Seller:
    """A seller over time: every run bills a group and releases each draft that is not held."""

    setup: Setup
    subscriptions: tuple[Subscription, ...]
    versions: tuple[SubscriptionVersion, ...] = ()
    usage: tuple[Usage, ...] = ()
    billed: tuple[BilledCharge, ...] = ()
    documents: list[Document] = field(default_factory=list)
    last: GroupBill | None = None
    provider_charges: tuple[ProviderCharge, ...] = ()

    def run(self, on: str | date) -> tuple[Document, ...]:
        """Bill and release as of a day; returns the documents of this run."""
        as_of = day(on) if isinstance(on, str) else on
        state = GroupState(
            self.setup, self.subscriptions, self.versions, self.usage, self.billed, self.provider_charges
        )
        self.last = bill_group(state, as_of=as_of)
        released = tuple(self._release(draft, as_of) for draft in self.last.drafts if not draft.is_held)
        self.documents.extend(released)
        return released

    def change(self, *versions: SubscriptionVersion) -> None:
        self.versions = (*self.versions, *versions)

    @property
    def billed_net(self) -> int:
        """Net of everything released, credits deducted, in minor units."""
        return sum(one.charge.net.minor for one in self.billed if one.document_ref)

    def _release(self, draft: Draft, as_of: date) -> Document:
        issuer = next(one for one in self.setup.issuers if one.code == draft.document.issuer.code)
        number = f"{'INV' if draft.document.kind == 'invoice' else 'CRN'}-{len(self.documents) + 1}"
        number = f"{number}-{draft.document.ref[:4]}"
        done = finalise(
            draft.document,
            number=number,
            series=number[:3],
            on=as_of,
            as_of=as_of,
            issuer=issuer,
            rates=self.setup.fx_rates,
        )
        assert not isinstance(done, Check), done
        exchange = Exchange(done.exchange_rate, done.exchange_rate_on, done.exchange_rate_source)
        self.billed = (
            *self.billed,
            *(BilledCharge(charge, done.ref, number, as_of, exchange) for charge in draft.charges),
        )
        return done


def amounts(document: Document) -> tuple[str, str, str]:
    """Net, tax and gross as texts."""
    return str(document.net), str(document.tax), str(document.gross)


def only(documents: tuple[Document, ...]) -> Document:
    assert len(documents) == 1, [(one.kind, one.bill_to.code, str(one.net)) for one in documents]
    return documents[0]


def only_line(documents: tuple[Document, ...]) -> Line:
    lines = only(documents).lines
    assert len(lines) == 1, [(line.description, str(line.net)) for line in lines]
    return lines[0]


__all__ = [
    "E3",
    "SELLER",
    "Exemption",
    "FxRate",
    "Money",
    "OpeningCharge",
    "Pool",
    "Product",
    "Seller",
    "amounts",
    "contract",
    "day",
    "dec",
    "held",
    "only",
    "only_line",
    "party",
    "per_seat",
    "price_list",
    "replace",
    "setup",
    "subscription",
    "tiered",
    "tiers",
    "used",
]
