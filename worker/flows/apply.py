"""Apply: a stored event becomes versions; any order of events gives the same timeline.

Where the contract says `bill_changes: at_once` the touched group is billed and released in the same thread,
and the event counts as applied only then: a process that dies before leaves it to the sweeper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog

from connectors import registry
from connectors.crashpoints import crashpoint
from connectors.errors import ConnectorError
from connectors.protocols import Event
from mappings.canonical.contract import Contract
from mappings.canonical.subscription import SubscriptionState
from mappings.canonical.workspace import Setup
from worker.billing.hierarchy import Agreements, Tree
from worker.flows import bill, release
from worker.flows.ports import Ports
from worker.store import due_groups, inbox, setup, subscriptions
from worker.store.engine import Connection
from worker.store.inbox import StoredEvent
from worker.store.subscriptions import Directory

log = structlog.get_logger()


def run(ports: Ports, event_id: str) -> tuple[str, ...]:
    """Apply one event by the id of its row; returns the books that have work now.

    An unknown id and an event that is done with are left alone. An event that cannot be read is refused
    with why, and nothing of it is used.
    """
    event = ports.store.transact(lambda connection: inbox.begin(connection, event_id, now=ports.clock.now()))
    if event is None:
        return ()
    crashpoint("event.after_begin")
    states = _read(ports, event)
    if states is None:
        return ()
    ports.store.transact(lambda connection: _store(connection, states))
    crashpoint("event.after_versions")
    books: set[str] = set()
    for group, as_of in tuple(_at_once(ports, states)):
        bill.run(ports, as_of=as_of, only={group})
        books.update(release.run(ports, only={group}).books)
    crashpoint("event.before_finish")
    ports.store.transact(lambda connection: inbox.finish(connection, event.id, state="applied"))
    log.info("inbox.applied", inbox=event.id, source=event.source, books=sorted(books))
    return tuple(sorted(books))


def _read(ports: Ports, event: StoredEvent) -> tuple[SubscriptionState, ...] | None:
    """The states the event tells, or None when it was refused."""
    try:
        source = registry.source(event.source)
        return source.read(Event(event.source, event.event_id, event.body))
    except (ConnectorError, registry.UnknownSource) as error:
        why = str(error)
        ports.store.transact(lambda connection: inbox.finish(connection, event.id, state="refused", why=why))
        log.warning("inbox.refused", inbox=event.id, source=event.source, why=why)
        return None


def _store(connection: Connection, states: Sequence[SubscriptionState]) -> None:
    whole = setup.load_directory(connection)
    subscriptions.store_state(
        connection,
        [one.subscription for one in states],
        [version for one in states for version in one.versions],
        directory=Directory.of(whole.parties, whole.products),
    )


def _at_once(ports: Ports, states: Sequence[SubscriptionState]) -> Iterator[tuple[str, date]]:
    """The groups whose change is billed now, each with the day to bill for.

    That is the day of the change (at most today), or the day the group was last billed for when that is
    later: then the change lies in a cycle that is billed already.
    """
    days = {one.subscription.code: [version.on for version in one.versions] for one in states}
    with ports.store.read() as connection:
        shared = setup.load_shared(connection)
        for group in due_groups.groups_of(connection, days):
            own = setup.load_for_groups(connection, [group.code], shared)[group.code]
            agreements = Agreements(own.contracts, Tree(own.parties))
            now = ports.clock.now()
            due = [
                min(_today(contract, own, now), max(days[one.code]))
                for one in group.subscriptions
                if (contract := agreements.of(one, now.date())) is not None
                and contract.bill_changes == "at_once"
                and days[one.code]
            ]
            if due:
                yield group.code, max(*due, group.billed_as_of or due[0])


def _today(contract: Contract, own: Setup, now: datetime) -> date:
    """The issuer's calendar day."""
    zones = {issuer.code: issuer.timezone for issuer in own.issuers}
    return now.astimezone(ZoneInfo(zones.get(contract.issuer, "UTC"))).date()
