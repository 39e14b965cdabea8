"""The facts of one Xero organisation that its book settings name, checked once when a book is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from connectors import application
from connectors.http.oauth import Provider
from connectors.http.session import checked_address, is_loopback
from mappings.canonical.book import Book

SETTINGS: Mapping[str, str] = {
    "tenant_id": "The id of the organisation (a UUID, told by Xero's connections after somebody consented).",
    "environment": "production or simulator; Xero's demo company is an organisation like any other.",
    "client_id": "The client id of your Xero application.",
    "api_base": "Address of the Accounting API, up to its version; needed for a simulator.",
    "token_endpoint": "Address that gives tokens; needed for a simulator.",
    "authorize_endpoint": "Address where consent is given; needed for a simulator to connect by a browser.",
    "multicurrency": "yes if documents are in other currencies than the base currency; the check then asks "
    "the organisation for it.",
    "tokens_of": "Code of the book whose consent covers this organisation too; default: its own. One user's "
    "consent is one token set, and two stores of it would lock each other out.",
    "source_url": "Address of your own pages. Invoices then carry our mark in their link 'Go to ...' instead "
    "of the reference that customers see.",
    "limits_share": "Share of the published call limits that this book may use, above 0 to 1; less than 1 "
    "where other applications work in the same organisation.",
    **application.SETTINGS,
}
REQUIRED_SETTINGS = frozenset({"tenant_id", "environment", "client_id"})

_API_BASE = "https://api.xero.com/api.xro/2.0"
_AUTHORIZE_ENDPOINT = "https://login.xero.com/identity/connect/authorize"
_TOKEN_ENDPOINT = "https://identity.xero.com/connect/token"  # noqa: S105  # an address
_SCOPE = (
    "offline_access accounting.transactions accounting.contacts accounting.settings accounting.attachments"
)
_REFRESH_LIVES = timedelta(days=60)
"""An unused refresh token ends after 60 days, and no answer says so (ledgers.md 1.1)."""


class SettingsRefused(ValueError):
    """A book's settings cannot make a connection to Xero."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation and how to reach it. `home_currency` is the book's."""

    book: str
    tenant_id: str
    environment: str
    api_base: str
    home_currency: str
    needs_multicurrency: bool
    provider: Provider
    source_url: str = ""
    limits_share: float = 1.0

    @property
    def connections_address(self) -> str:
        """Where Xero lists the organisations that a token set opens: at the root of the API's host."""
        parts = urlsplit(self.api_base)
        return f"{parts.scheme}://{parts.netloc}/connections"


def organisation_of(book: Book) -> Organisation:
    """The organisation a book names; raises `SettingsRefused` or `AddressRefused` with the setting's name.

    `client_secret` is no setting of the book: bootstrap adds it from the environment.
    """
    settings = book.settings
    missing = sorted(name for name in REQUIRED_SETTINGS if not settings.get(name))
    if missing:
        raise SettingsRefused(f"book {book.code}: setting {', '.join(missing)} is missing")
    environment = settings["environment"]
    if environment not in ("production", "simulator"):
        raise SettingsRefused(
            f"book {book.code}: environment is {environment!r}; it can be production or simulator"
        )
    source_url = settings.get("source_url", "")
    return Organisation(
        book=book.code,
        tenant_id=_uuid(book, settings["tenant_id"]),
        environment=environment,
        api_base=_address(book, "api_base", _API_BASE),
        home_currency=book.home_currency,
        needs_multicurrency=settings.get("multicurrency", "no") == "yes",
        provider=Provider(
            name="Xero",
            authorize_endpoint=_address(book, "authorize_endpoint", _AUTHORIZE_ENDPOINT, needed=False),
            token_endpoint=_address(book, "token_endpoint", _TOKEN_ENDPOINT),
            scope=_SCOPE,
            client_id=settings["client_id"],
            client_secret=settings.get("client_secret", ""),
            refresh_lives=_REFRESH_LIVES,
        ),
        source_url=checked_address(source_url) if source_url else "",
        limits_share=_share(book),
    )


def is_practice(book: Book) -> bool:
    """A simulator on this machine: nobody's real books."""
    return book.settings.get("environment") == "simulator" and is_loopback(book.settings.get("api_base", ""))


def tokens_of(book: Book) -> str:
    """The book whose token set opens this organisation too: one consent may cover several."""
    return book.settings.get("tokens_of") or book.code


def _uuid(book: Book, given: str) -> str:
    try:
        return str(UUID(given))
    except ValueError:
        raise SettingsRefused(f"book {book.code}: tenant_id {given!r} is no UUID") from None


def _share(book: Book) -> float:
    given = book.settings.get("limits_share") or "1"
    try:
        share = float(given)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise SettingsRefused(f"book {book.code}: limits_share is {given!r}; it is above 0 and at most 1")
    return share


def _address(book: Book, setting: str, default: str, *, needed: bool = True) -> str:
    """A simulator has no default: a book that forgets an address must never reach the real Xero."""
    given = book.settings.get(setting, "")
    if not given and book.settings.get("environment") == "simulator":
        if needed:
            raise SettingsRefused(
                f"book {book.code}: setting {setting} is missing; a simulator has no default"
            )
        return ""
    return checked_address(given or default)
