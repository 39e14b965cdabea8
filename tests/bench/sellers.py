"""A seller of any size, seeded: groups of ten subscriptions, half of them with a pool; nothing repeats.

One subscription of the bench is one entity of a group with its own invoice of three lines: the cycle, a seat
change inside it, and a one-off charge (to us a second subscription, of a one-time plan).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from mappings.canonical.book import Book, Chart, ChartRule, LedgerCode
from mappings.canonical.catalog import Pool, Price, PriceList, Product, Tier
from mappings.canonical.contract import Contract, Discount
from mappings.canonical.party import Address, Issuer, ParentEdge, Party, Registration, Series, TaxRate
from mappings.canonical.period import add_months
from mappings.canonical.subscription import Subscription, SubscriptionVersion
from mappings.canonical.workspace import Setup

GROUP_SIZE = 10
PRODUCTS = 40
ONE_OFFS = 10
LISTS = 12
FROM = date(2025, 1, 1)
MONTH = date(2026, 3, 1)
AS_OF = date(2026, 3, 31)
NOW = datetime(2026, 4, 1, 6, 0, tzinfo=UTC)
DISCOUNTS = ("0", "0", "0", "5", "7.5", "12", "15")

ISSUER = Issuer(
    code="DE",
    name="Nordlicht",
    legal_name="Nordlicht Cloud GmbH",
    country="DE",
    home_currency="EUR",
    timezone="Europe/Berlin",
    address=Address(line1="Hafenstrasse 1", city="Hamburg", postal_code="20457", country="DE"),
    series=(
        Series("INV", "invoice", "INV-{year}-{n:07}", reset="year"),
        Series("CRN", "credit_note", "CRN-{year}-{n:07}", reset="year"),
    ),
    tax_rates=(TaxRate("DE19", "19"), TaxRate("DE0", "0")),
    domestic_tax_code="DE19",
    export_tax_code="DE0",
)
CHART = Chart(
    code="SKR",
    receivable_account="AR",
    tax_account="TAX",
    rounding_account="ROUND",
    rules=(ChartRule(revenue_account="REV"),),
    codes=(
        LedgerCode("account", "AR", "Assets:Receivable"),
        LedgerCode("account", "TAX", "Liabilities:Tax"),
        LedgerCode("account", "ROUND", "Expenses:Rounding"),
        LedgerCode("account", "REV", "Income:Sales"),
        LedgerCode("tax_code", "DE19", "DE19"),
        LedgerCode("tax_code", "DE0", "DE0"),
    ),
    tax_codes={"DE19": "DE19", "DE0": "DE0"},
)
BOOK = Book("DE-BOOK", "DE", "beancount", "SKR", "EUR", settings={"file": "de.beancount"})


@dataclass(frozen=True, slots=True)
class Group:
    """Everything that belongs to one billing group alone."""

    parties: tuple[Party, ...]
    contract: Contract
    pool: Pool | None
    subscriptions: tuple[Subscription, ...]
    versions: tuple[SubscriptionVersion, ...]


def shared_setup(seed: int, groups: Sequence[Group] = ()) -> Setup:
    """What every group reads: one issuer with a book, products, and price lists with random prices.

    With `groups` their own objects too, as a workspace file would have them.
    """
    random = Random(f"{seed} set-up")
    products = [Product(f"P{number:02}", f"Product {number}", family="M365") for number in range(PRODUCTS)]
    products += [Product(f"O{number:02}", f"Service {number}", unit="hour") for number in range(ONE_OFFS)]
    return Setup(
        issuers=(ISSUER,),
        books=(BOOK,),
        charts=(CHART,),
        products=tuple(products),
        price_lists=tuple(_price_list(random, number) for number in range(LISTS)),
        parties=tuple(party for group in groups for party in group.parties),
        contracts=tuple(group.contract for group in groups),
        pools=tuple(group.pool for group in groups if group.pool is not None),
    )


def groups(seed: int, numbers: range) -> Iterator[Group]:
    """The groups of these numbers; each depends on its own number and the seed alone."""
    for number in numbers:
        yield _group(Random(f"{seed} group {number}"), number)


def change_of(seed: int, number: int) -> SubscriptionVersion:
    """A late seat change of the first subscription of a group, inside the cycle already billed."""
    random = Random(f"{seed} change {number}")
    quantity = Decimal(random.randint(900, 1200))
    return SubscriptionVersion(_code(number, 0), f"late:{number}", AS_OF, quantity)


def _price_list(random: Random, number: int) -> PriceList:
    prices = [_price(random, product) for product in range(PRODUCTS)]
    prices += [
        Price(f"O{product:02}", "one_time", (Tier(None, _amount(random, 40, 190)),))
        for product in range(ONE_OFFS)
    ]
    return PriceList(f"LIST-{number:02}", "USD" if number % 3 == 2 else "EUR", FROM, tuple(prices))


def _price(random: Random, product: int) -> Price:
    """Every fourth product each: one price, graduated, volume, and one price to four decimals."""
    code = f"P{product:02}"
    price = _amount(random, 2, 60)
    steps = (Tier(Decimal(100), price), Tier(Decimal(500), price * 9 / 10), Tier(None, price * 8 / 10))
    match product % 4:
        case 1:
            return Price(code, "monthly", steps, "graduated")
        case 2:
            return Price(code, "monthly", steps, "volume")
        case 3:
            return Price(code, "monthly", (Tier(None, price + Decimal(random.randint(1, 99)) / 10000),))
        case _:
            return Price(code, "monthly", (Tier(None, price),))


def _group(random: Random, number: int) -> Group:
    top = f"G{number:06}"
    products = [f"P{random.randrange(PRODUCTS):02}" for _ in range(4)]
    percent = Decimal(random.choice(DISCOUNTS))
    contract = Contract(
        code=f"C-{top}",
        party=top,
        issuer="DE",
        price_list=f"LIST-{random.randrange(LISTS):02}",
        from_=FROM,
        discounts=(Discount(percent),) if percent else (),
        payment_terms_days=random.choice((14, 30, 45)),
        purchase_order=f"PO-{random.randrange(10**6):06}",
        change_form="spans",
    )
    pool = Pool(f"POOL-{top}", top, tuple(sorted(set(products))), "end_of_period") if number % 2 else None
    parties = [_party(random, top, f"Group {number}", "")]
    subscriptions: list[Subscription] = []
    versions: list[SubscriptionVersion] = []
    for member in range(GROUP_SIZE):
        entity = f"{top}-{member}"
        parties.append(_party(random, entity, f"Entity {member} of group {number}", top))
        held, changes = _seats(random, number, member, random.choice(products))
        bought, purchase = _purchase(random, number, member, held.anchor)
        subscriptions += [held, bought]
        versions += [*changes, purchase]
    return Group(tuple(parties), contract, pool, tuple(subscriptions), tuple(versions))


def _party(random: Random, code: str, name: str, parent: str) -> Party:
    address = Address(
        line1=f"Street {random.randrange(900)}",
        city=f"City {random.randrange(5000)}",
        postal_code=f"{random.randrange(10**5):05}",
        country="DE" if random.random() < 0.8 else "FR",
    )
    return Party(
        code,
        name,
        f"{name} GmbH",
        (ParentEdge(parent),) if parent else (),
        address,
        address,
        tax_ids=(Registration("FR", _french_id(random)),) if address.country == "FR" else (),
        emails=(f"billing@{code.lower()}.example",),
    )


def _french_id(random: Random) -> str:
    """A VAT id of the right form: eight digits with their Luhn digit, and the key before them."""
    digits = [random.randrange(10) for _ in range(8)]
    doubled = [digit * 2 if place % 2 else digit for place, digit in enumerate(digits)]
    luhn = -sum(digit // 10 + digit % 10 for digit in doubled) % 10
    siren = int("".join(map(str, [*digits, luhn])))
    return f"FR{(12 + 3 * (siren % 97)) % 97:02}{siren:09}"


def _seats(
    random: Random, number: int, member: int, product: str
) -> tuple[Subscription, tuple[SubscriptionVersion, ...]]:
    """A cycle that begins on any day of the month, and a change on any of its days that are known."""
    code = _code(number, member)
    anchor = MONTH + timedelta(days=random.randrange(28))
    changed = anchor + timedelta(days=random.randint(1, (AS_OF - anchor).days))
    assert changed < add_months(anchor, 1)
    before = random.randint(1, 800)
    after = max(1, before + random.choice((-1, 1, 1, 1)) * random.randint(1, 40))
    quantities = (before, after if after != before else before + 1)
    return (
        Subscription(code, "workspace_file", f"G{number:06}-{member}", product, "P1M", "monthly", anchor),
        tuple(
            SubscriptionVersion(code, f"file:{day}:1", day, Decimal(quantity))
            for day, quantity in zip((anchor, changed), quantities, strict=True)
        ),
    )


def _purchase(
    random: Random, number: int, member: int, anchor: date
) -> tuple[Subscription, SubscriptionVersion]:
    code = f"{_code(number, member)}-X"
    product = f"O{random.randrange(ONE_OFFS):02}"
    day = anchor + timedelta(days=random.randrange(3))
    return (
        Subscription(code, "workspace_file", f"G{number:06}-{member}", product, "P1M", "one_time", day),
        SubscriptionVersion(code, f"file:{day}:1", day, Decimal(random.randint(1, 24))),
    )


def _code(number: int, member: int) -> str:
    return f"S{number:06}-{member}"


def _amount(random: Random, low: int, high: int) -> Decimal:
    return Decimal(random.randint(low * 100, high * 100)) / 100
