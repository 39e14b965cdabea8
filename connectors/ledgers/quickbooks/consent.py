"""Consent: how an administrator of a QuickBooks company lets us in, and what we get for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from connectors.errors import Refused
from connectors.http.oauth import authorize_address, exchanged
from connectors.http.session import HttpSession
from connectors.ledgers.quickbooks.company import company_of
from connectors.protocols import Clock, Token
from mappings.canonical.book import Book


class QuickBooksConsent:
    """Intuit's OAuth 2.0 flow for one book."""

    def address(self, book: Book, *, redirect_uri: str, state: str) -> str:
        """Where the administrator gives consent; `state` comes back with the code and must be equal."""
        return authorize_address(company_of(book).provider, redirect_uri=redirect_uri, state=state)

    def exchange(self, book: Book, *, answer: Mapping[str, str], redirect_uri: str, clock: Clock) -> Token:
        """The first pair of tokens for the code that came back. Raises one of the seven words.

        Intuit says which company the administrator chose (`realmId`): another one is refused before its
        code is used.
        """
        company = company_of(book)
        given = answer.get("realmId", company.realm_id)
        if given != company.realm_id:
            raise Refused(
                f"Consent was given for another company than the one of book {book.code}; it was not used",
                code="wrong_company",
                hint=f"Choose the company with id {company.realm_id}: subledger book connect {book.code}",
            )
        return exchanged(
            answer.get("code", ""),
            redirect_uri=redirect_uri,
            provider=company.provider,
            session=HttpSession(clock),
            clock=clock,
        )

    def from_refresh_token(self, refresh_token: str, *, clock: Clock) -> Token:
        """A pair from a refresh token alone (a playground or simulator gives one); refreshed at first use."""
        return Token(
            access_token="",
            refresh_token=refresh_token,
            access_expires_at=clock.now() - timedelta(seconds=1),
        )
