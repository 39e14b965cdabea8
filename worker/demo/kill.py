"""The act in which the demo kills its own worker between sending and hearing the answer.

The simulator records an invoice at once and keeps its answer back; in that moment the service gets kill -9.
What the books hold afterwards is read from the books.
"""

from __future__ import annotations

from dataclasses import dataclass

from worker.demo import scenario
from worker.demo.books import HeldBook
from worker.demo.claims import claim
from worker.demo.report import count
from worker.demo.stage import Stage
from worker.store import overview
from worker.store.overview import DeliveryFilter

_ANSWER_S = 0.9
"""How long an answer is kept back; just under the simulator's own limit, after which it would be cut."""

_SEND_S = 20.0
_RECOVER_S = 45.0


@dataclass(frozen=True, slots=True)
class AfterKill:
    """What the books hold after the worker was killed and came back.

    `unheard` deliveries had been sent without an answer; `posted` documents are in the books all the same.
    `duplicates` are records a book holds too much; `missing` are documents that we released, or that we
    acknowledged the change of, and that no book holds.
    """

    unheard: int
    posted: int
    documents: int
    duplicates: int
    missing: int
    seconds: float


def kill_and_recover(stage: Stage) -> AfterKill:
    """Kill the service while answers are on their way, start it again, and count what the books hold."""
    report = stage.report
    before = stage.books()
    report.tell(
        f"{count(len(scenario.BEFORE_THE_KILL), 'more change')} by webhook, for all three books. The "
        "simulator is told to record each invoice and to keep its answer back."
    )
    report.tell("Now the demo kills its own worker (kill -9): it has sent, and not heard the answer yet.")
    unheard = _kill_in_the_middle(stage)
    claim("the worker was killed between sending and hearing the answer", unheard > 0)
    report.tell(
        f"Killed: {count(unheard, 'document')} sent and not heard of. The worker starts again, and reads the "
        "book before it sends any of them."
    )
    told = len(scenario.BEFORE_THE_KILL)
    with stage.serving(), report.busy("the restarted worker reads the books"):
        seconds = stage.wait_until("the restarted worker finishes", stage.is_idle, seconds=_RECOVER_S)
    after = stage.books()
    _show(stage, before, after)
    result = AfterKill(
        unheard=unheard,
        posted=_documents(after) - _documents(before),
        documents=_documents(after),
        duplicates=sum(book.duplicates for book in after),
        missing=max(_missing(stage, after), told - _documents(after) + _documents(before)),
        seconds=seconds,
    )
    claim("after the kill no book holds a record twice", result.duplicates == 0)
    claim("after the kill no document is missing in the books", result.missing == 0)
    claim("after the kill each change has one document", result.posted == told)
    report.tell(f"Each document once, {seconds:.0f} s after the restart. Nothing twice, nothing missing.")
    return result


def _kill_in_the_middle(stage: Stage) -> int:
    """Send the changes and kill the service at the first held answer; returns the unheard deliveries."""
    simulator = stage.simulator
    with stage.serving() as service:
        simulator.hold_answers(tuple(scenario.QUICKBOOKS.values()), seconds=_ANSWER_S)
        for change in scenario.BEFORE_THE_KILL:
            service.tell(change)
        stage.wait_until("the worker sends an invoice", lambda: simulator.held_answers() > 0, seconds=_SEND_S)
        service.child.kill()
    simulator.behave()
    with stage.app.store.read() as connection:
        _, unheard = overview.deliveries(connection, DeliveryFilter(states=("sending",)), limit=1)
    return unheard


def _missing(stage: Stage, books: tuple[HeldBook, ...]) -> int:
    """Documents we decided to issue that no book holds."""
    held = frozenset[str]().union(*(book.numbers for book in books))
    return sum(facts.line.number not in held for facts in stage.released())


def _documents(books: tuple[HeldBook, ...]) -> int:
    return sum(len(book.documents) for book in books)


def _show(stage: Stage, before: tuple[HeldBook, ...], after: tuple[HeldBook, ...]) -> None:
    rows = [
        (now.code, str(len(then.documents)), str(len(now.documents)), str(now.duplicates))
        for then, now in zip(before, after, strict=True)
    ]
    columns = ("book", "documents before", "documents after", "held twice")
    stage.report.table(columns, rows, right=",".join(columns[1:]))
