"""Import of a provider's files: subscriptions become state, reconciliation lines are kept beside it.

Reading the same file twice adds nothing. What cannot be read is refused by file, row and field, and the
rest of the file goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from connectors.registry import partner_center
from mappings.canonical.subscription import Subscription, SubscriptionState, SubscriptionVersion
from mappings.identity import canonical_json
from worker.flows.ports import Ports
from worker.store import due_groups, groups, setup, subscriptions
from worker.store.engine import Connection
from worker.store.provider_lines import StoredLine, store_lines
from worker.store.subscriptions import Directory, StateChange

log = structlog.get_logger()

SOURCE = "partner_center"


@dataclass(frozen=True, slots=True)
class FileImport:
    """One file: what it is, what was in it, and what of that was new. `refusals` name row and field."""

    file: str
    kind: str
    rows: int
    subscriptions: int
    lines: int
    new_subscriptions: int
    changed_subscriptions: int
    new_versions: int
    new_lines: int
    unassigned: tuple[str, ...]
    refusals: tuple[str, ...]
    flags: tuple[str, ...]

    @property
    def is_new(self) -> bool:
        """Whether anything of it was not known."""
        return bool(
            self.new_subscriptions or self.changed_subscriptions or self.new_versions or self.new_lines
        )


class _Undo(Exception):
    """Ends a dry run's transaction."""

    def __init__(self, files: tuple[FileImport, ...]) -> None:
        super().__init__("a dry run writes nothing")
        self.files = files


def import_partner_center(
    ports: Ports, files: Sequence[tuple[str, bytes]], *, dry_run: bool = False
) -> tuple[FileImport, ...]:
    """Import files (name, content) that belong together, in one transaction.

    A subscription that we know and that holds something else now, changed at the instant of this look: a
    file does not say since when. `unassigned` are subscriptions whose customer or offer is none of ours
    yet; an import of the workspace that names their ids assigns them.
    """
    read = partner_center.read_pages(files)

    def act(connection: Connection) -> tuple[FileImport, ...]:
        now = ports.clock.now()
        whole = setup.load_setup(connection)
        directory = Directory.of(whole.parties, whole.products)
        done = tuple(_store(connection, one, directory, now) for one in read)
        if dry_run:
            raise _Undo(done)
        return done

    try:
        done = ports.store.transact(act)
    except _Undo as undo:
        done = undo.files
    for one in done:
        log.info(
            "source.imported",
            file=one.file,
            kind=one.kind,
            rows=one.rows,
            refused=len(one.refusals),
            is_new=one.is_new,
            is_dry=dry_run,
        )
    return done


def _store(
    connection: Connection, read: partner_center.Import, directory: Directory, now: datetime
) -> FileImport:
    states = _states(connection, read, now)
    change = StateChange()
    if states:
        change = subscriptions.store_state(
            connection,
            [one.subscription for one in states],
            [version for one in states for version in one.versions],
            directory=directory,
        )
    lines = [_line(one) for one in read.lines]
    new_lines = store_lines(connection, lines)
    if new_lines:
        _bill_again(connection, lines)
    return FileImport(
        file=read.file,
        kind=read.kind,
        rows=read.rows,
        subscriptions=len(read.subscriptions),
        lines=len(read.lines),
        new_subscriptions=change.added,
        changed_subscriptions=change.changed,
        new_versions=change.versions,
        new_lines=new_lines,
        unassigned=tuple(
            one.subscription.code for one in states if _is_unassigned(directory, one.subscription)
        ),
        refusals=tuple(map(str, read.refusals)),
        flags=tuple(f"row {one.row}, {one.field} = {one.value!r}: {one.sentence}" for one in read.flags),
    )


def _states(connection: Connection, read: partner_center.Import, now: datetime) -> list[SubscriptionState]:
    """What each subscription of the file holds; a version only where it says something new."""
    observed = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    first = [
        partner_center.to_state(one, products_by_offer={}, parties_by_tenant={}, observed=observed)
        for one in read.subscriptions
    ]
    latest = subscriptions.load_latest(connection, [one.subscription.code for one in first])
    states: list[SubscriptionState] = []
    for resource, state in zip(read.subscriptions, first, strict=True):
        known = latest.get(state.subscription.code)
        if known is None:
            states.append(state)
        elif not state.versions or _same(known, state.versions[-1]):
            states.append(SubscriptionState(state.subscription, ()))
        else:
            states.append(
                partner_center.to_state(
                    resource, products_by_offer={}, parties_by_tenant={}, changed_at=now, observed=observed
                )
            )
    return states


def _same(known: SubscriptionVersion, seen: SubscriptionVersion) -> bool:
    """Whether a look says nothing new; terms and windows are as much of it as quantities."""
    facts = (seen.quantity, seen.status, seen.accepted, seen.agreed, seen.refundable)
    return facts == (known.quantity, known.status, known.accepted, known.agreed, known.refundable)


def _is_unassigned(directory: Directory, subscription: Subscription) -> bool:
    assigned = directory.assigned(subscription)
    return not (assigned.party and assigned.product)


def _bill_again(connection: Connection, lines: Iterable[StoredLine]) -> None:
    """The groups whose provider lines are new: contracts may bill by them."""
    touched = due_groups.groups_of(connection, {one.subscription for one in lines} - {""})
    groups.mark_dirty(connection, {one.code for one in touched})


def _line(line: partner_center.ProviderLine) -> StoredLine:
    return StoredLine(
        key=line.key,
        source=SOURCE,
        invoice_number=line.invoice_number,
        subscription=line.subscription_id,
        charge_type=line.charge_type,
        body=canonical_json(line).decode(),
        flags=canonical_json(line.flags).decode() if line.flags else "",
    )
