"""What a replay will do to a delivery, before anybody presses: decided from its row and what the book shows.

Pure. A plan is made of these fates and frozen; applying it does to each exactly what its fate says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from connectors.protocols import Capabilities, Held, Rates
from worker.delivery.batch import BACKLOG_MIN
from worker.delivery.states import State
from worker.delivery.verdict import Facts, held_differs

Prospect = Literal["create", "nothing", "blocked"]

READS_TO_BE_SURE = 2
"""A record that may have arrived and is absent is read twice before it is sent again (R6)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What our own rows say of a delivery: why it stopped, and whether its cause is still there.

    `missing` are references that still have no id in the book; `closed_until` the book's closing date as
    far as we know it, `dated` the document's own date; `pause` why the whole book is paused, "" = it is not.
    """

    state: State
    reason: str
    may_have_arrived: bool
    missing: tuple[str, ...] = ()
    dated: date | None = None
    closed_until: date | None = None
    pause: str = ""


@dataclass(frozen=True, slots=True)
class Fate:
    """What a replay will do: `sentence` for the operator; `reason` of what stays blocked.

    `looks_first`: the book is read again before anything is decided for good.
    """

    prospect: Prospect
    sentence: str
    reason: str = ""
    looks_first: bool = False

    @property
    def acts(self) -> bool:
        """Whether applying a plan touches the delivery at all."""
        return self.prospect == "create" or (self.prospect == "nothing" and self.looks_first)


def foresee(standing: Standing) -> Fate | None:
    """The fate that our rows alone decide; None where only the book can tell."""
    if standing.state in ("posted", "cancelled"):
        return Fate("nothing", f"It is {standing.state}.")
    if standing.state not in ("parked", "blocked"):
        return Fate("nothing", f"It is on its way ({standing.state}).")
    if standing.pause:
        return Fate("blocked", f"Its book is paused ({standing.pause}).", f"paused: {standing.pause}")
    if standing.missing:
        names = ", ".join(standing.missing)
        return Fate("blocked", f"The book still has no id for {names}.", standing.reason)
    closed = standing.closed_until
    if standing.reason == "period_closed" and closed and standing.dated and standing.dated <= closed:
        sentence = f"It is dated {standing.dated} and the book is closed until {closed}."
        return Fate("blocked", sentence, standing.reason)
    if standing.may_have_arrived:
        return None
    if standing.reason == "number_taken":
        return Fate("create", "It is sent again; while the other record keeps the number, it stops again.")
    return Fate("create", "It is sent again as a new revision.")


def seen(held: Held | None, facts: Facts) -> Fate:
    """The fate of a delivery whose bytes may have arrived, once the book was looked at."""
    if held is None:
        return Fate("create", "Not in the book: it is read once more, then sent again.", looks_first=True)
    if held.marker != facts.marker:
        sentence = f"{facts.lookup} is held by a record that is not ours (id {held.ledger_id})."
        return Fate("blocked", sentence, "number_taken")
    if not held.live:
        return Fate("blocked", "The book holds it, but voided.", "voided_there")
    differs = held_differs(held, facts)
    if differs:
        return Fate("blocked", differs, "differs_there")
    return Fate("nothing", "The book holds it already: it is adopted, not sent.", looks_first=True)


def unseen(why: str) -> Fate:
    """The fate of a delivery whose book could not be read: nothing is known, so nothing is done."""
    return Fate("blocked", f"The book could not be read: {why}", "unreadable")


@dataclass(frozen=True, slots=True)
class Work:
    """What a plan asks one book for: creates that may share a batch, creates that go alone, look-ups."""

    together: int
    alone: int
    looks: int
    looks_absent: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Requests of a plan in one book, how many of them read, and the seconds its own limits make of it."""

    requests: int
    reads: int
    seconds: int


def estimate(work: Work, capabilities: Capabilities, *, recheck_s: float, read_max: int) -> Estimate:
    """What a book's share of a plan costs at its published limits."""
    batches, singles = 0, work.alone + work.looks_absent
    if capabilities.batch_size > 1 and work.together >= BACKLOG_MIN:
        batches = math.ceil(work.together / capabilities.batch_size)
    else:
        singles += work.together
    reads = math.ceil(work.looks / read_max)
    if work.looks_absent:
        reads += math.ceil(work.looks_absent / read_max) * (READS_TO_BE_SURE - 1)
    seconds = _seconds(singles + reads + batches, capabilities.rates)
    if capabilities.rates.batches_per_minute:
        seconds = max(seconds, batches * 60 / capabilities.rates.batches_per_minute)
    wait = recheck_s if work.looks_absent else 0
    return Estimate(singles + reads + batches, reads, math.ceil(seconds + wait))


def work_of(fates: Iterable[tuple[Fate, bool]]) -> Work:
    """The work of one book's fates; each with whether its record goes alone."""
    together = alone = looks = absent = 0
    for fate, goes_alone in fates:
        if not fate.acts:
            continue
        if fate.looks_first:
            looks += 1
            absent += fate.prospect == "create"
        elif goes_alone:
            alone += 1
        else:
            together += 1
    return Work(together, alone, looks, absent)


def _seconds(calls: int, rates: Rates) -> float:
    per_second = calls / rates.per_second if rates.per_second else 0.0
    per_minute = calls * 60 / rates.per_minute if rates.per_minute else 0.0
    return max(per_second, per_minute)
