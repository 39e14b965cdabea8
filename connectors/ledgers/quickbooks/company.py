"""The facts of one QuickBooks company that its book settings name, checked once when a book is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from connectors import application
from connectors.http.oauth import Provider
from connectors.http.session import checked_address, is_loopback
from mappings.canonical.book import Book

Environment = Literal["production", "sandbox", "simulator"]

SETTINGS: Mapping[str, str] = {
    "realm_id": "The company id of the QuickBooks company, digits only (settings page, or after connecting).",
    "environment": "production, sandbox or simulator; keys of one never work in another.",
    "country": "US, or the two-letter country of the company: tax is sent differently in the US.",
    "client_id": "The client id of your Intuit application for this environment.",
    "api_base": "Address of the API; default by environment, needed for a simulator.",
    "token_endpoint": "Address that gives tokens; default by environment, needed for a simulator.",
    "authorize_endpoint": "Address where consent is given; default by environment.",
    "multicurrency": "yes if documents are in other currencies than the home currency; the check then "
    "asks the company for it.",
    "limits_share": "Share of the published call limits that this book may use, above 0 to 1; less than 1 "
    "where other applications work in the same company.",
    **application.SETTINGS,
}
REQUIRED_SETTINGS = frozenset({"realm_id", "environment", "country", "client_id"})

_API_BASES: Mapping[str, str] = {
    "production": "https://quickbooks.api.intuit.com",
    "sandbox": "https://sandbox-quickbooks.api.intuit.com",
}
_SIMULATOR_AUTHORIZE = "/connect/oauth2"
_AUTHORIZE_ENDPOINT = "https://appcenter.intuit.com/connect/oauth2"
_TOKEN_ENDPOINT = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105  # an address
_SCOPE = "com.intuit.quickbooks.accounting"
_HARD_END_HEADER = {"x-include-refresh-token-hard-expires-in": "true"}
"""Asks for the absolute end of a refresh token (five years, qbo.md section 2)."""


class SettingsRefused(ValueError):
    """A book's settings cannot make a connection to QuickBooks."""


@dataclass(frozen=True, slots=True)
class Company:
    """One company and how to reach it. `home_currency` is the book's."""

    book: str
    realm_id: str
    environment: str
    api_base: str
    country: str
    home_currency: str
    needs_multicurrency: bool
    provider: Provider
    limits_share: float = 1.0

    @property
    def is_us(self) -> bool:
        return self.country == "US"


def company_of(book: Book) -> Company:
    """The company a book names; raises `SettingsRefused` or `AddressRefused` with the setting's name.

    `client_secret` is no setting of the book: bootstrap adds it from the environment.
    """
    settings = book.settings
    missing = sorted(name for name in REQUIRED_SETTINGS if not settings.get(name))
    if missing:
        raise SettingsRefused(f"book {book.code}: setting {', '.join(missing)} is missing")
    environment = settings["environment"]
    if environment not in ("production", "sandbox", "simulator"):
        raise SettingsRefused(
            f"book {book.code}: environment is {environment!r}; it can be production, sandbox or simulator"
        )
    realm_id = settings["realm_id"]
    if not realm_id.isascii() or not realm_id.isdigit():
        raise SettingsRefused(f"book {book.code}: realm_id {realm_id!r} is not a company id (digits only)")
    return Company(
        book=book.code,
        realm_id=realm_id,
        environment=environment,
        api_base=_address(book, "api_base", _API_BASES.get(environment, "")),
        country=settings["country"].upper(),
        home_currency=book.home_currency,
        needs_multicurrency=settings.get("multicurrency", "no") == "yes",
        provider=Provider(
            name="QuickBooks Online",
            authorize_endpoint=_address(
                book,
                "authorize_endpoint",
                f"{settings.get('api_base', '')}{_SIMULATOR_AUTHORIZE}"
                if environment == "simulator"
                else _AUTHORIZE_ENDPOINT,
            ),
            token_endpoint=_address(
                book, "token_endpoint", "" if environment == "simulator" else _TOKEN_ENDPOINT
            ),
            scope=_SCOPE,
            client_id=settings["client_id"],
            client_secret=settings.get("client_secret", ""),
            token_headers=_HARD_END_HEADER,
        ),
        limits_share=_share(book),
    )


def is_practice(book: Book) -> bool:
    """A simulator on this machine: nobody's real books. A sandbox is Intuit's machine, so it is not."""
    return book.settings.get("environment") == "simulator" and is_loopback(book.settings.get("api_base", ""))


def _share(book: Book) -> float:
    given = book.settings.get("limits_share") or "1"
    try:
        share = float(given)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise SettingsRefused(f"book {book.code}: limits_share is {given!r}; it is above 0 and at most 1")
    return share


def _address(book: Book, setting: str, default: str) -> str:
    given = book.settings.get(setting) or default
    if not given:
        raise SettingsRefused(f"book {book.code}: setting {setting} is missing; a simulator has no default")
    return checked_address(given)
