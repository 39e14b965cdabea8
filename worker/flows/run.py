"""Run: bill, release, and push until idle; the daily verb.

Doing it twice equals doing it once. In embedded mode this process does all of it; with workers it rings
them and follows what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from mappings.canonical.book import Book
from mappings.canonical.money import Money
from worker.flows import apply, bill, book_check, probe, release, until_idle
from worker.flows.bill import BillRun
from worker.flows.ports import Ports, Timing
from worker.flows.release import ReleaseRun
from worker.flows.until_idle import Waiting
from worker.store import deliveries, inbox, releasing
from worker.store.deliveries import Delivery

Progress = Callable[[str, int, int], None]
"""Told (stage, done, of); `of` 0 = not known."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Documents of one kind and currency that reached a book during this run, with their gross."""

    book: str
    kind: str
    documents: int
    gross: Money


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did. `waiting` are books that still have work when we stopped waiting for them."""

    bill: BillRun
    release: ReleaseRun
    posted: tuple[Posted, ...]
    waiting: tuple[Waiting, ...]

    @property
    def posted_count(self) -> int:
        """Documents that reached a book."""
        return sum(one.documents for one in self.posted)


@dataclass(frozen=True, slots=True)
class Hands:
    """Who pushes: this process, or workers that are rung. `should_stop` ends waiting, not the work."""

    books: Mapping[str, tuple[Book, Timing]]
    is_here: bool
    should_stop: Callable[[], bool]


def run(ports: Ports, hands: Hands, *, as_of: date, progress: Progress) -> Run:
    """Bill everything due until the end of `as_of`, release what may go, and push until idle."""
    started_at = ports.clock.now()
    apply_stored(ports)
    billed = bill.run(ports, as_of=as_of, progress=lambda done, of: progress("billing", done, of))
    released_so_far = 0

    def tell_released(documents: int) -> None:
        nonlocal released_so_far
        released_so_far += documents
        progress("releasing", released_so_far, 0)

    _ask_until_when_closed(ports, hands)
    released = release.run(ports, progress=tell_released)
    waiting = push(ports, hands, progress=progress)
    with ports.store.read() as connection:
        found = deliveries.posted_since(connection, started_at, tuple(hands.books))
    posted = tuple(
        Posted(book, kind, count, Money(gross, currency)) for book, kind, currency, count, gross in found
    )
    return Run(billed, released, posted, waiting)


def _ask_until_when_closed(ports: Ports, hands: Hands) -> None:
    """Before documents are dated, ask the books they go to, unless they were asked lately."""
    with ports.store.read() as connection:
        issuers = {pile.issuer for pile in releasing.piles(connection, only=None)}
    book_check.refresh(ports, (book for book, _ in hands.books.values() if book.issuer in issuers))


def apply_stored(ports: Ports) -> None:
    """Apply the events that were stored while no worker ran, so that this run bills them."""
    with ports.store.read() as connection:
        events = inbox.waiting(connection, now=ports.clock.now())
    for event in events:
        apply.run(ports, event)


def push(ports: Ports, hands: Hands, *, progress: Progress) -> tuple[Waiting, ...]:
    """Send what is due in these books until nothing goes on by itself; returns the books that wait."""
    codes = tuple(sorted(hands.books))
    if hands.is_here:
        for book, _ in hands.books.values():
            probe.probe(ports, book)
    with ports.store.read() as connection:
        whole = deliveries.open_count(connection, codes)
    if whole == 0:
        return ()
    done = 0

    def tell(_delivery: Delivery, state: str) -> None:
        nonlocal done
        done += state in ("posted", "parked", "blocked")
        progress("posting", done, whole)

    if hands.is_here:
        return until_idle.drain_all(ports, hands.books, should_stop=hands.should_stop, on_verdict=tell)
    return until_idle.follow(
        ports,
        hands.books,
        should_stop=hands.should_stop,
        on_progress=lambda left: progress("posting", whole - left, whole),
    )
