"""Connecting a book: an administrator's consent becomes a stored token pair, and the book goes on."""

from __future__ import annotations

from connectors import registry
from connectors.protocols import Consent, Token, TokenStore
from mappings.canonical.book import Book
from worker.flows.ports import Ports
from worker.store import audit, lanes
from worker.store.engine import Connection


class NeedsNoConsent(Exception):
    """The book's ledger asks nobody for consent."""


def address(book: Book, *, redirect_uri: str, state: str) -> str:
    """Where an administrator of the book gives consent. Raises `NeedsNoConsent`."""
    return _consent(book).address(book, redirect_uri=redirect_uri, state=state)


def finish(ports: Ports, book: Book, tokens: TokenStore, *, code: str, redirect_uri: str, actor: str) -> None:
    """Trade the code that came back for tokens and store them. Raises one of the seven words."""
    token = _consent(book).exchange(book, code=code, redirect_uri=redirect_uri, clock=ports.clock)
    _keep(ports, book, tokens, token, actor=actor)


def adopt(ports: Ports, book: Book, tokens: TokenStore, *, refresh_token: str, actor: str) -> None:
    """Store a refresh token that somebody got elsewhere (a playground, the simulator)."""
    token = _consent(book).from_refresh_token(refresh_token, clock=ports.clock)
    _keep(ports, book, tokens, token, actor=actor)


def _consent(book: Book) -> Consent:
    kind = registry.ledger(book.ledger)
    if kind.consent is None:
        raise NeedsNoConsent(f"book {book.code} is a {kind.title} book, which needs no consent")
    return kind.consent


def _keep(ports: Ports, book: Book, tokens: TokenStore, token: Token, *, actor: str) -> None:
    """Store the pair; a lane that paused because consent was lost goes on."""
    stored = tokens.read()
    tokens.save(token, expected_version=stored.version if stored is not None else 0)
    now = ports.clock.now()

    def work(connection: Connection) -> bool:
        audit.record(connection, actor=actor, act="book.connect", subject=f"book {book.code}", now=now)
        lane = lanes.get(connection, book.code)
        if lane is None or lane.pause_reason != "consent_lost":
            return False
        lanes.resume(connection, book.code)
        return True

    if ports.store.transact(work):
        ports.doorbell.ring("drain_book", book.code)
