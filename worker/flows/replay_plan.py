"""Replay of many: a frozen plan that says what will happen to each, and its application, once.

Protects: what is applied is what was shown. A delivery that changed since the plan was made is left
alone and reported; a plan is applied once, however often it is pressed (rows 38 and 39).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import msgspec
import structlog

from connectors import registry
from connectors.errors import ConnectorError
from connectors.protocols import Capabilities
from mappings.canonical.book import Book
from mappings.canonical.money import Money
from mappings.identity import canonical_json
from worker.delivery import foresight
from worker.delivery.foresight import Fate, Prospect, Standing
from worker.delivery.states import State, replayed
from worker.flows.exceptions import totals
from worker.flows.looking import look_up
from worker.flows.ports import Ports, Timing
from worker.flows.push import READ_MAX
from worker.flows.sending import facts
from worker.store import audit, book_facts, bulk, deliveries, freeing, lanes, metering, plans, stopped
from worker.store.deliveries import Delivery
from worker.store.engine import Connection
from worker.store.plans import StoredPlan
from worker.store.stopped import Stopped, Wanted

log = structlog.get_logger()

KIND = "replay"
VALID = timedelta(minutes=15)
"""How long a plan may be applied; after that the book may hold something else."""

_CHUNK = 200


class UnknownPlan(LookupError):
    """No plan has this id."""


class PlanRefused(Exception):
    """The plan was applied already, or is too old."""


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One delivery of a plan as it stood, and what will happen to it."""

    id: str
    book: str
    kind: str
    number: str
    state: State
    revision: int
    changed_at: datetime
    cause: str
    gross: Money | None
    prospect: Prospect
    sentence: str
    reason: str
    looks_first: bool

    @property
    def acts(self) -> bool:
        """Whether applying the plan touches this delivery."""
        return Fate(self.prospect, self.sentence, self.reason, self.looks_first).acts


@dataclass(frozen=True, slots=True)
class Share:
    """What one prospect is worth: how many deliveries, and their gross per currency."""

    prospect: Prospect
    count: int
    gross: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class BookNeeds:
    """What a plan asks of one book: requests (so many of them reads), and seconds at its limits."""

    book: str
    requests: int
    reads: int
    seconds: int


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """A selection with the fate of each. `reads_done` is what making the plan has read already."""

    items: tuple[PlanItem, ...]
    shares: tuple[Share, ...]
    needs: tuple[BookNeeds, ...]
    reads_done: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A delivery that was left alone, and why."""

    id: str
    number: str
    why: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a plan did; `left` had nothing to do or stay blocked, as the plan said."""

    started: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    left: int
    books: tuple[str, ...]


def make(ports: Ports, books: Mapping[str, tuple[Book, Timing]], wanted: Wanted) -> ReplayPlan:
    """Decide what a replay would do to each delivery; reads the book where bytes may have arrived."""
    with ports.store.read() as connection:
        found = stopped.stopped(connection, wanted)
        standings = _standings(connection, found)
    fates = {one.id: foresight.foresee(standings[one.id]) for one in found}
    unclear = [one.id for one in found if fates[one.id] is None]
    looked, reads = _look(ports, books, unclear)
    fates.update(looked)
    items = tuple(_item(one, fates[one.id]) for one in found)
    return ReplayPlan(items, _shares(items), _needs(ports, found, fates, books), reads)


def freeze(
    ports: Ports, plan: ReplayPlan, wanted: Wanted, *, actor: str, reason: str
) -> tuple[str, datetime]:
    """Store a plan; returns its id and until when it may be applied."""
    now = ports.clock.now()
    expires_at = now + VALID

    def work(connection: Connection) -> str:
        scope, body = canonical_json(wanted).decode(), canonical_json(plan).decode()
        plan_id = plans.put(
            connection, KIND, scope=scope, body=body, actor=actor, reason=reason, now=now,
            expires_at=expires_at,
        )  # fmt: skip
        counts = {share.prospect: share.count for share in plan.shares}
        audit.record(
            connection, actor=actor, act="replay.plan", subject=plan_id, reason=reason, body=counts, now=now
        )
        return plan_id

    return ports.store.transact(work), expires_at


