"""Whatever goes wrong, in whatever order: each document once in the book, or visibly waiting for a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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

FAULTS: dict[str, Fault] = {
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


@dataclass(frozen=True, slots=True)
class Plan:
    """Documents are released."""

    documents: int


@dataclass(frozen=True, slots=True)
class Drain:
    """A worker drains under these faults; `dies_at` = at which write its process ends, if it does."""

    faults: tuple[str, ...]
    failed_reads: int
    dies_at: int | None
    after_commit: bool


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


Act: TypeAlias = Plan | Drain | Freeze | Thaw | Wait | Stranger | ReplayAll

faults = st.lists(st.sampled_from(sorted(FAULTS)), max_size=4).map(tuple)
acts: st.SearchStrategy[Act] = st.one_of(
    st.builds(Plan, st.integers(1, 5)),
    st.builds(Drain, faults, st.integers(0, 2), st.none() | st.integers(0, 14), st.booleans()),
    st.builds(Drain, faults, st.integers(0, 2), st.none() | st.integers(0, 14), st.booleans()),
    st.just(Freeze()),
    st.just(Thaw()),
    st.builds(Wait, st.sampled_from([1, 7, 13, 60, 133, 150, 1000])),
    st.just(Stranger()),
    st.just(ReplayAll()),
)


class Story:
    """Plays acts in a world. At most one worker is frozen at a time; whoever is, thaws at the very end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.is_thawable = False
        self.number = 0

    def play(self, act: Act) -> None:
        world = self.world
        match act:
            case Plan(documents):
                first, self.number = self.number + 1, self.number + documents
                world.plan(*(f"INV-{n:03}" for n in range(first, self.number + 1)))
            case Drain():
                self._drain(act)
            case Freeze():
                if not self.is_thawable and (frozen := world.freeze()) is not None:
                    self._thaw: Callable[[], None] = lambda: world.thaw(frozen)
                    self.is_thawable = True
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
        if self.is_thawable:
            self.is_thawable = False
            self._thaw()

    def _drain(self, act: Drain) -> None:
        ledger = self.world.ledger
        ledger.faults = [FAULTS[name] for name in act.faults]
        ledger.find_faults = [OutcomeUnknown("500 on the read") for _ in range(act.failed_reads)]
        if act.dies_at is None:
            self.world.drain("healthy")
        else:
            engine = self.world.store.engine
            store = MortalStore(engine, dies_at=act.dies_at, after_commit=act.after_commit)
            self.world.drain_and_die(store)
        ledger.faults, ledger.find_faults = [], []


class TestAnySequenceOfFaults:
    @pytest.mark.parametrize("refuses_taken_numbers", [False, True])
    @settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
    @given(story=st.lists(acts, min_size=1, max_size=7))
    def test_ends_with_each_document_once_or_visibly_parked(
        self, sqlite_databases: SqliteDatabases, story: list[Act], refuses_taken_numbers: bool
    ) -> None:
        """Rows 14-18, 20-22, 24-32, 40, 41, 56, 62, 73 of the fault matrix, in any mixture."""

        def ledger(clock: VirtualClock) -> UnreliableLedger:
            return UnreliableLedger(clock=clock, refuses_taken_numbers=refuses_taken_numbers)

        with a_world(sqlite_databases, ledger) as world:
            teller = Story(world)
            teller.play(Plan(2))
            for act in story:
                teller.play(act)
            world.come_to_rest()
            teller.thaw()
            world.clock.advance(1000)
            world.come_to_rest()

            assert world.violations() == ()
            assert world.forgotten() == set()

            world.replay_all()
            world.come_to_rest()

            assert world.violations() == ()
