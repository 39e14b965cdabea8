"""From the event to the ledger's id: event -> version -> charge -> line -> record in the book. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from mappings.canonical.contract import OpeningCharge
from mappings.canonical.period import Period
from mappings.canonical.subscription import Subscription, SubscriptionVersion
from worker.billing.bill import ground_of
from worker.billing.derivation import Derived, derived
from worker.billing.openings import opened
from worker.billing.values import BilledCharge
from worker.flows.ports import Ports
from worker.store import chains, groups, released_charges, setup
from worker.store.chains import StoredEvent
from worker.store.engine import Connection
from worker.store.overview import DeliveryLine, DocumentFacts


@dataclass(frozen=True, slots=True)
class Told:
    """A version that a line rests on, with the source that told it and its stored event, where it has one."""

    version: SubscriptionVersion
    source: str
    event: StoredEvent | None


@dataclass(frozen=True, slots=True)
class Link:
    """One line of a document with all that led to it and where it went."""

    derived: Derived
    told: tuple[Told, ...]
    records: tuple[DeliveryLine, ...]


def chain(ports: Ports, facts: DocumentFacts) -> tuple[Link, ...]:
    """Every line of a released or unreleased document, in order."""
    codes = {line.charge.subscription for line in facts.content.lines}
    with ports.store.read() as connection:
        charges = [
            *released_charges.of_subscriptions(connection, codes),
            *released_charges.of_document(connection, facts.line.id),
        ]
        versions = chains.versions(connection, codes)
        known = released_charges.holders(connection, codes)
        charges.extend(_openings(connection, known, today=ports.clock.now().date()))
        lines = derived(facts.content, charges)
        wanted = {code: _behind(versions.get(code, ()), lines, code) for code in codes}
        ids = {_event_id(one) for own in wanted.values() for one in own}
        events = chains.events(connection, ids)
    return tuple(
        Link(
            line,
            tuple(
                Told(
                    one,
                    known[one.subscription].source if one.subscription in known else "",
                    events.get(_event_id(one)),
                )
                for one in _in_force(wanted[line.charge.ref.subscription], _days(line))
            ),
            facts.deliveries,
        )
        for line in lines
    )


def _openings(
    connection: Connection, known: Mapping[str, Subscription], *, today: date
) -> Iterator[BilledCharge]:
    """What another system billed of these subscriptions: a correction of such a cycle takes it off."""
    of = groups.of_parties(connection, {one.party for one in known.values()})
    setups = setup.load_for_groups(connection, set(of.values()), setup.load_shared(connection))
    for own in setups.values():
        openings: dict[str, list[OpeningCharge]] = {}
        for one in own.opening_charges:
            if one.subscription in known:
                openings.setdefault(one.subscription, []).append(one)
        ground = ground_of(own)
        for code, charges in openings.items():
            by_cycle, _ = opened(known[code], charges, ground, known_until=today)
            yield from (charge for cycle in by_cycle.values() for charge in cycle)


def _event_id(version: SubscriptionVersion) -> str:
    """The event a version came with; a second version of one event has /1 behind its id."""
    return version.ref.partition("/")[0]


def _days(line: Derived) -> Period:
    spans = line.charge.facts.spans
    if not spans:
        return line.charge.cycle
    return Period(spans[0].period.start, spans[-1].period.until)


def _behind(
    versions: tuple[SubscriptionVersion, ...], lines: tuple[Derived, ...], code: str
) -> tuple[SubscriptionVersion, ...]:
    """The versions of a subscription that any of its lines rests on."""
    found: dict[str, SubscriptionVersion] = {}
    for line in lines:
        if line.charge.ref.subscription == code:
            found |= {one.ref: one for one in _in_force(versions, _days(line))}
    return tuple(sorted(found.values(), key=lambda one: (one.on, one.observed)))


def _in_force(versions: tuple[SubscriptionVersion, ...], days: Period) -> tuple[SubscriptionVersion, ...]:
    """What was held when the days began, and every change inside them."""
    earlier = [one for one in versions if one.on <= days.start]
    return (*earlier[-1:], *(one for one in versions if days.start < one.on < days.until))
