"""Asking a book whether we can work with it: its settings, our access, and what its ledger says.

What it says is kept with its age: who the book belongs to, and until when it is closed. A book that
suddenly belongs to another company is paused before anything is sent to it (row 72); what was blocked by a
closed period goes on once the period is open again (row 64).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

import structlog

from connectors import registry
from connectors.errors import ConnectorError, ConsentLost
from connectors.protocols import BookState
from mappings.canonical.book import Book
from worker.flows.ports import Ports
from worker.flows.series_check import series_problems
from worker.store import audit, book_facts, freeing, lanes, metering
from worker.store.book_facts import BookFacts
from worker.store.engine import Connection
from worker.store.vault import BadKeys, Unsealable

log = structlog.get_logger()

FRESH = timedelta(hours=12)
"""Before a release a book is asked again when what it last said is older than this."""

ASK_AGAIN = timedelta(minutes=5)
"""A book that did not answer is left alone for so long."""

COMPANY_CHANGED = "company_changed"


@dataclass(frozen=True, slots=True)
class BookCheck:
    """What a check found; `problems` are plain sentences, empty = fine. `closed_until`: the last closed day.

    `freed` are numbers of documents that a closed period had blocked and that go on now.
    """

    book: str
    ledger: str
    is_practice: bool
    company_id: str
    company_name: str
    home_currency: str
    problems: tuple[str, ...]
    closed_until: date | None = None
    freed: tuple[str, ...] = ()
    abilities: tuple[str, ...] = ()


def check(
    ports: Ports, book: Book, *, actor: str = "", accept: bool = False, numbers: bool = False
) -> BookCheck:
    """One look at a book, changing nothing in it. Raises a `ConnectorError` when it cannot be asked.

    `accept` takes another company than before as the right one, by a person's word. With `numbers` the
    book's highest number of each series is read as well.
    """
    kind = registry.ledger(book.ledger)
    wrong = registry.findings(book)
    if wrong:
        return BookCheck(book.code, kind.title, kind.is_practice(book), "", "", "", wrong)
    try:
        ledger = ports.open_ledger(book)
    except BadKeys:
        raise
    except ValueError as unusable:  # what a ledger says about settings it cannot work with
        return BookCheck(book.code, kind.title, kind.is_practice(book), "", "", "", (str(unusable),))
    state = ledger.check()
    stranger, freed = _remember(ports, book, state, actor=actor, accept=accept)
    if freed:
        ports.doorbell.ring("drain_book", book.code)
    behind = series_problems(ports, book, ledger) if numbers and not stranger else ()
    return BookCheck(
        book=book.code,
        ledger=kind.title,
        is_practice=kind.is_practice(book),
        company_id=state.company_id,
        company_name=state.company_name,
        home_currency=state.home_currency,
        problems=(*((stranger,) if stranger else ()), *state.problems, *behind),
        closed_until=state.closed_until,
        freed=freed,
        abilities=registry.abilities(kind),
    )


def refresh(ports: Ports, books: Iterable[Book], *, fresh: timedelta = FRESH) -> None:
    """Ask the books again whose last word is older than `fresh`; one that cannot be asked keeps its last.

    One that no longer lets us in is paused.
    """
    for book in books:
        with ports.store.read() as connection:
            known = book_facts.get(connection, book.code)
        now = ports.clock.now()
        if known is not None and _is_fresh(known, now, fresh):
            continue
        try:
            check(ports, book)
        except ConsentLost as lost:
            why = str(lost)
            log.warning("book.paused", book=book.code, reason="consent_lost")
            ports.store.transact(partial(_lose_consent, book=book.code, why=why))
        except (ConnectorError, ValueError, LookupError, Unsealable) as error:
            log.warning("book.not-asked", book=book.code, why=type(error).__name__)
            ports.store.transact(partial(book_facts.asked, book=book.code, now=now))


def _lose_consent(connection: Connection, book: str, why: str) -> None:
    """Pause the book once, as a call that hears it would; a pause that is there already stands."""
    lane = lanes.get(connection, book)
    if lane is not None and not lane.pause_reason:
        lanes.pause(connection, book, reason="consent_lost", why=why)


def _is_fresh(known: BookFacts, now: datetime, fresh: timedelta) -> bool:
    if known.checked_at is not None and now - known.checked_at < fresh:
        return True
    return now - known.asked_at < min(fresh, ASK_AGAIN)


def _remember(
    ports: Ports, book: Book, state: BookState, *, actor: str, accept: bool
) -> tuple[str, tuple[str, ...]]:
    """Keep what a book says; returns why it is a stranger ("" = it is not), and what goes on now."""

    def work(connection: Connection) -> tuple[str, tuple[str, ...]]:
        now = ports.clock.now()
        metering.count_reads(connection, book.code, state.reads, now=now)
        known = book_facts.get(connection, book.code)
        stranger = "" if accept or known is None else _stranger(known, state)
        if stranger:
            lanes.pause(connection, book.code, reason=COMPANY_CHANGED, why=stranger)
            return stranger, ()
        book_facts.put(connection, _facts(book, state, now))
        if accept and known is not None and _stranger(known, state):
            body = {"was": known.company_name, "is": state.company_name}
            audit.record(
                connection, actor=actor, act="book.accept", subject=f"book {book.code}", body=body, now=now
            )
            lane = lanes.get(connection, book.code)
            if lane is not None and lane.pause_reason == COMPANY_CHANGED:
                lanes.resume(connection, book.code)
        return "", freeing.free_reopened(connection, book.code, state.closed_until, now=now)

    return ports.store.transact(work)


def _facts(book: Book, state: BookState, now: datetime) -> BookFacts:
    return BookFacts(
        book=book.code,
        asked_at=now,
        checked_at=now,
        company_id=state.company_id,
        company_name=state.company_name,
        home_currency=state.home_currency,
        closed_until=state.closed_until,
        changes_until=None,
    )


def _stranger(known: BookFacts, state: BookState) -> str:
    """Why the company behind the book may not be the one it was, or ""."""
    for word, before, after in (
        ("company id", known.company_id, state.company_id),
        ("company name", known.company_name, state.company_name),
        ("home currency", known.home_currency, state.home_currency),
    ):
        if before and before != after:
            return (
                f"The {word} was {before!r} and is {after!r} now: if it is still the right company, say so by"
                f" `subledger book check {known.book} --accept`."
            )
    return ""
