"""Stopping one book and letting it go on; what is in flight finishes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mappings.canonical.book import Book
from worker.flows.ports import Ports
from worker.store import audit, lanes
from worker.store.engine import Connection

BY_OPERATOR = "by_operator"


@dataclass(frozen=True, slots=True)
class LaneChange:
    """What became of a lane: `applied` is False when it was so already."""

    book: str
    was_paused: str
    is_paused: bool
    applied: bool


def pause(ports: Ports, book: Book, *, actor: str, reason: str) -> LaneChange:
    """Stop a book; nothing new is sent until it is resumed. Pausing twice is as good as once."""

    def work(connection: Connection) -> LaneChange:
        before = _reason(connection, book.code)
        if before:
            return LaneChange(book.code, before, is_paused=True, applied=False)
        lanes.pause(connection, book.code, reason=BY_OPERATOR, why=reason)
        _record(connection, ports, "book.pause", book, actor=actor, reason=reason)
        return LaneChange(book.code, before, is_paused=True, applied=True)

    return ports.store.transact(work)


def resume(ports: Ports, book: Book, *, actor: str, reason: str) -> LaneChange:
    """Let a book go on, whoever or whatever paused it, and ring for it."""

    def work(connection: Connection) -> LaneChange:
        before = _reason(connection, book.code)
        if not before:
            return LaneChange(book.code, before, is_paused=False, applied=False)
        lanes.resume(connection, book.code)
        _record(connection, ports, "book.resume", book, actor=actor, reason=reason)
        return LaneChange(book.code, before, is_paused=False, applied=True)

    change = ports.store.transact(work)
    if change.applied:
        ports.doorbell.ring("drain_book", book.code)
    return change


def paused_by_operator(ports: Ports, books: Sequence[Book]) -> tuple[Book, ...]:
    """Those of the books that a person has paused: other pauses end with their cause."""
    with ports.store.read() as connection:
        paused = lanes.pauses(connection)
    return tuple(book for book in books if paused.get(book.code) == BY_OPERATOR)


def _reason(connection: Connection, book: str) -> str:
    lane = lanes.get(connection, book)
    return lane.pause_reason if lane is not None else ""


def _record(connection: Connection, ports: Ports, act: str, book: Book, *, actor: str, reason: str) -> None:
    now = ports.clock.now()
    audit.record(connection, actor=actor, act=act, subject=f"book {book.code}", now=now, reason=reason)
