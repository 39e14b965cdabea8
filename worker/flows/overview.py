"""What people look at: books, status, documents, deliveries. Reads only; every figure says its currency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from connectors import registry
from mappings.canonical.book import Book
from mappings.canonical.money import Money, zero
from worker.delivery.consent import ConsentWarning, warning
from worker.delivery.metering import ReadsWarning, month_of
from worker.delivery.metering import warning as reads_warning
from worker.flows.ports import Ports
from worker.flows.release_plan import release_policy
from worker.flows.replay import UnknownDelivery
from worker.store import inbox, lanes, metering, overview, setup, tokens
from worker.store.inbox import InboxLine
from worker.store.overview import (
    DeliveryFacts,
    DeliveryFilter,
    DeliveryLine,
    DocumentFacts,
    DocumentFilter,
    DocumentLine,
    LaneFacts,
    Tally,
)

__all__ = [
    "BookLine",
    "DeliveryFacts",
    "DeliveryFilter",
    "DeliveryLine",
    "DocumentFacts",
    "DocumentFilter",
    "DocumentLine",
    "InboxLine",
    "Status",
    "UnknownDelivery",
    "books",
    "deliveries",
    "delivery",
    "document",
    "documents",
    "events",
    "status",
]


class UnknownDocument(LookupError):
    """No document has this number, reference or id."""


class Ambiguous(LookupError):
    """Several things have this number; `choices` are their ids with what tells them apart."""

    def __init__(self, name: str, choices: tuple[str, ...]) -> None:
        super().__init__(f"{name} names {len(choices)} of them: {'; '.join(choices)}")
        self.choices = choices


@dataclass(frozen=True, slots=True)
class BookLine:
    """One book: whose, in which ledger, how it stands, and its documents by delivery state.

    `posted` is the gross per currency, credit notes subtracted. `is_verifying`: after a restore it is read
    before anything is created in it.
    """

    code: str
    issuer: str
    ledger: str
    is_practice: bool
    release: str
    is_connected: bool
    paused: str
    paused_why: str
    waits_until: datetime | None
    is_verifying: bool
    documents: Mapping[str, int]
    posted: tuple[Money, ...]
    calls: int
    reads: int
    throttled: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Documents that need a person, by cause."""

    place: str
    state: str
    reason: str
    documents: int
    gross: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """How the installation stands. `sentence` is the first line an operator reads."""

    sentence: str
    books: tuple[BookLine, ...]
    drafts: int
    unapproved: int
    held: int
    refused_events: int
    needs_a_person: tuple[Reason, ...]
    consent: tuple[ConsentWarning, ...]
    metered_reads: tuple[ReadsWarning, ...]
    last_run_as_of: date | None
    last_run_at: datetime | None
    last_run: Mapping[str, Any]


def books(ports: Ports) -> tuple[BookLine, ...]:
    """Every book with its lane and its documents."""
    with ports.store.read() as connection:
        known = setup.load_shared(connection).books
        facts = {lane.book: lane for lane in overview.lanes(connection)}
        tallies = overview.delivery_tallies(connection)
        connected = tokens.connected_books(connection)
    now = ports.clock.now()
    return tuple(
        _book_line(
            book,
            facts.get(book.code),
            [one for one in tallies if one.place == book.code],
            now,
            has_tokens=registry.tokens_of(book) in connected,
        )
        for book in known
    )


def _book_line(
    book: Book, lane: LaneFacts | None, tallies: Iterable[Tally], now: datetime, *, has_tokens: bool
) -> BookLine:
    kind = registry.ledger(book.ledger)
    documents: Counter[str] = Counter()
    for one in tallies:
        documents[one.state] += one.count
    return BookLine(
        code=book.code,
        issuer=book.issuer,
        ledger=kind.name,
        is_practice=kind.is_practice(book),
        release=release_policy(book),
        is_connected=has_tokens or kind.consent is None,
        paused=lane.pause_reason if lane else "",
        paused_why=lane.pause_why if lane else "",
        waits_until=lane.not_before if lane and lane.not_before > now else None,
        is_verifying=lane is not None and lane.is_verifying,
        documents=dict(sorted(documents.items())),
        posted=_sums(one for one in tallies if one.state == "posted"),
        calls=lane.calls if lane else 0,
        reads=lane.reads if lane else 0,
        throttled=lane.throttled if lane else 0,
    )


def _sums(tallies: Iterable[Tally]) -> tuple[Money, ...]:
    """Gross per currency; a credit note counts against."""
    totals: dict[str, Money] = {}
    for one in tallies:
        signed = -one.gross if one.kind == "credit_note" else one.gross
        totals[one.gross.currency] = totals.get(one.gross.currency, zero(one.gross.currency)) + signed
    return tuple(totals[currency] for currency in sorted(totals))


