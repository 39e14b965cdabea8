"""The simulator's set-up as plain values: organisations, the OAuth client, limits. Code or a JSON file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from connectors.simulation.config import BadConfig, read_values

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class AccountSeed:
    code: str
    name: str
    type: str = "REVENUE"


@dataclass(frozen=True, slots=True)
class TaxRateSeed:
    """A tax type with its rate in percent."""

    type: str
    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class TrackingSeed:
    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContactSeed:
    id: str
    name: str
    currency: str = ""


@dataclass(frozen=True, slots=True)
class ItemSeed:
    code: str
    name: str


_ACCOUNTS = (
    AccountSeed("200", "Sales"),
    AccountSeed("260", "Other Revenue"),
    AccountSeed("090", "Business Bank Account", "BANK"),
    AccountSeed("400", "Advertising", "EXPENSE"),
)
_TAX_RATES = (
    TaxRateSeed("OUTPUT2", "20% (VAT on Income)", Decimal(20)),
    TaxRateSeed("ZERORATEDOUTPUT", "Zero Rated Income", Decimal(0)),
    TaxRateSeed("NONE", "No VAT", Decimal(0)),
)


@dataclass(frozen=True, slots=True)
class OrganisationConfig:
    """One organisation. `currencies` are those it uses beside its base currency.

    Both lock dates close all days up to and including themselves. An organisation that is not active refuses
    every call.
    """

    tenant_id: str
    name: str
    base_currency: str = "GBP"
    country_code: str = "GB"
    currencies: tuple[str, ...] = ("EUR", "USD", "JPY")
    period_lock_date: date | None = None
    end_of_year_lock_date: date | None = None
    is_active: bool = True
    accounts: tuple[AccountSeed, ...] = _ACCOUNTS
    tax_rates: tuple[TaxRateSeed, ...] = _TAX_RATES
    tracking: tuple[TrackingSeed, ...] = (TrackingSeed("Region", ("North", "South")),)
    contacts: tuple[ContactSeed, ...] = ()
    items: tuple[ItemSeed, ...] = ()

    def __post_init__(self) -> None:
        try:
            UUID(self.tenant_id)
        except ValueError:
            raise BadConfig(f"tenant_id must be a UUID, as Xero's are: {self.tenant_id!r}") from None
        if len(self.base_currency) != 3 or not self.base_currency.isupper():
            raise BadConfig(f"base_currency must be an ISO 4217 code like GBP: {self.base_currency!r}")

    @property
    def lock_date(self) -> tuple[date, str] | None:
        """The lock date that counts, with its name as refusals tell it."""
        dates = [
            (day, name)
            for day, name in (
                (self.period_lock_date, "period"),
                (self.end_of_year_lock_date, "end of year"),
            )
            if day is not None
        ]
        return max(dates, default=None)


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls that one organisation allows; the published figures. Windows are fixed, as Xero says."""

    enabled: bool = True
    per_minute: int = 60
    per_day: int = 5000
    concurrent: int = 5


@dataclass(frozen=True, slots=True)
class OAuthConfig:
    """The registered app and the lives of its tokens, in seconds.

    Every refresh rotates the refresh token; a rotated one works `grace_s` longer, in case an answer was lost.
    """

    client_id: str = "simulator-client"
    client_secret: str = "simulator-secret"  # noqa: S105 -- protects nothing: loopback only
    access_token_s: int = 1800
    refresh_token_s: int = 60 * DAY_S
    grace_s: int = 1800


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """Where change notices go; an empty `url` sends none."""

    url: str = ""
    key: str = "simulator-webhook-key"


def _one_organisation() -> tuple[OrganisationConfig, ...]:
    return (OrganisationConfig(tenant_id="ae75d056-4af7-484d-b709-94439130faa4", name="Example Ltd"),)


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """Everything the simulator is started with.

    `server_limit_s`: when a request is cut. `key_window_s`: how long an Idempotency-Key is remembered; Xero
    publishes no figure, so it is short.
    """

    organisations: tuple[OrganisationConfig, ...] = field(default_factory=_one_organisation)
    oauth: OAuthConfig = OAuthConfig()
    limits: Limits = Limits()
    webhooks: WebhookConfig = WebhookConfig()
    server_limit_s: float = 120.0
    key_window_s: float = 360.0

    def __post_init__(self) -> None:
        tenants = [one.tenant_id for one in self.organisations]
        if not tenants or len(set(tenants)) != len(tenants):
            raise BadConfig(f"organisations must have different tenant ids: {tenants}")


def read_config(path: Path) -> SimulatorConfig:
    """The config in a JSON file; unknown keys, wrong types and unreadable files are refused by name."""
    return read_values(path, SimulatorConfig)
