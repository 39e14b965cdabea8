"""Drain one book: hold its lane, keep calls open up to its limits, settle each answer.

Everything a lane does happens in one thread, except the calls themselves, which run in a small pool;
so the heartbeat goes on while a call is open, and every verdict is written in order of arrival.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

import structlog

from connectors.crashpoints import crashpoint
from connectors.protocols import Ledger
from mappings.canonical.book import Book
from worker.delivery.batch import BACKLOG_MIN, choose
from worker.delivery.pacing import Pacing, after_call, next_slot
from worker.flows import recover, sending, verify
from worker.flows.app_slots import AppSlots
from worker.flows.ports import Ports, Timing
from worker.flows.recover import Reading
from worker.flows.sending import Answer
from worker.flows.verify import Looked
from worker.store import deliveries, lanes, metering
from worker.store.deliveries import Delivery
from worker.store.engine import Connection
from worker.store.lanes import Lane
from worker.store.trouble import DATABASE_ERRORS, explain

log = structlog.get_logger()

WAIT_IN_THREAD = timedelta(seconds=2)
"""A lane waits in its thread for a slot this near; for a later one it gives the lane back."""

READ_MAX = 50
"""Deliveries that one read of the book looks up together."""

MISCONFIGURED = "misconfigured"
"""Pause of a book whose settings cannot work, whatever its ledger says."""

SLICE_S = 2.0
"""How long a lane keeps its thread while other books wait for one."""

KEEP_S = 300.0
"""An outcome that cannot be written down is kept this long; after that a read of the book must find it."""

KEEP_STOPPING_S = 20.0
"""... and this long once the process was told to stop."""

STAY_S = 300.0
"""A drain gives its thread back after this long even where nobody waits for it, and rings for itself."""

_TICK_S = 0.5


Heard: TypeAlias = Answer | Reading | Looked
"""What a call of a lane brings back."""


@dataclass(frozen=True, slots=True)
class _Following:
    """A lane's next call: read for what is unclear, look for what a restore forgot, or send (ids)."""

    read: tuple[Delivery, ...] = ()
    look: tuple[str, ...] = ()
    send: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drained:
    """How a drain ended: why it stopped, when the book next has something to do, and what it did.

    `slot_at`: it has something to do and waits for the slot of that call.
    """

    why: str
    wake_at: datetime | None = None
    posted: int = 0
    calls: int = 0
    slot_at: datetime | None = None


def drain(
    ports: Ports,
    book: Book,
    timing: Timing,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    is_crowded: Callable[[], bool] = lambda: False,
    on_verdict: Callable[[Delivery, str], None] = lambda _delivery, _state: None,
) -> Drained:
    """Send and recover everything of one book whose time has come; returns when the lane has nothing to do.

    Safe to call any number of times and from anywhere: only the holder of the lane's lease acts. While
    `is_crowded` (other books wait for a thread) it keeps none only to wait for its next slot, and gives
    the lane back after a time slice.
    """
    crashpoint("actor.before_claim")
    claim = ports.store.transact(partial(_claim, book=book.code, holder=ports.holder, now=ports.clock.now()))
    if isinstance(claim, Drained):
        return claim
    lane = claim.lane
    crashpoint("actor.after_claim")
    drained = Drained(f"paused: {MISCONFIGURED}")
    try:
        ledger = _opened(ports, book)
        if ledger is not None:
            guard = verify.guard_of(ports, book, ledger, lane, timing)
            slots = AppSlots.of(ports, book, ledger)
            running = _Drain(
                ports, book, ledger, timing, lane, should_stop, is_crowded, on_verdict, slots, guard
            )
            if claim.has_abandoned and recover.adopt_abandoned(ports, lane, timing):
                log.warning("recover.adopted", book=book.code)
            drained = running.run()
    finally:
        held, slot_at = lane, drained.slot_at
        ports.store.transact(lambda connection: lanes.release(connection, held, slot_at=slot_at))
    return drained


@dataclass(frozen=True, slots=True)
class _Claim:
    """A lane that is mine now. `has_abandoned`: its earlier holder stopped in the middle of sending."""

    lane: Lane
    has_abandoned: bool


def _claim(connection: Connection, *, book: str, holder: str, now: datetime) -> _Claim | Drained:
    """Take the lane, or say why not."""
    lane = lanes.get(connection, book)
    if lane is None or lane.pause_reason:
        return Drained("unknown book" if lane is None else f"paused: {lane.pause_reason}")
    if lane.not_before > now:
        return Drained("waiting", wake_at=lane.not_before)
    taken = lanes.take(connection, book, holder=holder, now=now) if lane.lease_until <= now else None
    if taken is None:
        return Drained("held by another worker")
    return _Claim(taken, deliveries.has_abandoned(connection, book, epoch=taken.epoch))