def status(ports: Ports) -> Status:
    """Books, drafts, what needs a person by cause, and the last run."""
    lines = books(ports)
    with ports.store.read() as connection:
        unreleased = overview.document_tallies(connection)
        tallies = overview.delivery_tallies(connection)
        run = overview.last_run(connection)
        refused = inbox.count(connection, "refused")
    asking = {line.issuer for line in lines if line.release == "approve"}
    drafts = sum(one.count for one in unreleased if one.state == "draft")
    held = sum(one.count for one in unreleased if one.state == "held")
    stuck = _reasons([one for one in tallies if one.state in ("parked", "blocked")])
    return Status(
        sentence=_sentence(tallies, lines, held),
        books=lines,
        drafts=drafts,
        unapproved=sum(one.count for one in unreleased if one.state == "draft" and one.place in asking),
        held=held,
        refused_events=refused,
        needs_a_person=stuck,
        consent=consent_warnings(ports),
        metered_reads=reads_warnings(ports),
        last_run_as_of=run.as_of if run else None,
        last_run_at=run.started_at if run else None,
        last_run=msgspec.json.decode(run.summary) if run and run.summary else {},
    )


def consent_warnings(ports: Ports) -> tuple[ConsentWarning, ...]:
    """Books whose consent ends soon, the soonest first; one whose consent is lost tells that by its pause."""
    with ports.store.read() as connection:
        lives = tokens.lives(connection)
        paused = lanes.pauses(connection)
    now = ports.clock.now()
    found = (
        warning(one.book, rolling_until=one.rolling_until, hard_until=one.hard_until, now=now)
        for one in lives
        if paused.get(one.book) != "consent_lost"
    )
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.ends_at, one.book)))


def reads_warnings(ports: Ports) -> tuple[ReadsWarning, ...]:
    """Applications whose books have read nearly as much this month as they may together."""
    month = month_of(ports.clock.now())
    with ports.store.read() as connection:
        known = setup.load_shared(connection).books
        reads = metering.of_month(connection, month)
    by_application: dict[str, dict[str, int]] = {}
    budgets: dict[str, int] = {}
    for book in known:
        application = registry.application_of(book)
        by_application.setdefault(application.name, {})[book.code] = reads.get(book.code, 0)
        budgets[application.name] = max(budgets.get(application.name, 0), application.reads_per_month)
    found = (
        reads_warning(by_book, budget=budgets[name], month=month) for name, by_book in by_application.items()
    )
    return tuple(one for one in found if one is not None)


def _reasons(tallies: Iterable[Tally]) -> tuple[Reason, ...]:
    grouped: dict[tuple[str, str, str], list[Tally]] = {}
    for one in tallies:
        grouped.setdefault((one.place, one.state, one.reason), []).append(one)
    return tuple(
        Reason(place, state, reason, sum(one.count for one in found), _sums(found))
        for (place, state, reason), found in sorted(grouped.items())
    )


def _sentence(tallies: Iterable[Tally], lines: Iterable[BookLine], held: int) -> str:
    count: Counter[str] = Counter()
    for one in tallies:
        count[one.state] += one.count
    total = sum(count.values()) - count["cancelled"]
    stuck = count["parked"] + count["blocked"]
    parts = [f"{count['posted']} of {total} released documents are in their books"]
    if waiting := total - count["posted"] - stuck:
        parts.append(f"{waiting} {'is' if waiting == 1 else 'are'} on the way")
    if stuck:
        parts.append(f"{stuck} {'needs' if stuck == 1 else 'need'} attention")
    if held:
        parts.append(f"{held} {'is' if held == 1 else 'are'} held before release")
    if paused := [line.code for line in lines if line.paused]:
        parts.append(f"paused: {', '.join(paused)}")
    return "; ".join(parts) + "."


def events(ports: Ports, states: tuple[str, ...], *, limit: int) -> tuple[InboxLine, ...]:
    """The newest stored events of these states (() = all)."""
    with ports.store.read() as connection:
        return inbox.lines(connection, states=states, limit=limit)


def documents(ports: Ports, wanted: DocumentFilter, *, limit: int) -> tuple[tuple[DocumentLine, ...], int]:
    """The newest documents of a filter, and how many there are in all."""
    with ports.store.read() as connection:
        return overview.documents(connection, wanted, limit=limit)


def document(ports: Ports, name: str) -> DocumentFacts:
    """One document by number, reference or id; raises `UnknownDocument` or `Ambiguous`."""
    with ports.store.read() as connection:
        found = overview.documents_named(connection, name)
    if not found:
        raise UnknownDocument(f"there is no document {name!r}")
    if len(found) > 1:
        raise Ambiguous(name, tuple(f"{one.line.id} (issuer {one.line.issuer})" for one in found))
    return found[0]


def deliveries(ports: Ports, wanted: DeliveryFilter, *, limit: int) -> tuple[tuple[DeliveryLine, ...], int]:
    """The deliveries of a filter that changed last, and how many there are in all."""
    with ports.store.read() as connection:
        return overview.deliveries(connection, wanted, limit=limit)


def delivery(ports: Ports, name: str) -> DeliveryFacts:
    """One delivery by its id or its document's number; raises `UnknownDelivery` or `Ambiguous`."""
    with ports.store.read() as connection:
        found = overview.deliveries_named(connection, name)
    if not found:
        raise UnknownDelivery(name)
    if len(found) > 1:
        raise Ambiguous(name, tuple(f"{one.line.id} ({one.line.kind}, {one.line.book})" for one in found))
    return found[0]
