"""The simulator's set-up as plain values: companies, the OAuth client, limits. From code or a JSON file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

from connectors.simulation.config import BadConfig, read_values

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class AccountSeed:
    id: str
    name: str
    type: str = "Income"
    subtype: str = "SalesOfProductIncome"
    currency: str = ""


@dataclass(frozen=True, slots=True)
class TaxRateSeed:
    """One rate in percent, with the id its TaxRate record gets."""

    id: str
    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class TaxCodeSeed:
    id: str
    name: str
    description: str = ""
    rates: tuple[TaxRateSeed, ...] = ()


@dataclass(frozen=True, slots=True)
class TermSeed:
    id: str
    name: str
    due_days: int = 30


@dataclass(frozen=True, slots=True)
class NameSeed:
    """A class, a department, a vendor or an employee."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ItemSeed:
    id: str
    name: str
    income_account_id: str = "79"
    type: str = "Service"


@dataclass(frozen=True, slots=True)
class CustomerSeed:
    id: str
    name: str
    currency: str = ""
    parent_id: str = ""


@dataclass(frozen=True, slots=True)
class CompanyConfig:
    """One QuickBooks company. Empty tuples of accounts, terms and tax codes take the usual ones.

    `country` US means US sales tax (automated when `automated_sales_tax`); any other country means tax
    codes per line. `book_close_date` closes all days up to and including it.
    """

    realm_id: str
    name: str
    country: str = "US"
    home_currency: str = "USD"
    multicurrency: bool = True
    currencies: tuple[str, ...] = ()
    uses_sales_tax: bool = True
    automated_sales_tax: bool = True
    us_tax_percent: Decimal = Decimal("9.125")
    custom_txn_numbers: bool = True
    refuses_duplicate_numbers: bool = True
    book_close_date: date | None = None
    class_per_line: bool = True
    class_per_transaction: bool = False
    track_departments: bool = True
    allow_discount: bool = True
    custom_fields: tuple[str, ...] = ("Contract #",)
    utc_offset_minutes: int = -480
    accounts: tuple[AccountSeed, ...] = ()
    tax_codes: tuple[TaxCodeSeed, ...] = ()
    terms: tuple[TermSeed, ...] = ()
    classes: tuple[NameSeed, ...] = ()
    departments: tuple[NameSeed, ...] = ()
    vendors: tuple[NameSeed, ...] = ()
    employees: tuple[NameSeed, ...] = ()
    items: tuple[ItemSeed, ...] = ()
    customers: tuple[CustomerSeed, ...] = ()

    def __post_init__(self) -> None:
        if not self.realm_id.isdigit():
            raise BadConfig(f"realm_id must be digits, as QuickBooks company ids are: {self.realm_id!r}")
        if len(self.home_currency) != 3 or not self.home_currency.isupper():
            raise BadConfig(f"home_currency must be an ISO 4217 code like EUR: {self.home_currency!r}")

    @property
    def is_us(self) -> bool:
        return self.country == "US"


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls a realm may make; the published figures (500/min, 10/s, 40 batches/min) times `scale`."""

    enabled: bool = True
    per_second: int = 10
    per_minute: int = 500
    batches_per_minute: int = 40
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class OAuthConfig:
    """The registered app and the lives of its tokens, in seconds.

    `rotation`: when a refresh answers with a new refresh token (and the old one dies): always, never, or
    once a day as QuickBooks mostly does. With `reuse_revokes`, using a superseded one kills the connection.
    """

    client_id: str = "simulator-client"
    client_secret: str = "simulator-secret"  # noqa: S105 -- protects nothing: loopback only
    redirect_uris: tuple[str, ...] = ()
    access_token_s: int = 3600
    refresh_token_s: int = 101 * DAY_S
    refresh_hard_s: int = 5 * 365 * DAY_S
    rotation: Literal["always", "daily", "never"] = "daily"
    reuse_revokes: bool = False


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """Where change notices go; an empty `url` sends none."""

    url: str = ""
    verifier_token: str = "simulator-verifier"  # noqa: S105 -- protects nothing: loopback only


def _one_company() -> tuple[CompanyConfig, ...]:
    return (CompanyConfig(realm_id="9341450000000001", name="Example Corp"),)


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """Everything the simulator is started with. `server_limit_s`: when a request is cut (QuickBooks: 120)."""

    companies: tuple[CompanyConfig, ...] = dataclasses.field(default_factory=_one_company)
    oauth: OAuthConfig = OAuthConfig()
    limits: Limits = Limits()
    webhooks: WebhookConfig = WebhookConfig()
    server_limit_s: float = 120.0

    def __post_init__(self) -> None:
        realms = [company.realm_id for company in self.companies]
        if not realms or len(set(realms)) != len(realms):
            raise BadConfig(f"companies must have different realm ids: {realms}")


def read_config(path: Path) -> SimulatorConfig:
    """The config in a JSON file; unknown keys, wrong types and unreadable files are refused by name."""
    return read_values(path, SimulatorConfig)
