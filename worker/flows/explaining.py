"""Under which settings the lines of a document were billed, and who agreed to each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mappings.canonical.document import Document
from worker.billing.bill import ground_of
from worker.billing.origins import Setting, settings_of
from worker.flows.ports import Ports
from worker.store import due_groups, setup


@dataclass(frozen=True, slots=True)
class LineSettings:
    """The settings of a subscription on the first day of a cycle that a document bills."""

    subscription: str
    on: date
    settings: tuple[Setting, ...]

    @property
    def agreed(self) -> tuple[Setting, ...]:
        """Those that are no default."""
        return tuple(one for one in self.settings if one.origin != "default")


def settings_of_lines(ports: Ports, document: Document) -> tuple[LineSettings, ...]:
    """The settings of every subscription and cycle on a document, in the order of its lines.

    Contracts are dated and append-only, so today's set-up tells what counted then. Lines that are of no
    subscription (the shortfall of a minimum) tell none.
    """
    cycles = list(
        dict.fromkeys((line.charge.subscription, line.charge.cycle_start) for line in document.lines)
    )
    with ports.store.read() as connection:
        touched = due_groups.groups_of(connection, [code for code, _ in cycles])
        ground = ground_of(setup.load_setup(connection))
    known = {one.code: one for group in touched for one in group.subscriptions}
    return tuple(
        LineSettings(code, day, settings_of(known[code], day, ground))
        for code, day in cycles
        if code in known
    )
