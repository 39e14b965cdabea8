"""Bill: what is owed and not on a document yet becomes drafts, in chunks of whole groups.

Doing it twice equals doing it once: groups that nothing changed for are not looked at, and a group that is
computed again keeps the drafts that come out the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import structlog

from worker.billing.review import ReviewLine, by_surprise
from worker.billing.values import Notice, RunAccount
from worker.flows.bill_chunk import ChunkDone, ChunkOrder, DraftTotal, add_totals
from worker.flows.bill_spread import Work, here, spread
from worker.flows.ports import Ports
from worker.store import due_groups
from worker.store.billing import BillChange
from worker.store.columns import new_id
from worker.store.due_groups import GroupSize, total_account
from worker.store.engine import Store
from worker.store.runs import record_run

log = structlog.get_logger()

CHUNK_SUBSCRIPTIONS = 1000
"""A chunk is one transaction: on SQLite it keeps other writers waiting, so it stays well under a second; and
its documents are in memory until then, so larger ones would cost more of it than they save in round trips."""

CHUNKS_TO_SPREAD = 8
"""Starting processes takes about a second; fewer chunks are done before they would be up."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class BillRun:
    """What a bill did. `account` is over every group, also those that nothing changed for.

    `failed` are groups whose computing broke (a defect of ours); they keep their drafts and are tried
    again by the next bill. `totals` are of the drafts of the groups that were computed, and so is `review`,
    which only a dry run has (`flows.review` reads the stored drafts).
    """

    run_id: str
    as_of: date
    is_dry: bool
    groups: int
    change: BillChange
    account: RunAccount
    totals: tuple[DraftTotal, ...] = ()
    notices: tuple[Notice, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    review: tuple[ReviewLine, ...] = ()

    @property
    def sentence(self) -> str:
        """The sentence at the end of the run; it adds up over all groups."""
        return self.account.sentence()

    @property
    def summary(self) -> dict[str, Any]:
        """What the run's row keeps."""
        return {
            "sentence": self.sentence,
            "groups": self.groups,
            "written": self.change.written,
            "kept": self.change.kept,
            "dropped": self.change.dropped,
            "held": self.change.held,
            "notices": len(self.notices),
            "failed": sorted(self.failed),
        }


def run(
    ports: Ports,
    *,
    as_of: date,
    only: Collection[str] | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    work: Work | None = None,
) -> BillRun:
    """Bill everything that is due until the end of `as_of`.

    `only` limits it, and the account, to these groups. `progress(done, of)` counts subscriptions. A dry run
    computes the same and writes nothing. A bill that finds nothing to compute leaves no trace. Without
    `work` a large bill is spread over processes, where the database takes many writers.
    """
    run_id, started_at = new_id(), ports.clock.now()
    with ports.store.read() as connection:
        due = due_groups.groups_to_bill(connection, as_of=as_of, only=only)
        orders = [
            ChunkOrder(codes, subscriptions, as_of, "" if dry_run else run_id, started_at)
            for codes, subscriptions in _chunks(due, CHUNK_SUBSCRIPTIONS)
        ]
        standing = RunAccount()
        if only is None:
            standing = due_groups.standing_account(connection, as_of=as_of)
    whole = sum(order.subscriptions for order in orders)
    tally = _Tally([standing])
    with _hands(ports.store, work, chunks=len(orders)) as do:
        for done in do(orders):
            tally.add(done)
            if progress is not None:
                progress(tally.subscriptions, whole)
    result = tally.result(run_id, as_of, is_dry=dry_run, groups=sum(len(order.groups) for order in orders))
    if orders and not dry_run:
        times = (started_at, ports.clock.now())
        with ports.store.write() as connection:
            record_run(connection, run_id, as_of=as_of, times=times, summary=result.summary)
        log.info("billing.finished", run=run_id, as_of=str(as_of), **result.summary)
    return result


@dataclass
class _Tally:
    """What the chunks so far came to, on top of the groups that nothing changed for."""

    accounts: list[RunAccount]
    subscriptions: int = 0
    change: BillChange = field(default_factory=BillChange)
    notices: list[Notice] = field(default_factory=list)
    totals: tuple[DraftTotal, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    review: list[ReviewLine] = field(default_factory=list)

    def add(self, done: ChunkDone) -> None:
        self.accounts.append(done.account)
        self.subscriptions += done.subscriptions
        self.change = self.change + done.change
        self.notices.extend(done.notices)
        self.totals = add_totals((*self.totals, *done.totals))
        for group, error in done.failed.items():
            log.error("billing.broke", group=group, error=error, trace=done.traces.get(group, ""))
        self.failed.update(done.failed)
        self.review.extend(done.review)

    def result(self, run_id: str, as_of: date, *, is_dry: bool, groups: int) -> BillRun:
        return BillRun(
            run_id=run_id,
            as_of=as_of,
            is_dry=is_dry,
            groups=groups,
            change=self.change,
            account=total_account(self.accounts),
            totals=self.totals,
            notices=tuple(sorted(self.notices, key=lambda one: (one.subscription, one.code, one.sentence))),
            failed=self.failed,
            review=by_surprise(self.review),
        )


def _hands(store: Store, work: Work | None, *, chunks: int) -> AbstractContextManager[Work]:
    """Who does the chunks: the caller's, for many chunks processes of their own, else this process."""
    if work is not None:
        return nullcontext(work)
    return spread(store) if chunks >= CHUNKS_TO_SPREAD else nullcontext(here(store))


def _chunks(due: Iterable[GroupSize], size: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """Whole groups of together about `size` subscriptions, with their number of subscriptions."""
    chunk: list[str] = []
    held = 0
    for group in due:
        if chunk and held + group.subscriptions > size:
            yield tuple(chunk), held
            chunk, held = [], 0
        chunk.append(group.code)
        held += group.subscriptions
    if chunk:
        yield tuple(chunk), held
