"""Release: drafts get their number and dates, are resolved for their books, frozen, and planned for delivery.

One worker at a time per issuer, in document order, so that numbers have no gaps and do not depend
on how the bill was spread. What cannot be released is held with its reason, takes no number and stops nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from connectors.crashpoints import crashpoint
from mappings.identity import fingerprint
from worker.flows import mailing
from worker.flows.ports import Ports
from worker.flows.release_plan import Decision, Held, Planner, Ready
from worker.store import audit, book_facts, holds, planning, releasing, setup
from worker.store.engine import Connection
from worker.store.releasing import Candidate, Counters, Pile, Release

log = structlog.get_logger()

CHUNK = 200
"""Documents of one transaction."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ReleaseRun:
    """What a release did: how many documents, why others were held, and which books now have work.

    `unapproved` waits for a person: their number per issuer.
    """

    released: int = 0
    held: Mapping[str, int] = field(default_factory=dict)
    unapproved: Mapping[str, int] = field(default_factory=dict)
    books: tuple[str, ...] = ()

    @property
    def held_count(self) -> int:
        """How many documents could not be released."""
        return sum(self.held.values())


@dataclass
class _Tally:
    released: int = 0
    held: Counter[str] = field(default_factory=Counter)
    unapproved: Counter[str] = field(default_factory=Counter)
    books: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What one transaction did. `last` is the sort key to go on after, "" at the end."""

    released: int
    held: tuple[str, ...]
    unapproved: int
    books: frozenset[str]
    last: str


def run(ports: Ports, *, only: Collection[str] | None = None, progress: Progress | None = None) -> ReleaseRun:
    """Release every draft that may go; `only` limits it to those of these billing groups.

    Doing it twice releases nothing the second time. `progress(documents)` is called after each chunk. The
    caller rings for `books`.
    """
    with ports.store.read() as connection:
        piles = releasing.piles(connection, only=only)
    tally = _Tally()
    for pile in piles:
        after = ""
        while True:
            done = ports.store.transact(
                partial(release_chunk, ports=ports, pile=pile, after=after, only=only)
            )
            crashpoint("outbox.after_commit")
            tally.released += done.released
            tally.held.update(done.held)
            tally.books |= done.books
            if done.unapproved:
                tally.unapproved[pile.issuer] += done.unapproved
            if progress is not None:
                progress(done.released)
            if not done.last:
                break
            after = done.last
    return ReleaseRun(tally.released, dict(tally.held), dict(tally.unapproved), tuple(sorted(tally.books)))


def release_chunk(
    connection: Connection, *, ports: Ports, pile: Pile, after: str, only: Collection[str] | None
) -> _Chunk:
    """Release the drafts of a pile after a sort key, in the caller's transaction."""
    shared = setup.load_shared(connection)
    planner = Planner(shared, pile, closed=book_facts.closing_dates(connection))
    series = planner.series.code if planner.series is not None else ""
    releasing.enter(connection, pile.issuer)
    drafts = releasing.next_drafts(connection, pile, after=after, limit=CHUNK, only=only)
    setups = setup.load_for_groups(connection, {one.group for one in drafts.candidates}, shared)
    planner.use(setups)
    first = planner.series.first_number if planner.series is not None else 1
    counters = Counters(connection, pile.issuer, series, first=first)
    decisions = _decisions(connection, planner, drafts.candidates, counters, ports.clock.now())
    ready = [one for one in decisions if isinstance(one, Ready)]
    held = [one for one in decisions if isinstance(one, Held)]
    counters.save()
    releasing.freeze(
        connection, [Release(one.draft.id, one.document, one.notes) for one in ready], now=ports.clock.now()
    )
    releasing.hold(connection, [(one.draft, one.checks) for one in held])
    plans = [plan for one in ready for plan in one.plans]
    planning.plan(connection, plans, now=ports.clock.now())
    released = {one.draft.id: one.document for one in ready}
    mailing.plan(connection, released, setups.values(), now=ports.clock.now())
    _write_down(connection, pile, ready, ports)
    crashpoint("outbox.before_commit")
    return _Chunk(
        released=len(ready),
        held=tuple(one.checks[0].code for one in held),
        unapproved=len(decisions) - len(ready) - len(held),
        books=frozenset(plan.book for plan in plans),
        last=drafts.last,
    )


def _decisions(
    connection: Connection,
    planner: Planner,
    drafts: Sequence[Candidate],
    counters: Counters,
    now: datetime,
) -> list[Decision]:
    """One decision per draft, in document order: that is the order in which numbers are taken."""
    approved = holds.approved(connection, [draft.document.ref for draft in drafts])
    kept_back = holds.all_holds(connection)
    latest = None
    if planner.series is not None and planner.series.chronology == "strict":
        latest = releasing.latest_date(connection, planner.issuer.code, planner.series.code)
    on = now.astimezone(ZoneInfo(planner.issuer.timezone)).date()
    decisions: list[Decision] = []
    for draft in drafts:
        hold = kept_back.get(holds.document_key(draft.sort_key))
        if hold is not None:
            decisions.append(Held(draft, (holds.hold_check(hold),)))
            continue
        decisions.append(planner.decide(draft, on=on, numbers=counters, approved=approved, latest=latest))
    return decisions


def _write_down(connection: Connection, pile: Pile, ready: Sequence[Ready], ports: Ports) -> None:
    """One audit entry and log line per chunk, with the hash of what it released."""
    if not ready:
        return
    digest = fingerprint([(one.document.number, fingerprint(one.document)) for one in ready])
    numbers = [ready[0].document.number, ready[-1].document.number]
    body = {"documents": len(ready), "numbers": numbers, "hash": digest}
    redated = {one.document.number: one.notes[0].sentence for one in ready if one.notes}
    audit.record(
        connection,
        actor=ports.holder,
        act="document.release",
        subject=f"{pile.issuer}/{pile.kind}",
        body={**body, "redated": redated} if redated else body,
        now=ports.clock.now(),
    )
    log.info("document.released", issuer=pile.issuer, kind=pile.kind, **body)
