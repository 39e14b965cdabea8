"""Bill: what is owed and not on a document yet becomes drafts, in chunks of whole groups.

Doing it twice equals doing it once: groups that nothing changed for are not looked at, and a group that is
computed again keeps the drafts that come out the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

import structlog

from mappings.canonical.money import Money
from worker.billing.bill import bill_group
from worker.billing.values import Draft, GroupBill, GroupState, Notice, RunAccount
from worker.flows.ports import Ports
from worker.store import billing
from worker.store.billing import BillChange, Chunks, GroupSize, total_account
from worker.store.columns import new_id
from worker.store.runs import record_run

log = structlog.get_logger()

CHUNK_SUBSCRIPTIONS = 1000
"""A chunk is one transaction: on SQLite it keeps other writers waiting, so it stays well under a second."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class DraftTotal:
    """Drafts of one issuer, kind and currency: how many, and their gross."""

    issuer: str
    kind: str
    count: int
    gross: Money


@dataclass(frozen=True, slots=True)
class BillRun:
    """What a bill did. `account` is over every group, also those that nothing changed for.

    `failed` are groups whose computing broke (a defect of ours); they keep their drafts and are tried
    again by the next bill. `totals` are of the drafts of the groups that were computed.
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


@dataclass
class _Tally:
    """What the chunks so far came to, beside the groups that nothing changed for."""

    accounts: list[RunAccount]
    change: BillChange = field(default_factory=BillChange)
    notices: list[Notice] = field(default_factory=list)
    totals: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, bills: Mapping[str, GroupBill], change: BillChange) -> None:
        self.change = self.change + change
        for bill in bills.values():
            self.accounts.append(bill.account)
            self.notices.extend(bill.notices)
            for draft in bill.drafts:
                self._count(draft)

    def _count(self, draft: Draft) -> None:
        document = draft.document
        place = (document.issuer.code, document.kind, document.currency)
        self.counts[place] += 1
        self.totals[place] += document.gross.minor

    def result(
        self, run_id: str, as_of: date, *, is_dry: bool, groups: int, failed: Mapping[str, str]
    ) -> BillRun:
        totals = tuple(
            DraftTotal(issuer, kind, self.counts[place], Money(self.totals[place], currency))
            for place in sorted(self.counts)
            for issuer, kind, currency in (place,)
        )
        return BillRun(
            run_id=run_id,
            as_of=as_of,
            is_dry=is_dry,
            groups=groups,
            change=self.change,
            account=total_account(self.accounts),
            totals=totals,
            notices=tuple(self.notices),
            failed=failed,
        )


def run(
    ports: Ports,
    *,
    as_of: date,
    only: Collection[str] | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> BillRun:
    """Bill everything that is due until the end of `as_of`.

    `only` limits it, and the account, to these groups. `progress(done, of)` counts subscriptions. A dry run
    computes the same and writes nothing. A bill that finds nothing to compute leaves no trace.
    """
    with ports.store.read() as connection:
        due = billing.groups_to_bill(connection, as_of=as_of, only=only)
        standing = RunAccount()
        if only is None:
            standing = billing.standing_account(connection, without={one.code for one in due})
    sizes = {one.code: one.subscriptions for one in due}
    run_id, started_at = new_id(), ports.clock.now()
    chunk_of = Chunks(as_of, "" if dry_run else run_id)
    tally, computing, done = _Tally([standing]), _Computing(as_of), 0
    for codes in _chunks(due):
        if dry_run:
            with ports.store.read() as connection:
                tally.add(*chunk_of.compute(connection, codes, computing))
        else:
            tally.add(*ports.store.transact(partial(chunk_of.bill, codes=codes, compute=computing)))
        done += sum(sizes[code] for code in codes)
        if progress is not None:
            progress(done, sum(sizes.values()))
    result = tally.result(run_id, as_of, is_dry=dry_run, groups=len(due), failed=computing.failed)
    if due and not dry_run:
        times = (started_at, ports.clock.now())
        with ports.store.write() as connection:
            record_run(connection, run_id, as_of=as_of, times=times, summary=result.summary)
        log.info("billing.finished", run=run_id, as_of=str(as_of), **result.summary)
    return result


class _Computing:
    """Computes groups; a group that breaks it hurts nobody else (design section 10)."""

    def __init__(self, as_of: date) -> None:
        self._as_of = as_of
        self.failed: dict[str, str] = {}

    def __call__(self, code: str, state: GroupState) -> GroupBill | None:
        try:
            return bill_group(state, as_of=self._as_of)
        except Exception as error:  # our defect: said loudly, kept away from all other groups
            log.exception("billing.broke", group=code)
            self.failed[code] = f"{type(error).__name__}: {error}"
            return None


def _chunks(due: Sequence[GroupSize]) -> Iterator[list[str]]:
    """Whole groups of together about `CHUNK_SUBSCRIPTIONS` subscriptions."""
    chunk: list[str] = []
    held = 0
    for group in due:
        if chunk and held + group.subscriptions > CHUNK_SUBSCRIPTIONS:
            yield chunk
            chunk, held = [], 0
        chunk.append(group.code)
        held += group.subscriptions
    if chunk:
        yield chunk
