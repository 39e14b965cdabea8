"""Consent: how somebody lets us into a Xero organisation, and what we get for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from connectors.errors import OutcomeUnknown, Refused
from connectors.http.oauth import authorize_address, exchanged
from connectors.http.session import HttpSession, Request
from connectors.ledgers.xero.faults import refusal
from connectors.ledgers.xero.organisation import Organisation, organisation_of
from connectors.protocols import Clock, Token
from mappings.canonical.book import Book


class _Connection(msgspec.Struct):
    tenantId: str  # noqa: N815  # their name


class XeroConsent:
    """Xero's OAuth 2.0 flow for one book."""

    def address(self, book: Book, *, redirect_uri: str, state: str) -> str:
        """Where consent is given; `state` comes back with the code and must be equal."""
        return authorize_address(organisation_of(book).provider, redirect_uri=redirect_uri, state=state)

    def exchange(self, book: Book, *, answer: Mapping[str, str], redirect_uri: str, clock: Clock) -> Token:
        """The first pair of tokens for the code that came back. Raises one of the seven words.

        The answer does not say which organisations were chosen: Xero lists them for the new token, and a pair
        that does not open the book's is refused.
        """
        organisation = organisation_of(book)
        session = HttpSession(clock)
        token = exchanged(
            answer.get("code", ""),
            redirect_uri=redirect_uri,
            provider=organisation.provider,
            session=session,
            clock=clock,
        )
        if organisation.tenant_id not in _opened_by(token, organisation, session):
            raise Refused(
                f"Consent was given for other organisations than that of book {book.code}; it was not used",
                code="wrong_company",
                hint=f"Choose the one with id {organisation.tenant_id}: subledger book connect {book.code}",
            )
        return token

    def from_refresh_token(self, refresh_token: str, *, clock: Clock) -> Token:
        """A pair from a refresh token alone (a simulator gives one); refreshed at first use."""
        return Token(
            access_token="",
            refresh_token=refresh_token,
            access_expires_at=clock.now() - timedelta(seconds=1),
        )


def _opened_by(token: Token, organisation: Organisation, session: HttpSession) -> frozenset[str]:
    """The ids of the organisations that a token opens."""
    headers = {"Accept": "application/json", "Authorization": f"Bearer {token.access_token}"}
    answer = session.send(Request("GET", organisation.connections_address, headers=headers, deadline_s=30))
    problem = refusal(answer.status, answer.body, answer.headers)
    if problem is not None:
        raise problem
    try:
        return frozenset(one.tenantId for one in msgspec.json.decode(answer.body, type=list[_Connection]))
    except msgspec.MsgspecError as unreadable:
        raise OutcomeUnknown("Xero does not say which organisations were chosen") from unreadable
