"""A seeded story of faults: documents, workers that die and freeze, a queue that loses, a book that lies.

The flows are the real ones; clock, transport (the ledger), broker and death are virtual, and everything that
is drawn comes from the seed. `python -m tests.faults.simulation 17` plays seed 17 again and tells its acts.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from connectors.errors import (
    Conflict,
    ConsentLost,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unreachable,
    Unrecognised,
)
from tests.fakes.clock import VirtualClock
from tests.fakes.ledger import Fault
from tests.faults.unreliable import (
    MortalStore,
    UnreliableLedger,
    answering_for_another,
    committing,
    committing_half,
    committing_late,
    raising,
    refusing_each,
    succeeding,
)
from tests.faults.world import World, a_world
from tests.servers.databases import SqliteDatabases

FAULTS: Mapping[str, Fault] = {
    "well": succeeding,
    "commit_then_drop": committing(OutcomeUnknown("reset")),
    "drop_before_commit": raising(OutcomeUnknown("reset")),
    "half_a_batch": committing_half(OutcomeUnknown("reset")),
    "commit_late": committing_late(OutcomeUnknown("timeout"), after_s=90),
    "connector_crash": committing(ZeroDivisionError()),
    "nothing_sent": raising(Unreachable("connection refused")),
    "throttle": raising(Throttled("slow down", retry_after_s=30)),
    "refuse": refusing_each(Refused("bad", code="2010", hint="Mend it.")),
    "closed": refusing_each(Refused("closed", clears_by="period_closed")),
    "disk_full": raising(Refused("no space", clears_by="disk_full")),
    "what": refusing_each(Unrecognised("a new word")),
    "conflict": refusing_each(Conflict("taken", code="6140")),
    "consent_lost": raising(ConsentLost("revoked")),
    "another": answering_for_another,
}
READ_FAULTS: Mapping[str, Exception] = {
    "read_500": OutcomeUnknown("500 on the read"),
    "read_refused": Unreachable("connection refused"),
    "read_throttled": Throttled("slow down", retry_after_s=30),
    "read_no_consent": ConsentLost("revoked"),
    "read_crash": ZeroDivisionError(),
}
ACTS_MAX = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """Documents are released, and the book is rung for."""

    documents: int


@dataclass(frozen=True, slots=True)
class Work:
    """A worker takes the next message, under these faults; `dies_at`: at which write it dies, if it does.

    `repeated`: the queue delivers that message once more, later.
    """

    faults: tuple[str, ...] = ()
    read_faults: tuple[str, ...] = ()
    dies_at: int | None = None
    after_commit: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Sweep:
    """The sweeper rings for what is due."""


@dataclass(frozen=True, slots=True)
class Flush:
    """The queue loses everything."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """A worker stops between its write-ahead and its call."""


@dataclass(frozen=True, slots=True)
class Thaw:
    """It goes on, however much later."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Stranger:
    """A person uses a number that one of our next documents will carry."""


@dataclass(frozen=True, slots=True)
class ReplayAll:
    """An operator replays everything that waits for a person."""


Act: TypeAlias = Plan | Work | Sweep | Flush | Freeze | Thaw | Wait | Stranger | ReplayAll


def acts_of(seed: int) -> tuple[Act, ...]:
    """The acts of a seed: always the same ones."""
    chance = random.Random(seed)
    return (Plan(2), *(_an_act(chance) for _ in range(chance.randint(3, ACTS_MAX))))


def _an_act(chance: random.Random) -> Act:
    kinds: tuple[Callable[[random.Random], Act], ...] = (
        lambda one: Plan(one.randint(1, 6)),
        _work,
        _work,
        _work,
        lambda _: Sweep(),
        lambda _: Flush(),
        lambda _: Freeze(),
        lambda _: Thaw(),
        lambda one: Wait(one.choice((1, 7, 13, 60, 133, 150, 1000))),
        lambda _: Stranger(),
        lambda _: ReplayAll(),
    )
    return chance.choice(kinds)(chance)


def _work(chance: random.Random) -> Work:
    return Work(
        faults=tuple(chance.choices(list(FAULTS), k=chance.randint(0, 4))),
        read_faults=tuple(chance.choices(list(READ_FAULTS), k=chance.choice((0, 0, 1, 2)))),
        dies_at=chance.choice((None, chance.randint(0, 14))),
        after_commit=chance.random() < 0.5,
        repeated=chance.random() < 0.2,
    )


class Story:
    """Plays acts in a world. At most one worker is frozen at a time; whoever is, thaws at the very end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.number = 0
        self._thaw: Callable[[], None] | None = None

    def play(self, act: Act) -> None:
        """One act."""
        world = self.world
        match act:
            case Plan(documents):
                first, self.number = self.number + 1, self.number + documents
                world.plan(*(f"INV-{n:03}" for n in range(first, self.number + 1)))
            case Work():
                self._work(act)
            case Sweep():
                world.sweep()
            case Flush():
                world.bell.rung.clear()
            case Freeze():
                if self._thaw is None and (frozen := world.freeze()) is not None:
                    self._thaw = lambda: world.thaw(frozen)
            case Thaw():
                self.thaw()
            case Wait(seconds):
                world.clock.advance(seconds)
            case Stranger():
                world.ledger.let_human_use(f"INV-{self.number + 1:03}")
            case ReplayAll():
                world.replay_all()

    def thaw(self) -> None:
        """Let the frozen worker go on, if there is one."""
        thaw, self._thaw = self._thaw, None
        if thaw is not None:
            thaw()

    def _work(self, act: Work) -> None:
        world, ledger = self.world, self.world.ledger
        if not world.bell.rung:
            return
        ring = world.bell.rung.popleft()
        if act.repeated:
            world.bell.rung.append(ring)
        ledger.faults = [FAULTS[name] for name in act.faults]
        ledger.find_faults = [READ_FAULTS[name] for name in act.read_faults]
        if act.dies_at is None:
            world.drain("healthy")
        else:
            store = MortalStore(world.store.engine, dies_at=act.dies_at, after_commit=act.after_commit)
            world.drain_and_die(store)
        ledger.faults, ledger.find_faults = [], []


def broken_by(seed: int, databases: SqliteDatabases) -> tuple[str, ...]:
    """Play a seed to its end; returns every broken promise in words, () when all hold.

    An even seed's book takes a number twice, an odd one's refuses it.
    """

    def ledger(clock: VirtualClock) -> UnreliableLedger:
        return UnreliableLedger(clock=clock, refuses_taken_numbers=seed % 2 == 1)

    with a_world(databases, ledger) as world:
        story = Story(world)
        for act in acts_of(seed):
            story.play(act)
        world.come_to_rest()
        story.thaw()
        world.clock.advance(1000)
        world.come_to_rest()
        found = [f"{one.law}: {one.what}" for one in world.violations()]
        found += [f"forgotten: {number}" for number in sorted(world.forgotten())]
        world.replay_all()
        world.come_to_rest()
        found += [f"{one.law} after replay: {one.what}" for one in world.violations()]
    return tuple(found)


def _main(seed: int) -> int:
    for act in acts_of(seed):
        print(act)
    with tempfile.TemporaryDirectory() as folder:
        found = broken_by(seed, SqliteDatabases(Path(folder) / "template.db"))
    print("\n".join(found) or f"seed {seed}: every promise holds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(_main(int(sys.argv[1])))