def _opened(ports: Ports, book: Book) -> Ledger | None:
    """The book's session; None after pausing a book whose settings cannot work."""
    try:
        return ports.open_ledger(book)
    except ValueError as error:
        why = str(error)
        log.warning("book.paused", book=book.code, reason=MISCONFIGURED)
        ports.store.transact(
            lambda connection: lanes.pause(connection, book.code, reason=MISCONFIGURED, why=why)
        )
        return None


@dataclass
class _Drain:
    """One stay in a lane: the running loop's own state."""

    ports: Ports
    book: Book
    ledger: Ledger
    timing: Timing
    lane: Lane
    should_stop: Callable[[], bool]
    is_crowded: Callable[[], bool]
    on_verdict: Callable[[Delivery, str], None]
    app_slots: AppSlots
    guard: verify.Guard | None = None
    open_calls: dict[Future[Heard], tuple[str, ...]] = field(default_factory=dict)
    is_lost: bool = False
    wake_at: datetime | None = None
    began_s: float = 0.0
    posted: int = 0
    calls: int = 0

    def run(self) -> Drained:
        """Work until nothing is due, the lane pauses or is lost, or somebody asks to stop."""
        self.began_s = self.ports.clock.monotonic()
        in_flight = max(1, self.ledger.capabilities.rates.in_flight)
        with ThreadPoolExecutor(in_flight, thread_name_prefix=f"lane-{self.book.code}") as pool:
            try:
                self._work(pool, in_flight)
            finally:  # whatever ends the work, what was sent is heard and written down
                while self.open_calls:
                    self._collect()
        return self._drained()

    def _work(self, pool: ThreadPoolExecutor, in_flight: int) -> None:
        while not self.is_lost:
            self._renew()
            if len(self.open_calls) < in_flight and self._start_next(pool):
                continue
            if not self.open_calls:
                return
            self._collect()

    def _drained(self) -> Drained:
        if self.is_lost:
            return Drained("lane lost", None, self.posted, self.calls)
        with self.ports.store.read() as connection:
            lane = lanes.get(connection, self.book.code)
            wake_at = deliveries.next_wake(connection, self.book.code)
        if lane is not None and lane.pause_reason:
            return Drained(f"paused: {lane.pause_reason}", None, self.posted, self.calls)
        if wake_at is not None and lane is not None:
            wake_at = max(wake_at, lane.not_before, self.wake_at or wake_at)
        why = "idle" if wake_at is None else "waiting"
        return Drained(why, wake_at, self.posted, self.calls, slot_at=self.wake_at)

    def _renew(self) -> None:
        """The heartbeat: it goes on while calls are open, whatever they are."""
        now = self.ports.clock.now()
        if self.lane.lease_until - now > lanes.LEASE - lanes.HEARTBEAT:
            return
        lane = self.lane
        if self.ports.store.transact(lambda connection: lanes.renew(connection, lane, now=now)):
            self._reload()
        else:
            self._lose()

    def _lose(self) -> None:
        self.is_lost = True
        log.warning("push.lane-lost", book=self.book.code, epoch=self.lane.epoch)

    def _reload(self) -> None:
        with self.ports.store.read() as connection:
            self._see(lanes.get(connection, self.book.code))

    def _see(self, lane: Lane | None) -> None:
        """My lane as it stands, or the news that it is another's."""
        if lane is None or lane.epoch != self.lane.epoch:
            self._lose()
        else:
            self.lane = lane

    def _start_next(self, pool: ThreadPoolExecutor) -> bool:
        """Start one more call; False when there is none to start now."""
        self.wake_at = None
        is_crowded = self.is_crowded()
        is_over = self.ports.clock.monotonic() - self.began_s >= (SLICE_S if is_crowded else STAY_S)
        if self.should_stop() or is_over:
            return False
        now = self.ports.clock.now()
        following = self._choose(now)
        if following is None:
            return False
        is_batch = len(following.send) > 1
        slot = next_slot(self.lane.pacing, self.ledger.capabilities.rates, is_batch=is_batch, now=now)
        slot = max(slot, self.app_slots.seen(now))
        waits_elsewhere = self.open_calls or is_crowded or slot - now > WAIT_IN_THREAD
        if slot > now and waits_elsewhere:
            self.wake_at = slot
            return False
        self.ports.clock.sleep((self.app_slots.taken(slot) - now).total_seconds())
        crashpoint("ratelimit.acquired")
        if following.send:
            return self._send(pool, following.send)
        return self._read(pool, following.read) if following.read else self._look(pool, following.look)

    def _choose(self, now: datetime) -> _Following | None:
        """The next call of my lane as it stands now; uncertain deliveries come first."""
        busy = {one for ids in self.open_calls.values() for one in ids}
        known = self.ledger.capabilities
        with self.ports.store.read() as connection:
            self._see(lanes.get(connection, self.book.code))
            if self.is_lost or self.lane.pause_reason or self.lane.not_before > now:
                return None
            unclear = deliveries.unclear(connection, self.book.code, now=now, limit=READ_MAX + len(busy))
            unclear = tuple(one for one in unclear if one.id not in busy)
            proven_absent = [one for one in unclear if one.absent_reads >= 2]
            if proven_absent:
                return _Following(send=(proven_absent[0].id,))
            if unclear:
                return _Following(read=unclear[:READ_MAX])
            limit = max(known.batch_size, BACKLOG_MIN)
            due = deliveries.due(connection, self.book.code, now=now, limit=limit)
        waiting = [one for one in due if one.id not in busy]
        if self.guard is not None:
            cleared = [one for one in waiting if one.id in self.guard.absent]
            if waiting and not cleared:
                return _Following(look=tuple(one.id for one in waiting))
            waiting = cleared
        chosen = choose(waiting, batch_size=known.batch_size, mixes_kinds=known.batch_mixes_kinds)
        return _Following(send=tuple(one.id for one in chosen)) if chosen else None

    def _read(self, pool: ThreadPoolExecutor, chosen: tuple[Delivery, ...]) -> bool:
        pacing, lane = self._paced(is_batch=False), self.lane

        def work(connection: Connection) -> None:
            lanes.count_call(connection, lane, pacing, is_batch=False)
            metering.count_reads(connection, lane.book, 1, now=pacing.last_call_at, calls=0)

        self.ports.store.transact(work)
        future: Future[Heard] = pool.submit(recover.read, self.ledger, chosen, clock=self.ports.clock)
        self.open_calls[future] = tuple(one.id for one in chosen)
        return True

    def _look(self, pool: ThreadPoolExecutor, chosen: tuple[str, ...]) -> bool:
        """Read the book for what is due before it is created: the guard settles what it tells."""
        assert self.guard is not None, "only a lane that verifies looks first"
        future: Future[Heard] = pool.submit(self.guard.look, self.guard.prepared(chosen))
        self.open_calls[future] = chosen
        return True

    def _send(self, pool: ThreadPoolExecutor, chosen: tuple[str, ...]) -> bool:
        pacing = self._paced(is_batch=len(chosen) > 1)
        parcel = sending.write_ahead(self.ports, self.lane, self.ledger, chosen, pacing=pacing)
        if parcel is None:
            return True  # parked, taken back, or no longer mine: the next choice sees which
        self.ports.watermark.sent(self.book.code, pacing.last_call_at)
        future: Future[Heard] = pool.submit(sending.call, self.ledger, parcel, clock=self.ports.clock)
        self.open_calls[future] = tuple(one.id for one in parcel.deliveries)
        return True

    def _paced(self, *, is_batch: bool) -> Pacing:
        self.calls += 1
        rates = self.ledger.capabilities.rates
        return after_call(self.lane.pacing, rates, is_batch=is_batch, at=self.ports.clock.now())

    def _collect(self) -> None:
        """Wait for an answer, at most until the next slot, and write down what came."""
        timeout_s = _TICK_S
        if self.wake_at is not None:
            timeout_s = min(_TICK_S, (self.wake_at - self.ports.clock.now()).total_seconds())
        done, _ = wait(self.open_calls, timeout=max(0.0, timeout_s), return_when=FIRST_COMPLETED)
        for future in done:
            del self.open_calls[future]
            verdicts = self._settled(future.result())
            if verdicts is None:
                self._lose()
                continue
            for delivery, state in verdicts:
                self.posted += state == "posted"
                log.info(
                    "push.settled", book=delivery.book, kind=delivery.kind, delivery=delivery.id, state=state
                )
                self.on_verdict(delivery, state)

    def _settled(self, heard: Heard) -> tuple[tuple[Delivery, str], ...] | None:
        """The verdicts of an answer, which is kept while the database is away and written down later."""
        kept_since_s: float | None = None
        while True:
            try:
                match heard:
                    case Answer():
                        return sending.settle(self.ports, self.lane, heard, self.timing)
                    case Reading():
                        return recover.settle(self.ports, self.lane, heard, self.timing)
                    case Looked():
                        assert self.guard is not None
                        return () if self.guard.settle(self.lane, heard) else None
            except DATABASE_ERRORS as error:
                trouble, now_s = explain(error), self.ports.clock.monotonic()
                if trouble is None or not trouble.passes:
                    raise
                if kept_since_s is None:
                    kept_since_s = now_s
                    log.warning("push.outcome-kept", book=self.book.code, why=trouble.why)
                if now_s - kept_since_s > (KEEP_STOPPING_S if self.should_stop() else KEEP_S):
                    raise
                self.ports.clock.sleep(_TICK_S)
