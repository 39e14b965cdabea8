"""From the event to the ledger's id: event -> version -> charge -> line -> record in the book. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from mappings.canonical.period import Period
from mappings.canonical.subscription import SubscriptionVersion
from worker.billing.derivation import Derived, derived
from worker.flows.ports import Ports
from worker.store import chains, released_charges
from worker.store.chains import StoredEvent
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
