"""What every act of the demo works with: the installation, the simulator, the books and the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from connectors.protocols import Clock
from mappings.canonical.workspace import Workspace
from worker.bootstrap import App, build
from worker.demo import scenario, service
from worker.demo.books import HeldBook, beancount_book, quickbooks_book
from worker.demo.claims import claim
from worker.demo.folder import DemoFolder
from worker.demo.report import Report
from worker.demo.service import Service
from worker.demo.simulator import Simulator
from worker.flows import overview
from worker.flows.overview import DocumentFacts, DocumentFilter
from worker.flows.run import Hands
from worker.settings import Settings
from worker.store import deliveries, inbox
from worker.store import workspace as stored

_POLL_S = 0.05
_DOCUMENTS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Stage:
    """One demo. `app` is the installation in its folder; commands of the user see the same one."""

    folder: DemoFolder
    simulator: Simulator
    app: App
    report: Report

    @property
    def clock(self) -> Clock:
        """The installation's clock."""
        return self.app.clock

    @contextmanager
    def working(self) -> Iterator[Hands]:
        """Be the one process that bills and sends, as `subledger run` is."""
        with self.app.holding():
            yield self.app.hands(should_stop=lambda: False)

    @contextmanager
    def serving(self) -> Iterator[Service]:
        """`subledger serve` in a process of its own, until the block ends."""
        secret = self.simulator.client_secret
        starting = service.running(self.folder, client_secret=secret, clock=self.clock)
        with ExitStack() as ends:
            with self.report.busy("subledger serve starts"):
                served = ends.enter_context(starting)
            yield served

    def book(self, code: str) -> HeldBook:
        """What a book holds now, read from the book itself."""
        if code == scenario.BEANCOUNT:
            return beancount_book(code, self.folder.beancount)
        return quickbooks_book(code, self.simulator.dump(scenario.QUICKBOOKS[code]))

    def books(self) -> tuple[HeldBook, ...]:
        """What every book holds now."""
        return tuple(self.book(code) for code in (*scenario.QUICKBOOKS, scenario.BEANCOUNT))

    def calls(self, code: str) -> int:
        """Calls made to a book so far: the simulator's count; for a file, the appends we counted."""
        if code in scenario.QUICKBOOKS:
            return self.simulator.calls(scenario.QUICKBOOKS[code])
        return next(line.calls for line in overview.books(self.app.ports) if line.code == code)

    def released(self) -> tuple[DocumentFacts, ...]:
        """Every document we decided to issue, from our database, oldest first."""
        wanted = DocumentFilter(states=("released",))
        lines, _ = overview.documents(self.app.ports, wanted, limit=_DOCUMENTS_MAX)
        return tuple(overview.document(self.app.ports, line.id) for line in reversed(lines))

    def is_idle(self) -> bool:
        """Whether every event is applied and every delivery has arrived or waits for a person."""
        some_day = self.clock.now() + timedelta(days=1)
        codes = (*scenario.QUICKBOOKS, scenario.BEANCOUNT)
        with self.app.store.read() as connection:
            waits = inbox.waiting(connection, now=some_day) or deliveries.open_count(connection, codes)
        return not waits

    def workspace(self) -> Workspace:
        """Everything that is set up."""
        with self.app.store.read() as connection:
            return stored.load_workspace(connection)

    def wait_until(self, sentence: str, is_so: Callable[[], bool], *, seconds: float) -> float:
        """Look again and again until something is so; returns after how many seconds it was.

        Raises `ClaimFailed` with the sentence when the time is over.
        """
        began = self.clock.monotonic()
        while not is_so():
            claim(f"{sentence} (within {seconds:g} s)", self.clock.monotonic() - began < seconds)
            self.clock.sleep(_POLL_S)
        return self.clock.monotonic() - began


def installation(folder: DemoFolder, *, client_secret: str) -> App:
    """The installation in the demo's folder, whatever the user's own environment says."""
    return build(
        Settings.model_validate(
            {
                "DATABASE_URL": folder.database_url,
                "REDIS_URL": None,
                "SUBLEDGER_KEYS": None,
                "SUBLEDGER_CLIENT_SECRETS": f"*={client_secret}",
                "SUBLEDGER_WEBHOOK_SECRETS": "",
            }
        )
    )
