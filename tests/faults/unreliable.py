"""A ledger and a store that fail on request: what fault tests put under the real flows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event

from connectors.errors import Conflict, ConnectorError, Unreachable
from connectors.protocols import Held, Outcome, Posted, Shipment
from tests.fakes.clock import VirtualClock
from tests.fakes.ledger import Fault, MemoryLedger
from worker.flows.sending import Parcel
from worker.store.engine import Store, open_store

Result = TypeVar("Result")


class WorkerDied(BaseException):
    """The process ended here: nothing of it catches this, nothing of it cleans up afterwards."""


@dataclass
class UnreliableLedger(MemoryLedger):
    """A memory ledger on a clock: it may commit late, and it knows numbers.

    `minds_deadline`: the transport's check of `not_after` (a safety). `refuses_taken_numbers`: like a
    ledger that allows each number once; without it only we keep numbers single.
    """

    clock: VirtualClock = field(default_factory=VirtualClock)
    minds_deadline: bool = True
    refuses_taken_numbers: bool = False
    _late: list[tuple[float, tuple[Shipment, ...]]] = field(default_factory=list)

    def push(
        self, shipments: Sequence[Shipment], *, batch_key: str = "", not_after: float | None = None
    ) -> Sequence[Outcome]:
        if self.minds_deadline and not_after is not None and self.clock.monotonic() > not_after:
            raise Unreachable("too late to send: nothing left")
        self.catch_up()
        return super().push(shipments, batch_key=batch_key, not_after=not_after)

    def find(self, shipments: Sequence[Shipment]) -> Sequence[Held | None]:
        self.catch_up()
        return super().find(shipments)

    def commit(self, shipments: Sequence[Shipment]) -> list[Outcome]:
        return [self._answer(shipment) for shipment in shipments]

    def commit_later(self, shipments: Sequence[Shipment], *, after_s: float) -> None:
        """The server goes on with it and commits in a while."""
        self._late.append((self.clock.monotonic() + after_s, tuple(shipments)))

    def catch_up(self) -> None:
        """Commit what was late and whose time has come."""
        now = self.clock.monotonic()
        for _, shipments in [one for one in self._late if one[0] <= now]:
            self.commit(shipments)
        self._late = [one for one in self._late if one[0] > now]

    def let_human_use(self, number: str) -> None:
        """A person writes an invoice under this number."""
        shipment = Shipment("invoice", f"human-{number}", "", number, b"{}")
        self.records.append((shipment, Posted(str(len(self.records) + 1), "0", number)))

    def _answer(self, shipment: Shipment) -> Outcome:
        if self.refuses_taken_numbers:
            for held, _ in self.records:
                if (held.kind, held.lookup) == (shipment.kind, shipment.lookup):
                    return Conflict("the number is taken", code="6140")
        return self._commit(shipment)


class BlindLedger(UnreliableLedger):
    """A ledger whose read finds nothing: the recovery read taken away."""

    def find(self, shipments: Sequence[Shipment]) -> Sequence[Held | None]:
        self.finds += 1
        return [None] * len(shipments)


class MortalStore(Store):
    """A store whose process dies at the n-th write (0 = the first): before its commit, or right after."""

    def __init__(self, engine: Engine, *, dies_at: int, after_commit: bool) -> None:
        super().__init__(engine)
        self.writes_left = dies_at
        self.after_commit = after_commit
        self.is_dead = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self._check_alive()
        with super().read() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self._check_alive()
        self.writes_left -= 1
        is_last = self.writes_left < 0
        with super().write() as connection:
            yield connection
            if is_last and not self.after_commit:
                self._die()
        if is_last:
            self._die()

    def _check_alive(self) -> None:
        if self.is_dead:
            raise WorkerDied

    def _die(self) -> None:
        self.is_dead = True
        raise WorkerDied


class _RollBack(Exception):
    """Ends a transaction without a commit."""


class StoreWithoutWriteAhead(MortalStore):
    """Bytes leave although their write-ahead was never committed: the first safety taken away."""

    def transact(self, work: Callable[[Connection], Result]) -> Result:
        results: list[Result] = []

        def work_and_forget(connection: Connection) -> Result:
            result = work(connection)
            if isinstance(result, Parcel):
                results.append(result)
                raise _RollBack
            return result

        try:
            return super().transact(work_and_forget)
        except _RollBack:
            return results[0]


def quick_store(url: str) -> Store:
    """A store on a file that need not survive a power cut: worlds of a test are many and short."""
    store = open_store(url)

    @event.listens_for(store.engine, "connect")
    def relax(dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.execute("PRAGMA synchronous=OFF")

    return store


def raising(error: ConnectorError) -> Fault:
    """Nothing is committed, the call fails."""

    def fault(_ledger: MemoryLedger, _shipments: Sequence[Shipment]) -> Sequence[Outcome]:
        raise error

    return fault


def committing(error: Exception) -> Fault:
    """Everything is committed, and the answer is lost."""

    def fault(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Sequence[Outcome]:
        ledger.commit(shipments)
        raise error

    return fault


def committing_half(error: ConnectorError) -> Fault:
    """The first half of a batch is committed, and the answer is lost."""

    def fault(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Sequence[Outcome]:
        ledger.commit(shipments[: (len(shipments) + 1) // 2])
        raise error

    return fault


def committing_late(error: ConnectorError, *, after_s: float) -> Fault:
    """The call is given up, and the server commits a while later."""

    def fault(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Sequence[Outcome]:
        assert isinstance(ledger, UnreliableLedger)
        ledger.commit_later(shipments, after_s=after_s)
        raise error

    return fault


def refusing_each(error: ConnectorError) -> Fault:
    """The call is answered, and each record in it is turned down."""

    def fault(_ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Sequence[Outcome]:
        return [error for _ in shipments]

    return fault


def answering_for_another(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Sequence[Outcome]:
    """Committed, but the answer names another document."""
    outcomes = ledger.commit(shipments)
    return [replace(one, lookup="OTHER-1") if isinstance(one, Posted) else one for one in outcomes]


def succeeding(ledger: MemoryLedger, shipments: Sequence[Shipment]) -> Sequence[Outcome]:
    """All is well."""
    return ledger.commit(shipments)
