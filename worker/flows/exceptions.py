"""What is broken, by cause: the list an operator works through, the most money first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mappings.canonical.money import Money
from worker.delivery.causes import words_of
from worker.delivery.states import State
from worker.flows.ports import Ports
from worker.store import stopped
from worker.store.stopped import Stopped, Waiters, Wanted

_ANOTHER_WORD = {"credit_note": "credit note"}


@dataclass(frozen=True, slots=True)
class Cause:
    """Deliveries that stopped for one reason in one book: how many, worth what, since when, what to do.

    `missing` names what the book lacks. `blocks` are documents that wait for these customers or items,
    and are not counted in `count`. `oldest` is an example to look at.
    """

    reason: str
    state: State
    book: str
    kind: str
    missing: tuple[str, ...]
    count: int
    gross: tuple[Money, ...]
    blocks: int
    blocked_gross: tuple[Money, ...]
    first_at: datetime
    last_at: datetime
    oldest: str
    oldest_number: str
    sentence: str
    next_step: str


def causes(ports: Ports, wanted: Wanted) -> tuple[Cause, ...]:
    """Every cause of a selection, the most value stopped first (blocked documents count), then the oldest."""
    with ports.store.read() as connection:
        found = stopped.stopped(connection, wanted)
        waiting = stopped.waiters(connection)
    groups: defaultdict[tuple[str, ...], list[Stopped]] = defaultdict(list)
    for one in found:
        groups[one.book, one.state, one.reason, one.kind, *one.missing].append(one)
    result = [_cause(members, waiting) for members in groups.values()]
    return tuple(sorted(result, key=lambda cause: (-_worth(cause), cause.first_at, cause.oldest)))


def totals(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """Sums per currency, by currency."""
    sums: defaultdict[str, int] = defaultdict(int)
    for one in amounts:
        sums[one.currency] += one.minor
    return tuple(Money(minor, currency) for currency, minor in sorted(sums.items()))


def counted(count: int, kind: str) -> str:
    """ "1 invoice", "12 credit notes"."""
    word = _ANOTHER_WORD.get(kind, kind)
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _cause(members: Sequence[Stopped], waiting: dict[str, Waiters]) -> Cause:
    oldest = members[0]
    waiters = [waiting[one.id] for one in members if one.id in waiting]
    words = words_of(
        oldest.reason,
        kind=oldest.kind,
        what=counted(len(members), oldest.kind),
        book=oldest.book,
        missing="\n".join(oldest.missing),
        why=oldest.why,
        hint=oldest.hint,
    )
    return Cause(
        reason=oldest.reason,
        state=oldest.state,
        book=oldest.book,
        kind=oldest.kind,
        missing=oldest.missing,
        count=len(members),
        gross=totals(one.gross for one in members if one.gross is not None),
        blocks=sum(one.documents for one in waiters),
        blocked_gross=totals(amount for one in waiters for amount in one.gross),
        first_at=oldest.changed_at,
        last_at=members[-1].changed_at,
        oldest=oldest.id,
        oldest_number=oldest.lookup,
        sentence=words.sentence,
        next_step=words.step,
    )


def _worth(cause: Cause) -> int:
    """A rank, never shown: the largest amount in one currency, since currencies are not added up."""
    return max((abs(one.minor) for one in (*cause.gross, *cause.blocked_gross)), default=0)