def load(ports: Ports, plan_id: str) -> tuple[StoredPlan, ReplayPlan]:
    """A stored plan with its items; raises `UnknownPlan`."""
    with ports.store.read() as connection:
        stored = plans.get(connection, plan_id)
    if stored is None or stored.kind != KIND:
        raise UnknownPlan(f"there is no replay plan {plan_id}")
    return stored, msgspec.json.decode(stored.body, type=ReplayPlan)


def newest(ports: Ports, *, limit: int) -> tuple[StoredPlan, ...]:
    """The replay plans made last."""
    with ports.store.read() as connection:
        return plans.newest(connection, KIND, limit=limit)


def apply(ports: Ports, plan_id: str, *, actor: str, reason: str) -> Applied:
    """Do exactly what a plan says, once. Raises `UnknownPlan`, or `PlanRefused` with who applied it when."""
    stored, plan = load(ports, plan_id)
    take(ports, stored, actor=actor, reason=reason)
    acting = [one for one in plan.items if one.acts]
    started: list[PlanItem] = []
    skipped: list[Skipped] = []
    for chunk in bulk.chunks(acting, _CHUNK):
        begun, left_alone = ports.store.transact(
            lambda connection, chunk=chunk: _start(connection, chunk, ports.clock.now())  # type: ignore[misc]  # bound now
        )
        started += begun
        skipped += left_alone
    applied = Applied(
        started=tuple(one.id for one in started),
        skipped=tuple(skipped),
        left=len(plan.items) - len(acting),
        books=tuple(sorted({one.book for one in started})),
    )
    _write_down(ports, plan_id, applied, actor=actor, reason=reason)
    for book in applied.books:
        ports.doorbell.ring("drain_book", book)
    return applied


def take(ports: Ports, stored: StoredPlan, *, actor: str, reason: str) -> None:
    """Be the one who applies a plan; raises `PlanRefused` to everybody else, and writes both down."""
    now = ports.clock.now()

    def work(connection: Connection) -> str:
        if plans.take(connection, stored.id, actor=actor, now=now):
            audit.record(
                connection, actor=actor, act=f"{stored.kind}.apply", subject=stored.id, reason=reason, now=now
            )
            return ""
        current = plans.get(connection, stored.id) or stored
        why = _refusal(current, now)
        audit.record(
            connection, actor=actor, act=f"{stored.kind}.refused", subject=stored.id, reason=why, now=now
        )
        return why

    refusal = ports.store.transact(work)
    if refusal:
        raise PlanRefused(refusal)


