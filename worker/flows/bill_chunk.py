"""One chunk of a bill: whole groups, computed and stored in one transaction; a group that breaks parks alone.

A chunk depends on nothing but the database, so it does not matter which process works on it, or when.
"""

from __future__ import annotations

import gc
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from connectors.crashpoints import crashpoint
from mappings.canonical.money import Money
from worker.billing.bill import bill_group, ground_of
from worker.billing.ground import CommonGround, common_ground
from worker.billing.review import ReviewLine, pending_of, review
from worker.billing.values import Draft, GroupBill, GroupState, Notice, RunAccount
from worker.store.billing import BillChange, Chunks
from worker.store.due_groups import total_account
from worker.store.engine import Connection, Store


@dataclass(frozen=True, slots=True)
class ChunkOrder:
    """What to bill in one go: groups, the day, the run it belongs to ("" = a dry run), and when it is."""

    groups: tuple[str, ...]
    subscriptions: int
    as_of: date
    run_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class DraftTotal:
    """Drafts of one issuer, kind and currency: how many, and their gross."""

    issuer: str
    kind: str
    count: int
    gross: Money


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """What a chunk came to. `failed` are groups whose computing broke (a defect of ours), with the error.

    `review` is of a dry run only: the drafts of another one can be read.
    """

    subscriptions: int = 0
    account: RunAccount = field(default_factory=RunAccount)
    change: BillChange = field(default_factory=BillChange)
    notices: tuple[Notice, ...] = ()
    totals: tuple[DraftTotal, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    traces: Mapping[str, str] = field(default_factory=dict)
    review: tuple[ReviewLine, ...] = ()


class ChunkWorker:
    """Works on chunks of one run after the other; keeps what every group reads between them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._chunks = Chunks(date.min, "")
        self._computing = _Computing(date.min)

    def work(self, order: ChunkOrder) -> ChunkDone:
        """Bill the groups of an order, or only compute them in a dry run."""
        self._chunks = self._chunks.of_run(order.as_of, order.run_id)
        self._computing.begin(order, reviews=not order.run_id)
        with _collector_paused():
            if order.run_id:
                bills, change = self._store.transact(partial(self._bill, order))
                crashpoint("invoice.after_commit")
            else:
                with self._store.read() as connection:
                    bills, change = self._chunks.compute(connection, order.groups, self._computing)
            return ChunkDone(
                subscriptions=order.subscriptions,
                account=total_account(bill.account for bill in bills.values()),
                change=change,
                notices=tuple(notice for bill in bills.values() for notice in bill.notices),
                totals=_totals(draft for bill in bills.values() for draft in bill.drafts),
                failed=dict(self._computing.failed),
                traces=dict(self._computing.traces),
                review=tuple(self._computing.review),
            )

    def _bill(self, order: ChunkOrder, connection: Connection) -> tuple[Mapping[str, GroupBill], BillChange]:
        done = self._chunks.bill(connection, codes=order.groups, compute=self._computing)
        crashpoint("invoice.before_commit")
        return done

    def warm_up(self) -> None:
        """Have everything that every group reads, before the first chunk."""
        with self._store.read() as connection:
            self._chunks.warm_up(connection)


class _Computing:
    """Computes groups; a group that breaks it hurts nobody else (design section 10)."""

    def __init__(self, as_of: date) -> None:
        self._as_of = as_of
        self._now: datetime | None = None
        self._common: CommonGround | None = None
        self._issued_on: Mapping[str, date] = {}
        self.failed: dict[str, str] = {}
        self.traces: dict[str, str] = {}
        self.review: list[ReviewLine] = []
        self._reviews = False

    def begin(self, order: ChunkOrder, *, reviews: bool) -> None:
        """Start a chunk; with `reviews` its drafts are compared with last period."""
        self._as_of = order.as_of
        if order.now != self._now:
            self._now, self._common = order.now, None
        self._reviews = reviews
        self.review.clear()
        self.failed.clear()
        self.traces.clear()

    def __call__(self, code: str, state: GroupState) -> GroupBill | None:
        try:
            if self._common is None or not self._common.is_of(state.setup):
                self._common = common_ground(state.setup)
                self._issued_on = _issued_on(self._common, self._now)
            ground = ground_of(state.setup, self._common, issued_on=self._issued_on)
            bill = bill_group(state, as_of=self._as_of, ground=ground)
            if self._reviews:
                self.review.extend(review(pending_of(bill.drafts), state.billed, as_of=self._as_of))
            crashpoint("compute.mid")
            return bill
        except Exception as error:  # our defect: the caller says it loudly
            self.failed[code] = f"{type(error).__name__}: {error}"
            self.traces[code] = traceback.format_exc()
            return None


def add_totals(totals: Iterable[DraftTotal]) -> tuple[DraftTotal, ...]:
    """One total for each issuer, kind and currency, in that order."""
    counts: Counter[tuple[str, str, str]] = Counter()
    gross: Counter[tuple[str, str, str]] = Counter()
    for one in totals:
        place = (one.issuer, one.kind, one.gross.currency)
        counts[place] += one.count
        gross[place] += one.gross.minor
    return tuple(
        DraftTotal(issuer, kind, counts[issuer, kind, currency], Money(minor, currency))
        for (issuer, kind, currency), minor in sorted(gross.items())
    )


def _issued_on(common: CommonGround, now: datetime | None) -> Mapping[str, date]:
    """Each issuer's calendar day: what is billed now is expected to be released on it."""
    if now is None:
        return {}
    return {code: now.astimezone(ZoneInfo(issuer.timezone)).date() for code, issuer in common.issuers.items()}


def _totals(drafts: Iterable[Draft]) -> tuple[DraftTotal, ...]:
    documents = (draft.document for draft in drafts)
    return add_totals(DraftTotal(one.issuer.code, one.kind, 1, one.gross) for one in documents)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collection inside a chunk: its values have no cycles, and looking for some costs a tenth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
