"""The smallest workspace with two billing groups: a holding with two operators, and one lone party."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from mappings.canonical.book import Book, Chart, ChartRule, LedgerCode
from mappings.canonical.catalog import Price, PriceList, Product, Tier
from mappings.canonical.contract import Contract
from mappings.canonical.party import Address, Issuer, ParentEdge, Party, Series, TaxRate
from mappings.canonical.subscription import Subscription, SubscriptionVersion
from mappings.canonical.workspace import Setup, Workspace

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
START = date(2026, 1, 1)

ISSUER = Issuer(
    code="US",
    name="Example Cloud",
    legal_name="Example Cloud Inc.",
    country="US",
    home_currency="USD",
    timezone="America/New_York",
    address=Address(line1="1 Main St", city="Albany", country="US"),
    series=(
        Series("INV", "invoice", "US-{year}-{n:05}", reset="year"),
        Series("CRN", "credit_note", "USC-{year}-{n:05}", reset="year"),
    ),
    tax_rates=(TaxRate("NONE", "0"),),
    domestic_tax_code="NONE",
    export_tax_code="NONE",
)
CHART = Chart(
    code="US-CHART",
    receivable_account="AR",
    tax_account="TAX",
    rounding_account="ROUND",
    rules=(ChartRule(revenue_account="REV"),),
    codes=(
        LedgerCode("account", "AR", "Assets:Receivable"),
        LedgerCode("account", "TAX", "Liabilities:Tax"),
        LedgerCode("account", "ROUND", "Expenses:Rounding"),
        LedgerCode("account", "REV", "Income:Sales"),
        LedgerCode("tax_code", "NONE", "None"),
    ),
    tax_codes={"NONE": "NONE"},
)
BOOK = Book("US-BOOK", "US", "beancount", "US-CHART", "USD", settings={"file": "us.beancount"})
PRODUCT = Product("SEAT", "Office seat", offers=("CFQ7TTC0LH18:0001",), ledger_ids={"US-BOOK": "item-7"})
PRICES = PriceList("USD", "USD", START, (Price("SEAT", "monthly", (Tier(None, Decimal("10.00")),)),))


def party(code: str, parent: str = "", **more: object) -> Party:
    parents = (ParentEdge(parent),) if parent else ()
    address = Address(line1="2 Side St", city="Albany", country="US")
    known = Party(code, f"{code} Ltd", f"{code} Limited", parents, address, address)
    return replace(known, **more)  # type: ignore[arg-type]  # the caller's fields are checked by replace


def contract(code: str, holder: str, **more: object) -> Contract:
    return replace(Contract(code, holder, "US", "USD", START), **more)  # type: ignore[arg-type]  # as above


def subscription(code: str, holder: str, **more: object) -> Subscription:
    held = Subscription(code, "workspace_file", holder, "SEAT", "P1M", "monthly", START)
    return replace(held, **more)  # type: ignore[arg-type]  # as above


def version(code: str, quantity: int, on: date = START, number: int = 1) -> SubscriptionVersion:
    return SubscriptionVersion(code, f"file:{on}:{number}", on, Decimal(quantity))


SETUP = Setup(
    issuers=(ISSUER,),
    books=(BOOK,),
    charts=(CHART,),
    parties=(
        party("HOLD"),
        party("NORTH", "HOLD", ledger_ids={"US-BOOK": "cust-1"}),
        party("SOUTH", "HOLD"),
        party("LONE"),
    ),
    products=(PRODUCT,),
    price_lists=(PRICES,),
    contracts=(contract("C-HOLD", "HOLD"), contract("C-LONE", "LONE")),
)
WORLD = Workspace(
    setup=SETUP,
    subscriptions=(
        subscription("S-NORTH", "NORTH"),
        subscription("S-SOUTH", "SOUTH"),
        subscription("S-LONE", "LONE"),
    ),
    versions=(version("S-NORTH", 12), version("S-SOUTH", 5), version("S-LONE", 3)),
)