def _refusal(stored: StoredPlan, now: datetime) -> str:
    if stored.applied_at is not None:
        when = stored.applied_at.isoformat(timespec="seconds")
        return f"plan {stored.id} was applied already, by {stored.applied_by} at {when}"
    minutes = int((now - stored.expires_at).total_seconds() // 60)
    return f"plan {stored.id} is too old: it could be applied until {minutes} min ago; make a new one"


def _standings(connection: Connection, found: Sequence[Stopped]) -> dict[str, Standing]:
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for one in found:
        wanted[one.book].update(one.missing)
    missing = freeing.still_missing(connection, {book: names for book, names in wanted.items() if names})
    closed = book_facts.closing_dates(connection)
    paused: dict[str, str] = {}
    for book in wanted:
        lane = lanes.get(connection, book)
        paused[book] = lane.pause_reason if lane is not None else ""
    return {
        one.id: Standing(
            state=one.state,
            reason=one.reason,
            may_have_arrived=one.may_have_arrived,
            missing=tuple(name for name in one.missing if name in missing.get(one.book, ())),
            dated=one.dated,
            closed_until=closed.get(one.book),
            pause=paused[one.book],
        )
        for one in found
    }


def _look(
    ports: Ports, books: Mapping[str, tuple[Book, Timing]], ids: Sequence[str]
) -> tuple[dict[str, Fate], int]:
    """Read the books for deliveries that may have arrived: their fates, and how many reads it took."""
    fates: dict[str, Fate] = {}
    reads = 0
    for chunk in bulk.chunks(ids, READ_MAX):
        with ports.store.read() as connection:
            rows = deliveries.get_many(connection, chunk)
        by_book: defaultdict[str, list[Delivery]] = defaultdict(list)
        for delivery in rows.values():
            by_book[delivery.book].append(delivery)
        for code, mine in by_book.items():
            seen, read = _seen(ports, *books[code], mine)
            reads += read
            now = ports.clock.now()
            ports.store.transact(partial(metering.count_reads, book=code, reads=read, now=now))
            fates.update(seen)
    return fates, reads


def _seen(
    ports: Ports, book: Book, timing: Timing, chosen: Sequence[Delivery]
) -> tuple[dict[str, Fate], int]:
    try:
        held, reads = look_up(ports.open_ledger(book), [one.shipment for one in chosen])
    except (ConnectorError, ValueError) as error:
        return {one.id: foresight.unseen(str(error)) for one in chosen}, 1
    told = {
        one.id: foresight.seen(found, facts(one, timing)) for one, found in zip(chosen, held, strict=True)
    }
    return told, reads


def _item(one: Stopped, fate: Fate | None) -> PlanItem:
    assert fate is not None, "the book was read for every delivery that our rows do not decide"
    return PlanItem(
        id=one.id, book=one.book, kind=one.kind, number=one.lookup, state=one.state, revision=one.revision,
        changed_at=one.changed_at, cause=one.reason, gross=one.gross, prospect=fate.prospect,
        sentence=fate.sentence, reason=fate.reason, looks_first=fate.looks_first,
    )  # fmt: skip


def _shares(items: Iterable[PlanItem]) -> tuple[Share, ...]:
    counts: Counter[Prospect] = Counter()
    worth: defaultdict[Prospect, list[Money]] = defaultdict(list)
    for one in items:
        counts[one.prospect] += 1
        if one.gross is not None:
            worth[one.prospect].append(one.gross)
    order: tuple[Prospect, ...] = ("create", "nothing", "blocked")
    return tuple(Share(one, counts[one], totals(worth[one])) for one in order)


def _needs(
    ports: Ports,
    found: Sequence[Stopped],
    fates: Mapping[str, Fate | None],
    books: Mapping[str, tuple[Book, Timing]],
) -> tuple[BookNeeds, ...]:
    by_book: defaultdict[str, list[tuple[Fate, bool]]] = defaultdict(list)
    for one in found:
        fate = fates[one.id]
        if fate is not None:
            by_book[one.book].append((fate, one.goes_alone))
    needs = []
    for code, mine in sorted(by_book.items()):
        book, timing = books[code]
        told = foresight.estimate(
            foresight.work_of(mine), _known(ports, book), recheck_s=timing.recheck_s, read_max=READ_MAX
        )
        needs.append(BookNeeds(code, told.requests, told.reads, told.seconds))
    return tuple(needs)


def _known(ports: Ports, book: Book) -> Capabilities:
    try:
        return ports.open_ledger(book).capabilities
    except ValueError:  # settings that cannot work: what its ledger can do is known all the same
        return registry.ledger(book.ledger).capabilities


def _start(
    connection: Connection, chunk: Sequence[PlanItem], now: datetime
) -> tuple[list[PlanItem], list[Skipped]]:
    """Let the unchanged deliveries of a chunk go on."""
    rows = deliveries.get_many(connection, [one.id for one in chunk])
    started: list[PlanItem] = []
    skipped: list[Skipped] = []
    for item in chunk:
        delivery = rows.get(item.id)
        is_same = (
            delivery is not None
            and (delivery.state, delivery.revision, delivery.changed_at)
            == (item.state, item.revision, item.changed_at)
        )  # fmt: skip
        if delivery is None or not is_same:
            state = "gone" if delivery is None else delivery.state
            skipped.append(Skipped(item.id, item.number, f"it changed since the plan was made ({state} now)"))
            continue
        after = replayed(delivery.state, may_have_arrived=delivery.send_started_at is not None)
        deliveries.reopen(connection, delivery, after, now=now)
        started.append(item)
    return started, skipped


def _write_down(ports: Ports, plan_id: str, applied: Applied, *, actor: str, reason: str) -> None:
    now = ports.clock.now()
    body = {"started": len(applied.started), "skipped": len(applied.skipped), "left": applied.left}

    def work(connection: Connection) -> None:
        plans.finish(connection, plan_id, canonical_json(applied).decode())
        audit.record(
            connection, actor=actor, act="replay.done", subject=plan_id, reason=reason, body=body, now=now
        )

    ports.store.transact(work)
    log.info("replay.applied", plan=plan_id, actor=actor, **body)
