"""Connecting a book: an administrator's consent becomes a stored token pair, and the book goes on.

Protects: an answer is used only for the question that asked for it: the `state` in it is secret, bound to one
book, good once and for a quarter of an hour.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors import registry
from connectors.errors import ConnectorError
from connectors.protocols import Consent, Token
from mappings.canonical.book import Book
from worker.flows.ports import Ports
from worker.store import audit, consents, lanes, setup
from worker.store.consents import ConsentRequest
from worker.store.engine import Connection
from worker.store.tokens import BookTokens

LIFE = timedelta(minutes=15)
"""How long an answer is taken; a ledger's own code lives five minutes."""

_WORD = re.compile(r"[a-z_]{1,40}")

Reach = Callable[[str], tuple[Book, BookTokens]]
"""A book by code, as this process reaches it, with its token store."""


class NeedsNoConsent(Exception):
    """The book's ledger asks nobody for consent."""


class NotOurAnswer(Exception):
    """The answer's `state` is missing, foreign, used or too old: nothing says which, nothing was done."""

    def __init__(self) -> None:
        super().__init__("this answer belongs to no open question of ours: it is foreign, used, or too old")


class NotGiven(Exception):
    """The administrator said no, or the ledger did."""


@dataclass(frozen=True, slots=True)
class Question:
    """Where consent is given, the secret that comes back with the answer, and until when it is taken."""

    address: str
    state: str
    until: datetime


def ask(ports: Ports, book: Book, *, redirect_uri: str, actor: str) -> Question:
    """Ask an administrator of the book for consent. Raises `NeedsNoConsent`."""
    consent = _consent(book)
    state, now = secrets.token_urlsafe(32), ports.clock.now()

    def work(connection: Connection) -> None:
        consents.ask(
            connection, state, book=book.code, redirect_uri=redirect_uri, actor=actor, now=now, life=LIFE
        )

    ports.store.transact(work)
    return Question(consent.address(book, redirect_uri=redirect_uri, state=state), state, now + LIFE)


def answered(ports: Ports, question: Question) -> ConsentRequest | None:
    """How a question stands; None for one that was never asked (a dry run)."""
    with ports.store.read() as connection:
        return consents.get(connection, question.state)


def take_answer(ports: Ports, answer: Mapping[str, str], reach: Reach, *, book: str = "") -> str:
    """Use the answer that came back (the query of the address) and return the book that is connected now.

    `book` = only an answer for this one. Raises `NotOurAnswer`, `NotGiven`, or one of the seven words; after
    those the question is used up and has to be asked again.
    """
    state, now = answer.get("state", ""), ports.clock.now()
    asked = ports.store.transact(lambda connection: consents.take(connection, state, book=book, now=now))
    if asked is None:
        raise NotOurAnswer
    try:
        _use(ports, asked, answer, reach)
    except (NotGiven, ConnectorError, ValueError) as problem:
        why = str(problem)
        ports.store.transact(lambda connection: consents.end(connection, state, outcome="failed", why=why))
        raise
    ports.store.transact(lambda connection: consents.end(connection, state, outcome="connected"))
    return asked.book


def _use(ports: Ports, asked: ConsentRequest, answer: Mapping[str, str], reach: Reach) -> None:
    if "error" in answer:
        said = answer["error"] if _WORD.fullmatch(answer["error"]) else "no reason that we understand"
        raise NotGiven(f"consent for book {asked.book} was not given: {said}")
    if not answer.get("code"):
        raise NotGiven(f"the answer for book {asked.book} carries no code")
    book, tokens = reach(asked.book)
    finish(ports, book, tokens, answer=answer, redirect_uri=asked.redirect_uri, actor=asked.actor)


def finish(
    ports: Ports, book: Book, tokens: BookTokens, *, answer: Mapping[str, str], redirect_uri: str, actor: str
) -> None:
    """Trade the code that came back for tokens and store them. Raises one of the seven words."""
    token = _consent(book).exchange(book, answer=answer, redirect_uri=redirect_uri, clock=ports.clock)
    _keep(ports, book, tokens, token, actor=actor)


def adopt(ports: Ports, book: Book, tokens: BookTokens, *, refresh_token: str, actor: str) -> None:
    """Store a refresh token that somebody got elsewhere (a playground, the simulator)."""
    token = _consent(book).from_refresh_token(refresh_token, clock=ports.clock)
    _keep(ports, book, tokens, token, actor=actor)


def _consent(book: Book) -> Consent:
    kind = registry.ledger(book.ledger)
    if kind.consent is None:
        raise NeedsNoConsent(f"book {book.code} is a {kind.title} book, which needs no consent")
    return kind.consent


def _keep(ports: Ports, book: Book, tokens: BookTokens, token: Token, *, actor: str) -> None:
    """Store the pair; the lanes of every book that uses it go on if they paused because consent was lost."""
    now = ports.clock.now()

    def work(connection: Connection) -> tuple[str, ...]:
        tokens.replace(connection, token)
        audit.record(connection, actor=actor, act="book.connect", subject=f"book {book.code}", now=now)
        paused = lanes.pauses(connection)
        users = (one.code for one in setup.books(connection) if registry.tokens_of(one) == tokens.book)
        resumed = tuple(code for code in users if paused.get(code) == "consent_lost")
        for code in resumed:
            lanes.resume(connection, code)
        return resumed

    for code in ports.store.transact(work):
        ports.doorbell.ring("drain_book", code)
