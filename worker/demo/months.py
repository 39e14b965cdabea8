"""The acts in which the group is billed: set-up, the monthly runs, a change by webhook, and the run again."""

from __future__ import annotations

from dataclasses import dataclass

from worker.demo import scenario
from worker.demo.claims import claim
from worker.demo.report import count
from worker.demo.scenario import MONTHS, WEBHOOK, Month
from worker.demo.stage import Stage
from worker.flows import connect, run
from worker.flows import workspace as workspaces
from worker.flows.run import Run

ACTOR = "demo"
"""Who acts, for the audit log."""

_WEBHOOK_S = 20.0


@dataclass(frozen=True, slots=True)
class SecondRun:
    """What the repeat did: documents posted, documents written anew, calls to the books. All must be 0."""

    posted: int
    billed: int
    calls: int


def set_up(stage: Stage) -> None:
    """Import the first workspace file and connect both QuickBooks companies."""
    _import(stage, MONTHS[0])
    for code, realm in scenario.QUICKBOOKS.items():
        refresh_token = stage.simulator.refresh_token(realm)
        book = stage.app.book(code)
        connect.adopt(stage.app.ports, book, stage.app.tokens(code), refresh_token=refresh_token, actor=ACTOR)
    workspace = stage.workspace()
    setup = workspace.setup
    counts = (
        count(len(setup.issuers), "issuer"),
        count(len(setup.books), "book"),
        count(len(setup.parties), "party", "parties"),
        count(len(setup.contracts), "contract"),
        count(len(workspace.subscriptions), "subscription"),
    )
    stage.report.tell(f"{MONTHS[0].file}: {', '.join(counts)}. Both QuickBooks companies are connected.")


def bill_month(stage: Stage, month: Month) -> int:
    """Take in what changed, bill, release, and post until idle; returns how many documents were posted."""
    for sentence in month.story:
        stage.report.tell(sentence)
    if month is not MONTHS[0]:
        _import(stage, month)
    done = _run(stage, month)
    credit_notes = sum(one.documents for one in done.posted if one.kind == "credit_note")
    invoices = count(done.posted_count - credit_notes, "invoice")
    stage.report.tell(f"Posted: {invoices} and {count(credit_notes, 'credit note')}.")
    stage.report.tell(f"{done.bill.sentence}.")
    broken = "; ".join(done.bill.failed.values())
    claim(f"the {month.name} run computed the whole group (it did not: {broken})", not broken)
    claim(f"every document of the {month.name} run is in its book", not done.waiting)
    claim(f"no document of the {month.name} run was held", not done.release.held)
    claim(f"the {month.name} run posted what it released", done.posted_count == done.release.released > 0)
    return done.posted_count


def change_by_webhook(stage: Stage) -> float:
    """Send one signed event to the running service; returns after how many seconds its invoice is there."""
    report = stage.report
    with stage.serving() as service:
        before = stage.book("US-BOOK").numbers
        report.tell(f"`subledger serve` listens at {service.url}.")
        service.tell(WEBHOOK)
        report.tell(f"{WEBHOOK.story}: a signed event, answered with 202.")
        seconds = stage.wait_until(
            "the change that came by webhook is in the US book by itself",
            lambda: bool(stage.book("US-BOOK").numbers - before),
            seconds=_WEBHOOK_S,
        )
        new = sorted(stage.book("US-BOOK").numbers - before)
        stage.wait_until("the service has nothing left to do", stage.is_idle, seconds=_WEBHOOK_S)
    claim("one webhook made one invoice", len(new) == 1)
    report.tell(f"{seconds:.1f} s later the US book holds invoice {new[0]} for it. No command was given.")
    return seconds


def run_again(stage: Stage) -> SecondRun:
    """Everything a second time: nothing may be written, and no book may be called."""
    last = MONTHS[-1]
    before = sum(stage.calls(code) for code in (*scenario.QUICKBOOKS, scenario.BEANCOUNT))
    _import(stage, last)
    done = _run(stage, last)
    calls = sum(stage.calls(code) for code in (*scenario.QUICKBOOKS, scenario.BEANCOUNT)) - before
    again = SecondRun(done.posted_count, done.bill.change.written, calls)
    stage.report.tell(
        f"The same file imported and the same run made once more: {count(again.billed, 'document')} billed, "
        f"{again.posted} posted, {count(again.calls, 'call')} to the books."
    )
    claim("a second run posts nothing", again == SecondRun(0, 0, 0))
    return again


def _import(stage: Stage, month: Month) -> None:
    path = stage.folder.workspace / month.file
    with stage.working():
        workspaces.import_(stage.app.ports, path.read_bytes(), name=path.name, actor=ACTOR)


def _run(stage: Stage, month: Month) -> Run:
    with stage.working() as hands, stage.report.progress(month.name) as tell:
        return run.run(stage.app.ports, hands, as_of=month.as_of, progress=tell)
